"""Typer commands: words in, exit codes out; no logic."""

import os
import sys


def main() -> None:
    """Run the command line; every expected error becomes one clear line, a hint and an exit code."""
    # Imported here so that the interpreter's own start is all that `import fleetscan.cli` costs.
    from fleetscan.cli.app import app
    from fleetscan.cli.pipe import EXIT_CODE, ReaderGoneError
    from fleetscan.errors import FleetscanError

    try:
        try:
            app(prog_name="fleetscan")
        finally:
            # what is still buffered meets a closed pipe here, and not while the interpreter ends
            sys.stdout.flush()
    except FleetscanError as error:
        from fleetscan.cli.faults import print_error

        print_error(error)
        sys.exit(error.exit_code)
    except (BrokenPipeError, ReaderGoneError):
        # keep the interpreter from saying so once more at exit
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(EXIT_CODE)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the last place that can turn a bug into an exit code
        from fleetscan.cli.faults import print_bug

        print_bug(error)
        sys.exit(4)
