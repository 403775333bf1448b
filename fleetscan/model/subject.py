"""The things that are compared between a host and its baseline."""

from dataclasses import dataclass, field
from enum import StrEnum

from fleetscan.model.ids import Scope, Sha256, UnitName
from fleetscan.model.program import Presence, Verification
from fleetscan.model.relation import Activation, Disagreement
from fleetscan.model.unit import Directive, ExecCommand, Trigger, UnitSource, UnitState


class SubjectKind(StrEnum):
    """What a subject is."""

    JOB = "job"
    """A timer with all it reaches."""
    UNIT = "unit"
    """A service, or drop-ins for one, that no timer reaches; and type-level drop-ins such as `service.d`."""
    LINGER = "linger"
    """A user whose manager starts at boot."""
    STAMP = "stamp"
    """A persistent timer's stamp whose timer is gone."""
    GENERATOR = "generator"
    """What a manager executes when it starts or reloads; the name is its path."""
    ACTIVATOR = "activator"
    """A udev rule or D-Bus service file that names a unit to start; the name is its path."""
    MOUNT = "mount"
    """A mount on, in or above a unit directory; the name is where."""
    EXTENSION = "extension"
    """A system or configuration extension; the name is its path."""
    MANAGER = "manager"
    """What a manager was told besides its units: `environment`, `search path` or `kernel arguments`."""
    FOLDER = "folder"
    """A unit directory that others than root may write, or that has an unusual attribute; the name is its path."""
    GRANT = "grant"
    """A right to start or edit units (sudoers, polkit); the name is the rule."""
    TRACE = "trace"
    """A transient unit that only the logs tell of; the name is made from its command."""
    IDENTITY = "identity"
    """What a host says it is: `machine-id`, `host key`, `clock`, …"""


@dataclass(frozen=True, slots=True, order=True)
class SubjectKey:
    """Identity of a subject on any host of a cohort."""

    kind: SubjectKind
    scope: Scope
    name: str


_UNKNOWN = Sha256("")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Digests of a subject, from coarse to fine.

    Attributes:
        meaning: Merged, ordered, normalised: what would run, when, as whom. Equal meaning, equal digest.
        state: Enabled, masked, active.
        raw: Bytes and paths of all files. A change here alone is `info`.
        target: What the files are that it runs and reads. Of a file whose package's digest verifies, the package stands
            for the bytes, so that an update changes nothing here. Empty in baselines that were stored without it.
    """

    meaning: Sha256
    state: Sha256
    raw: Sha256
    target: Sha256 = _UNKNOWN


class PieceRole(StrEnum):
    """What a file is to a subject."""

    FRAGMENT = "fragment"
    DROP_IN = "drop-in"
    LINK = "link"
    """A link that enables one of its units, or leads to its fragment."""
    EXECUTABLE = "executable"
    SCRIPT = "script"
    ENVIRONMENT = "environment file"
    STARTER = "starter"
    """A generator, udev rule, D-Bus service file, extension or policy file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One file that a subject is made of, runs or reads, as it was found on the host.

    Attributes:
        path: As the subject names it.
        real_path: Where its links end, empty when it is `path`.
        sha256: None for links, and where it was not read.
        package: Owner in the package database, empty when there is none or it is not known.
        exposed: Components of its path, or the file itself, that others than root (or the job's own user) may write,
            each with why: `/opt/app deploy:deploy 0775`.
        attributes: Letters of `lsattr` that are unusual (`i`, `a`), empty for none.
        acl: Whether it has an access control list beyond its mode.
        selinux: Its type where that is not what its place asks for.
        directive: Of executables, scripts and environment files what names it, `ExecStart`.
        size_bytes: None where it has no meaning.
        values: Of an environment file: pairs that steer a loader or an interpreter, `LD_PRELOAD=/x`.
    """

    role: PieceRole
    path: str
    presence: Presence = Presence.FOUND
    real_path: str = ""
    sha256: Sha256 | None = None
    mode: int | None = None
    owner: str = ""
    group: str = ""
    size_bytes: int | None = None
    package: str = ""
    verification: Verification = Verification.UNKNOWN
    exposed: tuple[str, ...] = ()
    attributes: str = ""
    acl: bool = False
    selinux: str = ""
    directive: str = ""
    values: tuple[str, ...] = ()

    @property
    def is_payload(self) -> bool:
        """Whether it is run or read by the job, and not a part of its units."""
        return self.role in (PieceRole.EXECUTABLE, PieceRole.SCRIPT, PieceRole.ENVIRONMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One comparable thing on one host, with what a reader needs to see of it.

    Attributes:
        unit_names: Real names behind the key, timer first.
        sources: All files of the timer and of the unit it activates; fragment before drop-ins.
        directives: Those that carry meaning, of all its units, each with its unit's name.
        links: Enabling links.
        summary: What it does in one phrase, `runs /usr/bin/x as root, daily`.
        unreadable: Paths of its files that could not be read, sorted. When there are any, `fingerprint.meaning` says
            nothing about the host and must not be compared.
        masked: Those of its units that are masked, sorted.
        pieces: All files: sources and links, then what is run and read, in the order of the commands.
        disagreements: Where the views of its units contradict each other.
        activations: What else starts its units.
        descriptions: `Description=` of its units, in order; they carry no meaning, but names can be borrowed.
        properties: Of kinds that are not units: sorted pairs of what tells one form from another.
    """

    key: SubjectKey
    fingerprint: Fingerprint
    unit_names: tuple[UnitName, ...] = ()
    sources: tuple[UnitSource, ...] = ()
    directives: tuple[tuple[UnitName, Directive], ...] = ()
    links: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    commands: tuple[ExecCommand, ...] = ()
    run_as: str = ""
    state: UnitState = field(default_factory=UnitState)
    transient: bool = False
    generated: bool = False
    summary: str = ""
    unreadable: tuple[str, ...] = ()
    masked: tuple[UnitName, ...] = ()
    pieces: tuple[Piece, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    activations: tuple[Activation, ...] = ()
    descriptions: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file and folder that it is about, without repeats: units, links, programs, and what is open to others.

        A door is written as `PATH OWNER:GROUP MODE`.
        """
        found = [*(source.path for source in self.sources), *self.links]
        for piece in self.pieces:
            doors = (door.rsplit(" ", 2)[0] for door in piece.exposed if door.startswith("/"))
            found += [piece.path, piece.real_path, *doors]
        return tuple(dict.fromkeys(path for path in found if path))
