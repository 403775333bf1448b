"""The record of what is out of the ordinary around the jobs of one host; a part of the published, versioned schema."""

from dataclasses import dataclass
from datetime import datetime

from fleetscan.export.job_records import DisagreementRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRecord:
    """One record of a log (`source`: journal or audit) that a transient unit was made or run."""

    source: str
    at: datetime
    unit: str
    command: str
    user: str
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurroundingsRecord:
    """What is out of the ordinary on a host, each thing once.

    `unowned`, `changed` and `absent` are paths of programs that jobs run: of no package, not what their package
    installed, not there. `generators` are of no package or not what it installed. `mounts` lie on directories of units
    and generators, or over a whole hierarchy. `traces` are those since the visit before.
    """

    unowned: tuple[str, ...]
    changed: tuple[str, ...]
    absent: tuple[str, ...]
    disagreements: tuple[DisagreementRecord, ...]
    generators: tuple[str, ...]
    mounts: tuple[str, ...]
    traces: tuple[TraceRecord, ...]
