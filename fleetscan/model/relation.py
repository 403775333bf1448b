"""How units relate to each other, and where the views of a host contradict each other."""

from dataclasses import dataclass
from enum import StrEnum

from fleetscan.model.ids import UnitName
from fleetscan.model.origin import Origin


class DisagreementKind(StrEnum):
    """How the views of a host (files on disk, unit files known, in memory, listed) contradict each other."""

    NO_FILE = "loaded but no file"
    CHANGED_SINCE_LOAD = "changed since load"
    NEVER_LOADED = "on disk but never loaded"
    NOT_LISTED = "active but not listed"
    UNREADABLE = "listed but unreadable"
    VALUES_DIFFER = "memory and file differ"


@dataclass(frozen=True, slots=True, order=True)
class Disagreement:
    """One contradiction between two views of a unit.

    Attributes:
        detail: What each view says, in one line.
    """

    kind: DisagreementKind
    unit: UnitName
    detail: str


class ActivationKind(StrEnum):
    """By what a unit can be started besides its own timer."""

    LINK = "link"
    """A link in a `.wants`, `.requires` or `.upholds` directory of another unit."""
    DEPENDENCY = "dependency"
    """A directive of another unit (`Wants=`, `OnFailure=`, …)."""
    TRIGGER = "trigger"
    """A path, socket, automount or other timer unit that starts it."""
    UDEV = "udev rule"
    DBUS = "D-Bus service"


@dataclass(frozen=True, slots=True, order=True)
class Activation:
    """One way in which a unit is started by something else.

    Attributes:
        unit: The unit that is started.
        by: The unit that refers to it, or the file.
        directive: `Wants`, `Sockets`, `SYSTEMD_WANTS`, …; for links the suffix of the folder.
    """

    kind: ActivationKind
    unit: UnitName
    by: str
    directive: str
    origin: Origin
