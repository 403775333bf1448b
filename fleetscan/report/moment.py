"""Instants as a reader wants them: absolute in UTC, and how long ago."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class MomentView:
    """One instant.

    Attributes:
        iso: `2026-11-24T02:40:00Z`, for machines.
        text: `24 Nov 2026 02:40 UTC`.
        relative: `3 hours ago`, counted from the report's own clock.
    """

    iso: str
    text: str
    relative: str


def build_moment(at: datetime, now: datetime) -> MomentView:
    """Show an aware instant."""
    at = at.astimezone(UTC)
    text = f"{at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M} UTC"
    return MomentView(at.strftime("%Y-%m-%dT%H:%M:%SZ"), text, _relate(now - at))


def maybe_moment(at: datetime | None, now: datetime) -> MomentView | None:
    """Show an instant that may be unknown."""
    return None if at is None else build_moment(at, now)


def _relate(passed: timedelta) -> str:
    seconds = round(passed.total_seconds())
    for unit_s, word in _STEPS:
        count = abs(seconds) // unit_s
        if count:
            span = f"{count} {word}{'' if count == 1 else 's'}"
            return f"{span} ago" if seconds > 0 else f"in {span}"
    return "just now" if seconds >= 0 else "in a moment"
