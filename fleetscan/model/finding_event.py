"""What happened to a finding, and what a sweep makes of its life."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fleetscan.model.finding import FindingLife
from fleetscan.model.ids import Sha256, SweepId


class EventKind(StrEnum):
    """What happened to a finding."""

    OPENED = "opened"
    CHANGED = "changed"
    """Seen with other content than before."""
    FIXED = "fixed"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingEvent:
    """One line of a finding's history.

    Attributes:
        author: Empty for what sweeps found out.
        text: Reason or note, empty for none.
    """

    kind: EventKind
    at: datetime
    author: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a finding from sweeps before."""

    content: Sha256
    life: FindingLife


@dataclass(frozen=True, slots=True)
class LifeStep:
    """What one sweep makes of a finding's life.

    Attributes:
        event: None when nothing happened but that it was seen again; then the life differs in its state and in when it
            was seen last only.
    """

    life: FindingLife
    event: EventKind | None


DecideLife = Callable[[Remembered | None, Sha256 | None, SweepId, datetime], LifeStep | None]
"""The decision of `analyse.finding_life.decide_life`, as the store is given it.

Takes what is known, the content that was seen (None when it is proven absent), the sweep and its time; gives None when
nothing changes.
"""
