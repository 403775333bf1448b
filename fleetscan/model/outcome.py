"""What a visit gave. A failure is a type of its own and can never be taken for an empty host."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import HostSnapshot


class FailureKind(StrEnum):
    """Why a host gave no state."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    AUTH_FAILED = "auth failed"
    HOST_KEY_CHANGED = "host key changed"
    HOST_KEY_UNKNOWN = "host key unknown"
    NO_SYSTEMD = "no systemd"
    PROTOCOL_ERROR = "protocol error"


class Outcome(StrEnum):
    """The outcome of a visit, as product.md lists them."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    AUTH_FAILED = "auth failed"
    HOST_KEY_CHANGED = "host key changed"
    HOST_KEY_UNKNOWN = "host key unknown"
    NO_SYSTEMD = "no systemd"
    PROTOCOL_ERROR = "protocol error"

    @property
    def has_state(self) -> bool:
        """Whether the visit gave a snapshot."""
        return self in (Outcome.COMPLETE, Outcome.PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFailure:
    """A visit that gave no state.

    Attributes:
        reason: One line for the reader.
        evidence: Further lines, such as expected and presented fingerprint.
        hint: What to do about it.
        started_at: The scanner's clock when the visit began, aware UTC.
    """

    host: HostName
    kind: FailureKind
    reason: str
    started_at: datetime
    duration_s: float
    evidence: tuple[str, ...] = ()
    hint: str = ""


HostOutcome = HostSnapshot | HostFailure


def outcome_of(result: HostOutcome) -> Outcome:
    """Name the outcome of a visit."""
    match result:
        case HostSnapshot():
            return Outcome.COMPLETE if result.coverage.is_complete else Outcome.PARTIAL
        case HostFailure():
            return Outcome(result.kind.value)
