"""What a visit costs the scanner, measured beside plain `ssh` on the same hosts. Run with `python -m benchmarks`."""
