"""What a host says it is, what it said before, and where that does not fit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fleetscan.model.ids import HostName, SweepId


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a host showed of itself on one visit. All but the key is its own word.

    Attributes:
        machine_id: 32 hexadecimal digits; anything else is no machine id, empty when it could not be read.
        hostname: Empty when it could not be read.
        host_key: `SHA256:…` of the key that was verified, empty when it is not known.
    """

    machine_id: str
    hostname: str
    host_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityHistory:
    """The identities of one host up to a sweep.

    Attributes:
        sweep: The last one that read the host, up to the sweep that was asked about.
        current: What it showed then.
        before: What it showed on the visit before that one, None on the first.
        ever: All different identities it showed up to then, in no order; `current` among them.
    """

    host: HostName
    sweep: SweepId
    current: Identity
    before: Identity | None
    ever: frozenset[Identity]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """Two clocks at one visit.

    Attributes:
        started_at: The scanner's when the visit began.
        duration_s: How long it took; the host told its time at some moment of it.
        remote_at: The host's, in whole seconds.
    """

    started_at: datetime
    duration_s: float
    remote_at: datetime


class IdentityAspect(StrEnum):
    """What of an identity is at fault; the name of the subject."""

    MACHINE_ID = "machine-id"
    HOST_KEY = "host key"
    HOSTNAME = "hostname"
    CLOCK = "clock"


class IdentityFaultKind(StrEnum):
    """How an identity does not fit."""

    MACHINE_ID_CHANGED = "machine-id changed"
    MACHINE_ID_SHARED = "machine-id shared"
    MACHINE_ID_MISSING = "no machine-id"
    HOST_KEY_CHANGED = "host key changed"
    """Another key than on the visit before, which was accepted in between."""
    HOST_KEY_REFUSED = "host key refused"
    """Another key than the enrolled one; the visit ended there."""
    HOST_KEY_UNKNOWN = "host key unknown"
    """No key is enrolled; the visit ended there."""
    HOST_KEY_SHARED = "host key shared"
    HOSTNAME_CHANGED = "hostname changed"
    CLOCK_OFF = "clock off"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFault:
    """One thing that does not fit.

    Attributes:
        before: What it was, empty when that has no meaning.
        after: What it is now.
        others: Other hosts that show the same, sorted; the first few.
        others_count: How many there are.
        is_inherited: Of what is shared: every one of these hosts had it from the first visit on, as clones of one image
            have. Of an unknown key: the host was never read.
        offset_s: Of the clock: seconds that it is ahead (negative: behind), at least.
        reading: Of the clock: both numbers.
        notes: Further lines of evidence.
    """

    host: HostName
    kind: IdentityFaultKind
    before: str = ""
    after: str = ""
    others: tuple[HostName, ...] = ()
    others_count: int = 0
    is_inherited: bool = False
    offset_s: float = 0.0
    reading: ClockReading | None = None
    notes: tuple[str, ...] = ()
