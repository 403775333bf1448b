"""The normalised state of a host's timers and what they reach, at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName, Scope, Sha256, UnitName


class Privilege(StrEnum):
    """With which rights the probe ran; only what both could read is compared between unequal visits."""

    ROOT = "root"
    SUDO = "sudo"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerFacts:
    """What a running user manager says of itself.

    Attributes:
        scope: `user:NAME`.
        unit_path: Its search path, highest precedence first.
        environment: Its environment block, secrets left out as in `HostFacts`.
    """

    scope: Scope
    unit_path: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What a host says of itself. All text is the host's own and hostile.

    Attributes:
        os_id: `ID=` of os-release, lower case; empty when unreadable.
        os_version_id: `VERSION_ID=` of os-release; empty on rolling releases (Debian sid).
        os_name: `PRETTY_NAME=` of os-release.
        machine_id: 32 hexadecimal digits, empty when unreadable.
        systemd_version: Major version, 0 when unknown.
        systemd_version_text: As printed, `252 (252.39-1~deb12u2)`.
        unit_path: The manager's own search path, highest precedence first, as `systemctl show -p UnitPath` gives it.
        environment: The system manager's environment block.
        login: The account that the probe ran as.
        zone: Time zone, `Europe/Berlin`; empty when unknown (systemd then takes UTC).
        kernel_arguments: Arguments of the kernel by which systemd starts more than its units say.
        managers: Running user managers that could be asked, sorted by scope.
    """

    os_id: str = ""
    os_version_id: str = ""
    os_name: str = ""
    machine_id: str = ""
    hostname: str = ""
    kernel: str = ""
    systemd_version: int = 0
    systemd_version_text: str = ""
    unit_path: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    privilege: Privilege = Privilege.USER
    login: str = ""
    zone: str = ""
    kernel_arguments: tuple[str, ...] = ()
    managers: tuple[ManagerFacts, ...] = ()

    def without_identity(self) -> "HostFacts":
        """Leave out what tells equal hosts apart and decides nothing about what they run."""
        return replace(self, machine_id="", hostname="", kernel="", login="")


class ArtifactKind(StrEnum):
    """The kinds of evidence that a snapshot is made of."""

    FILE = "file"
    """A regular file in a unit directory, or one that a link or `.include` there leads to: fragment or drop-in."""
    LINK = "link"
    """A symbolic link in a unit directory: enablement, alias, mask, linked unit."""
    DIRECTORY = "directory"
    """A directory of the search path or below it, on the way to it, or of generators and images."""
    SPECIAL = "special"
    """A FIFO, socket or device where a unit file should be. Never opened."""
    UNIT_FILE = "unit-file"
    """A row of `systemctl list-unit-files`: what the manager knows on disk, and its enablement state."""
    LOADED = "loaded"
    """A block of `systemctl show`: what the manager has in memory, without volatile properties."""
    LINGER = "linger"
    """A user whose manager starts at boot (`/var/lib/systemd/linger/NAME`)."""
    STAMP = "stamp"
    """The stamp file of a persistent timer."""
    PROGRAM = "program"
    """A file that a job runs: an executable, or the script of an interpreter; also one that is not there."""
    ENVIRONMENT = "environment"
    """An environment file of a job: the names it sets, and the values of those that steer a loader or interpreter."""
    PACKAGE = "package"
    """An installed package that owns something of the snapshot, with its version."""
    GENERATOR = "generator"
    """An entry of a generator directory: what a manager executes when it starts, generators also at each reload."""
    ACTIVATOR = "activator"
    """A udev rule or D-Bus service file that names a unit to start."""
    MOUNT = "mount"
    """A mount on, in or above a unit directory, but for file systems that hosts usually have."""
    EXTENSION = "extension"
    """A system or configuration extension (`systemd-sysext`, `systemd-confext`) that lies ready or is merged."""
    AUDIT_RULE = "audit rule"
    """A rule of the audit system that watches where timers lie, or `systemd-run`."""
    INTEGRITY_RULE = "integrity rule"
    """A line in the configuration of a file integrity monitor (AIDE, Wazuh, …) that names where timers lie."""
    GRANT = "grant"
    """A sudo rule or polkit file that lets somebody start or edit units, or become who may."""
    ACCOUNT = "account"
    """An account that may log in, has uid 0, or has something a manager would run for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One piece of evidence, without anything volatile: equal artifacts on two hosts are the same thing.

    Attributes:
        kind: See `ArtifactKind`.
        scope: Whose unit this is.
        name: Canonical absolute path for files and links (`/lib` spelled `/usr/lib` on merged-/usr hosts), unit name
            for `UNIT_FILE` and `LOADED`, user name for `LINGER` and `ACCOUNT` (of the scope `user:NAME`), package name
            for `PACKAGE`, the rule in one spelling for `AUDIT_RULE`, `INTEGRITY_RULE` and a `GRANT` of sudo, the path
            for one of polkit. `PROGRAM` and `ENVIRONMENT` have the path as the job names it.
        mode: Permission bits (`0o644`), None where they have no meaning.
        owner: User name or number that owns the file, empty where it has no meaning.
        group: Group name or number, likewise.
        size_bytes: Size of a regular file.
        target: Text of a link, exactly as stored. Of a file that was reached over links (`PROGRAM`, `ENVIRONMENT`,
            `FILE`) the path at their end, empty when it is `name`.
        sha256: Hash of a regular file's bytes; None when it could not be read (then coverage has a gap for its path).
        properties: Sorted pairs. `UNIT_FILE`: `state`, `preset`. `LOADED`: systemd's own property names, and `Listed`.
            Files: `attributes`, `acl`, `selinux` where unusual; `package`, `verified` where asked; `links`, the number
            of hard links above one, or what was followed when it was reached over links. `PROGRAM`: `exposed`, `state`.
            `ENVIRONMENT`: `variables`, and values by their names in capitals. `PACKAGE`: `version`, and `timers`
            and `user_timers`: the timers that it brings, there or not, and services of the same names. `GRANT`: `by`
            (sudo, polkit), `source`, `reaches`; of sudo `to`, `host`, `run_as`, `nopasswd`, `except`, `members`.
            `ACCOUNT`: `uid`, `gid`, `shell`, `login`, `locked`, `expired`, `password` (none), `listed` (no).
            `INTEGRITY_RULE`: `by`, `source`, `watches`.
    """

    kind: ArtifactKind
    scope: Scope
    name: str
    mode: int | None = None
    owner: str = ""
    group: str = ""
    size_bytes: int | None = None
    target: str = ""
    sha256: Sha256 | None = None
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity within a snapshot: kind, scope, name."""
        return (self.kind.value, self.scope, self.name)

    def property(self, name: str) -> str:
        """Give one property's value, empty when it is not there."""
        for key, value in self.properties:
            if key == name:
                return value
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTimes:
    """Times and inode of a path; evidence, never part of a fingerprint. Seconds since the epoch."""

    modified_s: int
    changed_s: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRow:
    """One row of `systemctl list-timers --all`: volatile, shown but never compared.

    Attributes:
        scope: Whose manager listed it.
        unit: The timer.
        activates: Units it starts; empty when systemd names none.
        next_at: Next elapse, None when there is none.
        last_at: Last trigger, None when it never ran.
    """

    scope: Scope
    unit: UnitName
    activates: tuple[UnitName, ...] = ()
    next_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitProcess:
    """One process of a unit that a timer starts.

    Attributes:
        scope: Whose manager runs the unit.
        unit: The unit of its control group.
        user: Account it runs as, by name or number.
        started_at: When it began, None when the host does not tell.
        command: Its command line with spaces between the words, cut to 1,024 characters.
        executable: What `/proc/PID/exe` points at, empty when it may not be read.
    """

    scope: Scope
    unit: UnitName
    pid: int
    parent_pid: int
    user: str
    started_at: datetime | None
    command: str
    executable: str = ""


class TraceSource(StrEnum):
    """Which log told of a transient unit."""

    JOURNAL = "journal"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """One record of a log that a transient unit was made or run.

    Attributes:
        unit: The transient unit, empty when the record does not name it.
        command: The command line, empty when the record does not have it; cut to 1,024 characters.
        user: Account that asked for it, by name or number; empty when unknown.
        event: What happened, in the log's own terms: `started`, `EXECVE`, `SERVICE_START`.
    """

    source: TraceSource
    at: datetime
    unit: UnitName
    command: str
    user: str
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeState:
    """What changes by itself between two visits; kept beside the snapshot, for the latest visit only.

    Attributes:
        timers: Rows of list-timers, sorted by scope and unit.
        times: Times of files outside the vendor directories, by canonical path.
        host_cpu_s: CPU seconds the probe used on the host, None when the shell does not tell.
        bytes_received: Bytes that the visit brought over the wire (after SSH decryption).
        processes: Processes of units that timers start, sorted by scope, unit and pid.
        traces: Transient units that the logs tell of since the last visit, oldest first.
    """

    timers: tuple[TimerRow, ...] = ()
    times: Mapping[str, FileTimes] = field(default_factory=dict)
    remote_at: datetime | None = None
    host_cpu_s: float | None = None
    bytes_received: int = 0
    processes: tuple[UnitProcess, ...] = ()
    traces: tuple[RunTrace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSnapshot:
    """A visit that gave state. Whether it is `complete` or `partial` is for its coverage to say.

    Attributes:
        artifacts: Sorted by key, no key twice.
        contents: Bytes that were fetched on this visit, by hash; what the store already has is not fetched again.
        taken_at: The scanner's clock when the visit began, aware UTC.
        host_key: SHA-256 fingerprint of the host key that was verified, `SHA256:…`.
    """

    host: HostName
    facts: HostFacts
    artifacts: tuple[Artifact, ...]
    coverage: Coverage
    runtime: RuntimeState
    taken_at: datetime
    duration_s: float
    host_key: str = ""
    contents: Mapping[Sha256, bytes] = field(default_factory=dict)
