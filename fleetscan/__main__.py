"""Entry point of `fleetscan` and `python -m fleetscan`."""

from fleetscan.cli import main

if __name__ == "__main__":
    main()
