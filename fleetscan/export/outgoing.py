"""What is told of a finding to other programs, made fit for them: bounded, and nothing in it that steers a reader."""

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from fleetscan.export.finding_records import FindingRecord
from fleetscan.model.finding import FindingState

T = TypeVar("T")

MAX_TEXT_CHARS = 2000
MAX_ITEMS = 50
_ELLIPSIS = "…"


class Occasion(StrEnum):
    """Why a finding is told."""

    NEW = "new"
    CHANGED = "changed"
    """Seen with other content than before."""
    RETURNED = "returned"
    FIXED = "fixed"
    KNOWN = "known"
    """Nothing happened to it; told because everything was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFinding:
    """One finding and why it is told.

    Attributes:
        at: When it happened, as far as sweeps know.
        record: Of any length and content; renderers fit it.
    """

    occasion: Occasion
    at: datetime
    record: FindingRecord

    @property
    def uid(self) -> str:
        """Identity of this news: a receiver that gets it twice can tell by it."""
        return f"{self.record.id}-{self.record.content[:16]}-{self.occasion}-{epoch_ms(self.at)}"

    def as_event(self) -> dict[str, Any]:
        """Give it as JSON-ready data, fitted; what templates and collectors see."""
        what = {"uid": self.uid, "occasion": self.occasion.value, "at": plain_time(self.at)}
        return what | {"finding": plain_record(self.fitted.record)}

    @property
    def fitted(self) -> "OutgoingFinding":
        """The same with every text bounded and printable."""
        return replace(self, record=fit_value(self.record))


def tell_occasion(record: FindingRecord, sweep_at: datetime) -> OutgoingFinding:
    """Say from its life why a finding of a sweep is worth telling.

    Args:
        record: As the sweep has it.
        sweep_at: When the sweep ended; the life of a finding counts in these instants.
    """
    match FindingState(record.state):
        case FindingState.FIXED:
            return OutgoingFinding(occasion=Occasion.FIXED, at=record.fixed_at or sweep_at, record=record)
        case FindingState.RETURNED:
            return OutgoingFinding(occasion=Occasion.RETURNED, at=record.last_seen_at or sweep_at, record=record)
        case FindingState.KNOWN:
            return OutgoingFinding(occasion=Occasion.KNOWN, at=record.last_seen_at or sweep_at, record=record)
        case FindingState.NEW:
            first, last = record.first_seen_at, record.last_seen_at
            occasion = Occasion.NEW if first is None or first == last else Occasion.CHANGED
            return OutgoingFinding(occasion=occasion, at=last or sweep_at, record=record)


def fit_text(text: str, max_chars: int = MAX_TEXT_CHARS) -> str:
    r"""Spell out every unprintable character (`\n`, `\x1b`, `\u202e`, `\udc80`) and bound the length."""
    head = text[: max_chars + 1]
    shown = head if head.isprintable() else "".join(map(_spell, head))
    return shown if len(shown) <= max_chars else shown[: max_chars - 1] + _ELLIPSIS


def fit_value(value: T) -> T:
    """Fit all texts of a record and bound its lists, at any depth."""
    return cast("T", _fit(value))


def epoch_ms(at: datetime) -> int:
    """Give an instant in milliseconds since 1970, as most receivers want it."""
    return int(at.timestamp() * 1000)


def plain_time(at: datetime | None) -> str | None:
    """Give an instant as RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_record(record: object) -> dict[str, Any]:
    """Give a record as JSON-ready data; times are RFC 3339."""
    plain = _plain(record)
    return cast("dict[str, Any]", plain)


def _fit(value: object) -> object:
    if isinstance(value, str):
        return fit_text(value)
    if isinstance(value, tuple):
        return tuple(_fit(item) for item in value[:MAX_ITEMS])
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _fit(getattr(value, field.name)) for field in fields(value)})
    return value


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return plain_time(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _spell(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
