"""Files that a job runs or reads, as they were found on the host."""

from dataclasses import dataclass
from enum import StrEnum

from fleetscan.model.ids import Sha256


class ProgramRole(StrEnum):
    """What a job does with a file."""

    EXECUTABLE = "executable"
    SCRIPT = "script"
    ENVIRONMENT = "environment file"


class Presence(StrEnum):
    """Whether a file that a job names is there."""

    FOUND = "found"
    ABSENT = "absent"
    UNREAD = "unread"


class Verification(StrEnum):
    """What the package database says of a file."""

    VERIFIED = "verified"
    """A package owns it, and its digest is the package's."""
    CHANGED = "changed"
    """A package owns it, and its digest is another."""
    CONFIGURATION = "changed configuration"
    """A package owns it as a configuration file, which an administrator may change."""
    OWNED = "owned"
    """A package owns it; the database has no digest of it."""
    UNOWNED = "unowned"
    """No package owns it."""
    UNKNOWN = "unknown"
    """The database was not read, or not asked about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A file that a job runs or reads, as it was found on the host.

    Attributes:
        path: As the job names it, specifiers expanded, a bare name resolved.
        directive: Of the command or setting that names it, `ExecStart`.
        real_path: Where the links of `path` end; empty unless found.
        links: Every link on the way, `/bin → usr/bin`.
        mode: Permission bits of the file, None unless found.
        sha256: None when absent, unread, or larger than what is hashed.
        package: Owner in the package database, empty when there is none or it is not known.
        exposed: Components of the path that others than root and the job's user may write, each with why:
            `/opt/app deploy:deploy 0775`.
    """

    role: ProgramRole
    path: str
    directive: str
    presence: Presence
    real_path: str = ""
    links: tuple[str, ...] = ()
    mode: int | None = None
    owner: str = ""
    group: str = ""
    size_bytes: int | None = None
    sha256: Sha256 | None = None
    package: str = ""
    verification: Verification = Verification.UNKNOWN
    exposed: tuple[str, ...] = ()
