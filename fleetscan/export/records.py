"""The records that lists give as JSON, JSON Lines and CSV. Their fields are the published, versioned schema.

A field may be added within a version; none is renamed, removed or given another meaning without a new one.
Times are ISO 8601 in UTC. Text that comes from hosts is given as it is: JSON escapes it, CSV neutralises formulas.
"""

from dataclasses import dataclass
from datetime import datetime

from fleetscan.export.baseline_records import BaselineChangeRecord, BaselineItemRecord, BaselineRecord
from fleetscan.export.change_records import ChangeRecord, DiffRecord
from fleetscan.export.control_records import ControlRecord, HostControlRecord
from fleetscan.export.finding_records import FindingRecord
from fleetscan.export.job_records import JobRecord, TimerRecord
from fleetscan.export.judgement_records import ExceptionRecord, WaveRecord
from fleetscan.export.question_records import (
    DifferenceRecord,
    EvidenceFileRecord,
    HistoryRecord,
    HuntRecord,
    SpreadRecord,
    TimelineRecord,
)
from fleetscan.export.rule_records import RuleRecord, RuleTestRecord
from fleetscan.export.sink_records import SinkRecord
from fleetscan.export.surroundings import SurroundingsRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRecord:
    """One setting and which layer gave its value (`origin`: default, file:LINE, variable or flag)."""

    name: str
    value: str
    origin: str
    flag: str
    environment: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRecord:
    """One host of the inventory."""

    name: str
    address: str
    port: int
    user: str
    groups: tuple[str, ...]
    role: str
    owner: str
    owner_email: str
    zone: str
    jump: str
    tags: tuple[str, ...]
    sudo: bool
    probe: str
    probe_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One accepted host key."""

    pattern: str
    marker: str
    algorithm: str
    fingerprint: str
    added_at: datetime
    added_by: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord:
    """One sweep; `hosts` is how many were asked for."""

    id: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    author: str
    hosts: int
    tool_version: str
    probe_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRecord:
    """Something that was not read."""

    area: str
    scope: str
    status: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecord:
    """The outcome of one host in one sweep.

    `surroundings` are told where one host is shown, and null in lists and of hosts that were never read.
    """

    sweep: int
    host: str
    outcome: str
    reason: str
    evidence: tuple[str, ...]
    hint: str
    started_at: datetime
    duration_s: float
    os: str
    systemd: str
    privilege: str
    login: str
    bytes_received: int
    host_cpu_s: float | None
    gaps: tuple[GapRecord, ...]
    surroundings: SurroundingsRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecord:
    """How much of one area can be read: `read`, `in part` or `not read`, with the reason."""

    area: str
    extent: str
    supplementary: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One thing to do: lines for a file or for a shell, and a command that shows whether it is right."""

    where: str
    lines: tuple[str, ...]
    check: str
    expect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRecord:
    """What of one host can be read, and what would let it be read in full or with less rights (`remedy`)."""

    host: str
    outcome: str
    reason: str
    evidence: tuple[str, ...]
    hint: str
    user: str
    login: str
    privilege: str
    systemd: str
    probe: str
    sudo: bool
    readings: tuple[ReadingRecord, ...]
    remedy: str
    remedy_kind: str
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRecord:
    """One difference between a host and its baseline or its peers."""

    sweep: int
    host: str
    owner_email: str
    cohort: str
    kind: str
    severity: str
    subject: str
    scope: str
    name: str
    units: tuple[str, ...]
    paths: tuple[str, ...]
    sentence: str
    changes: tuple[ChangeRecord, ...]
    diffs: tuple[DiffRecord, ...]
    state_before: str
    state_after: str
    raw_only: bool
    prevalence_count: int
    prevalence_of_hosts: int
    reference: str
    first_seen_at: datetime | None
    last_absent_at: datetime | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecord:
    """What became of one owner's mail."""

    sweep: int
    recipient: str
    state: str
    attempts: int
    last_error: str
    message_id: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """What this run did about one owner's mail."""

    recipient: str
    subject: str
    notice: str
    detail: str


Record = (
    SettingRecord
    | HostRecord
    | KeyRecord
    | SweepRecord
    | VisitRecord
    | DiagnosisRecord
    | TimerRecord
    | JobRecord
    | DriftRecord
    | FindingRecord
    | ControlRecord
    | HostControlRecord
    | ExceptionRecord
    | WaveRecord
    | BaselineRecord
    | BaselineItemRecord
    | BaselineChangeRecord
    | HuntRecord
    | HistoryRecord
    | TimelineRecord
    | SpreadRecord
    | DifferenceRecord
    | EvidenceFileRecord
    | MailRecord
    | SinkRecord
    | RuleRecord
    | RuleTestRecord
    | NoticeRecord
)

SCHEMAS: dict[str, type[Record]] = {
    "settings": SettingRecord,
    "hosts": HostRecord,
    "keys": KeyRecord,
    "sweeps": SweepRecord,
    "visits": VisitRecord,
    "diagnoses": DiagnosisRecord,
    "timers": TimerRecord,
    "jobs": JobRecord,
    "drift": DriftRecord,
    "findings": FindingRecord,
    "controls": ControlRecord,
    "host-controls": HostControlRecord,
    "exceptions": ExceptionRecord,
    "waves": WaveRecord,
    "baselines": BaselineRecord,
    "baseline-items": BaselineItemRecord,
    "baseline-changes": BaselineChangeRecord,
    "hunt": HuntRecord,
    "history": HistoryRecord,
    "timeline": TimelineRecord,
    "spread": SpreadRecord,
    "differences": DifferenceRecord,
    "evidence": EvidenceFileRecord,
    "mails": MailRecord,
    "sinks": SinkRecord,
    "rules": RuleRecord,
    "rule-tests": RuleTestRecord,
    "notices": NoticeRecord,
}
