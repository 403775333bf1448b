"""The records that tell of jobs, down to the files that they run; parts of the published, versioned schema.

Modes are text in octal, `0755`, and empty where there is none. Hashes are SHA-256 in hexadecimal, empty when unknown.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRecord:
    """A file that a job runs or reads.

    `presence` is found, absent or unread; `verification` is what the package database says of it. `commands` are the
    places, from 0, of the commands that run or read it; an environment file has none.
    """

    role: str
    path: str
    real_path: str
    presence: str
    sha256: str
    owner: str
    mode: str
    package: str
    verification: str
    commands: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgramRecord(ProgramRecord):
    """A file that a job runs or reads, with all that is known of it.

    `exposed` are the components of its path that others than root and the job's user may write. `variables` are the
    names that an environment file sets; with their value where it steers a loader or an interpreter.
    """

    directive: str
    group: str
    size_bytes: int | None
    links: tuple[str, ...]
    exposed: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisagreementRecord:
    """One contradiction between two views of a unit."""

    kind: str
    unit: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRecord:
    """One way in which a unit of a job is started by something else."""

    kind: str
    unit: str
    by: str
    directive: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRecord:
    """One timer of one host: what it starts, when, as whom, and what that executes; `fleetscan.jobs` tells more."""

    host: str
    scope: str
    unit: str
    activates: str
    schedule: str
    next_at: datetime | None
    last_at: datetime | None
    user: str
    executes: tuple[str, ...]
    enabled: str
    active: str
    transient: bool
    files: tuple[str, ...]
    programs: tuple[ProgramRecord, ...] = ()
    disagreements: tuple[DisagreementRecord, ...] = ()
    activations: tuple[ActivationRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRecord:
    """One line that makes a timer elapse; `normal` is empty when systemd refuses the value."""

    directive: str
    value: str
    normal: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One file that a unit is made of. `attributes` are its flags, access control list and label, where unusual."""

    kind: str
    path: str
    link_target: str
    sha256: str
    owner: str
    group: str
    mode: str
    package: str
    verification: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveRecord:
    """One assignment in force; `has_meaning` is false for what is only said, as a description is."""

    section: str
    key: str
    value: str
    path: str
    line: int
    has_meaning: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRecord:
    """One unit of a job: its files in order of application, and what is in force after merging them."""

    name: str
    load: str
    transient: bool
    generated: bool
    problems: tuple[str, ...]
    sources: tuple[SourceRecord, ...]
    directives: tuple[DirectiveRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord:
    """One command, decoded. `prefixes` are the characters before it and `meaning` what they do; `raw` is as written."""

    directive: str
    prefixes: str
    meaning: tuple[str, ...]
    path: str
    argv: tuple[str, ...]
    raw: str
    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRecord:
    """One process of a unit of a job, as the visit saw it."""

    scope: str
    unit: str
    pid: int
    parent_pid: int
    user: str
    started_at: datetime | None
    command: str
    executable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One job: a timer and all that it reaches on one host, as the newest visit that gave a state saw it.

    `listed` is null when the list of timers was not read.
    """

    host: str
    sweep: int
    seen_at: datetime
    scope: str
    name: str
    timer: str
    activates: str
    unit_names: tuple[str, ...]
    schedule: str
    triggers: tuple[TriggerRecord, ...]
    next_at: datetime | None
    last_at: datetime | None
    user: str
    enabled: str
    active: str
    listed: bool | None
    transient: bool
    links: tuple[str, ...]
    units: tuple[UnitRecord, ...]
    commands: tuple[CommandRecord, ...]
    programs: tuple[JobProgramRecord, ...]
    activations: tuple[ActivationRecord, ...]
    disagreements: tuple[DisagreementRecord, ...]
    processes: tuple[ProcessRecord, ...]
