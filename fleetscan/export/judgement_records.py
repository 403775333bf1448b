"""The records of exceptions and waves, as lists give them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRecord:
    """One accepted finding or roll-out; empty fields of its scope hold for everything."""

    id: int
    kind: str
    rule: str
    unit: str
    content: str
    host: str
    group: str
    cohort: str
    reason: str
    owner: str
    ticket: str
    author: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveHostRecord:
    """One host of a wave, and since when."""

    host: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRecord:
    """The same new or changed thing on many hosts within a short time; `standing` is open, explained or approved."""

    id: str
    severity: str
    technique: str
    subject: str
    scope: str
    name: str
    drift: str
    content: str
    standing: str
    hosts: tuple[WaveHostRecord, ...]
    first_seen_at: datetime
    last_seen_at: datetime
    by_day: tuple[str, ...]
