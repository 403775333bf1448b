"""The records of what changed: settings, files that are run or read, lines of files."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """One directive or property that means something else; `before` and `after` are all values in force."""

    unit: str
    section: str
    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChangeRecord:
    """One file that is run or read and is another: hash and package before and after."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRecord:
    """One file whose bytes differ, as lines of a unified diff."""

    path: str
    lines: tuple[str, ...]
    truncated: bool
