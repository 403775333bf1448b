"""All errors that fleetscan raises on purpose.

    FleetscanError                 every error has `hint`: what the user can do about it
    ├── UsageError                 exit 2: flags that contradict each other, an unknown name
    │   ├── ConfigError            exit 2: a setting or fleetscan.toml is wrong
    │   └── InventoryError         exit 2: the inventory is wrong (carries every fault, not the first)
    ├── StoreError                 exit 4: the database cannot be used
    │   ├── SchemaError            exit 4: the schema is older or newer than this program
    │   └── StoreBusyError         exit 4: another sweep works on this database
    ├── MailError                  exit 4: a message could not be handed to the SMTP server
    ├── OutputError                exit 4: a report or file could not be written
    ├── ParseError                 a pure parser met bytes it cannot read (never leaves the stage that parses)
    └── VisitError                 a visit of one host failed; always turned into a `HostFailure`

A failed visit is an outcome, not an error of the program: `sweep.visit` is the only place that catches `VisitError`.
"""

from fleetscan.model.outcome import FailureKind


class FleetscanError(Exception):
    """An expected failure with one clear line and a hint.

    Args:
        message: One line, in plain words, without a trailing full stop.
        hint: What the user can do next; empty when there is nothing to do.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(FleetscanError):
    """The command line asks for something that cannot be done."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting has a wrong value or fleetscan.toml cannot be read."""


class InventoryError(UsageError):
    """The inventory has faults; all of them are in `faults`, one line each (`file:line: key: value: fix`)."""

    def __init__(self, message: str, *, faults: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


class StoreError(FleetscanError):
    """The database cannot be opened, read or written."""


class SchemaError(StoreError):
    """The database schema does not fit this program."""


class StoreBusyError(StoreError):
    """Another sweep holds the database."""


class MailError(FleetscanError):
    """A message could not be delivered to the SMTP server."""


class OutputError(FleetscanError):
    """A file or folder could not be written."""


class ParseError(FleetscanError):
    """Bytes do not follow the grammar; `line` is 1-based, 0 when it has no line."""

    def __init__(self, message: str, *, line: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.line = line


class VisitError(FleetscanError):
    """A visit of one host failed in a known way.

    Args:
        kind: Which kind of failure, as product.md names them.
        message: One line for the outcome, without secrets.
        evidence: Further lines (for example both fingerprints of a changed key).
        hint: What the user can do about it.
    """

    def __init__(self, kind: FailureKind, message: str, *, evidence: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.evidence = evidence
