"""One pass over a set of hosts, as it stands in the store."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.outcome import Outcome
from fleetscan.model.snapshot import HostFacts


class SweepState(StrEnum):
    """Where a sweep stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which hosts of the inventory a sweep was asked for; patterns are shell globs, `limit` names hosts or globs."""

    groups: tuple[str, ...] = ()
    limit: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A sweep's row.

    Attributes:
        hosts: How many hosts were asked for.
        probe_sha256: Hash of the probe text that ran on the hosts.
    """

    id: SweepId
    state: SweepState
    started_at: datetime
    ended_at: datetime | None
    author: str
    hosts: int
    selection: Selection
    tool_version: str
    probe_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One host's outcome in one sweep.

    Attributes:
        manifest: Database id of the state that was seen; None for failures. Equal ids mean equal artifacts.
        facts: None for failures.
        reason: Failure in one line; empty for complete visits.
        bytes_received: Bytes over the wire.
    """

    sweep: SweepId
    host: HostName
    outcome: Outcome
    started_at: datetime
    duration_s: float
    manifest: int | None
    facts: HostFacts | None
    coverage: Coverage
    reason: str = ""
    evidence: tuple[str, ...] = ()
    hint: str = ""
    bytes_received: int = 0
    host_cpu_s: float | None = None
