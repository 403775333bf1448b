"""Errors as the user reads them."""

import logging
import sys
import traceback

from fleetscan.errors import FleetscanError, InventoryError
from fleetscan.report.visible import visible_text


def print_error(error: FleetscanError) -> None:
    """Print an expected error: one line, its faults if it carries several, and the hint."""
    _line(f"error: {error.message}")
    if isinstance(error, InventoryError):
        for fault in error.faults:
            if fault != error.message:
                _line(f"  {fault}")
    if error.hint:
        _line(f"hint: {error.hint}")


def print_bug(error: Exception) -> None:
    """Print an unexpected error; the traceback only where details were asked for."""
    _line(f"internal error: {type(error).__name__}: {error}")
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        sys.stderr.write("".join(traceback.format_exception(error)))
    else:
        _line("hint: this is a bug of fleetscan; run again with --verbose and report what it prints")


def _line(text: str) -> None:
    sys.stderr.write(visible_text(text, 4000) + "\n")
