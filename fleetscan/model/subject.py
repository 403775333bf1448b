"""The things that are compared between a host and its baseline."""

from dataclasses import dataclass, field
from enum import StrEnum

from fleetscan.model.ids import Scope, Sha256, UnitName
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


@dataclass(frozen=True, slots=True, order=True)
class SubjectKey:
    """Identity of a subject on any host of a cohort."""

    kind: SubjectKind
    scope: Scope
    name: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Three digests of a subject, from coarse to fine.

    Attributes:
        meaning: Merged, ordered, normalised: what would run, when, as whom. Equal meaning, equal digest.
        state: Enabled, masked, active.
        raw: Bytes and paths of all files. A change here alone is `info`.
    """

    meaning: Sha256
    state: Sha256
    raw: Sha256


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
