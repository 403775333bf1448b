"""The record of a receiver of findings; part of the published, versioned schema."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkRecord:
    """One receiver, and what became of what it is to be told.

    `queued`, `delivered`, `failed` and `declined` are of this run, and 0 when only the state was asked for; `waiting`,
    `sending`, `sent` and `refused` count all that ever was for it. `kind` is empty for a receiver that is in the
    database and no longer in the settings. `error` says why something of this run, or of an earlier one that still
    waits, was not taken.
    """

    sink: str
    kind: str
    target: str
    queued: int
    delivered: int
    failed: int
    declined: int
    waiting: int
    sending: int
    sent: int
    refused: int
    error: str
    due_at: datetime | None
    last_sent_at: datetime | None
