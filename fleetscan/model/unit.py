"""Units and jobs as systemd would see them: merged, resolved, with the origin of every value."""

from dataclasses import dataclass, field
from enum import StrEnum

from fleetscan.model.ids import Scope, Sha256, UnitName
from fleetscan.model.origin import Origin
from fleetscan.model.program import Program
from fleetscan.model.relation import Activation, Disagreement


@dataclass(frozen=True, slots=True)
class Directive:
    """One assignment that is in force after merging, in order of application."""

    section: str
    key: str
    value: str
    origin: Origin


class SourceKind(StrEnum):
    """What a file contributes to a unit."""

    FRAGMENT = "fragment"
    DROP_IN = "drop-in"


@dataclass(frozen=True, slots=True)
class UnitSource:
    """One file that a unit is made of.

    Attributes:
        path: Canonical path of the file in its unit directory.
        sha256: Hash of its bytes; None when it could not be read.
        link_target: Text of the link when the path is one, else empty.
    """

    kind: SourceKind
    path: str
    sha256: Sha256 | None
    link_target: str = ""


class LoadState(StrEnum):
    """What resolving a unit from disk gave, in systemd's words where it has one."""

    LOADED = "loaded"
    MASKED = "masked"
    NOT_FOUND = "not-found"
    UNREADABLE = "unreadable"
    BAD = "bad-setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveUnit:
    """A unit after search path, aliases, masks and drop-ins.

    Attributes:
        name: The name asked for; an instance keeps its instance name.
        sources: Fragment first, then drop-ins in order of application.
        directives: In force after resets, in order of application; both halves of a repeated list are there.
        transient: The fragment was made by `systemd-run` or another caller of the API.
        generated: The fragment was written by a generator.
        problems: What systemd would complain about, one line each.
    """

    name: UnitName
    scope: Scope
    load: LoadState
    sources: tuple[UnitSource, ...] = ()
    directives: tuple[Directive, ...] = ()
    transient: bool = False
    generated: bool = False
    problems: tuple[str, ...] = ()

    def values(self, section: str, key: str) -> tuple[Directive, ...]:
        """Give all assignments in force of one directive, in order."""
        return tuple(d for d in self.directives if d.section == section and d.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecCommand:
    """One command of an Exec line, decoded.

    Attributes:
        directive: `ExecStart`, `ExecStartPre`, …
        prefixes: The characters of `@-:+!|` that were in front, in their order.
        path: The executable as systemd would look it up; a bare name stays bare.
        argv: All words with quoting and escapes decoded, argv[0] included.
        raw: The assignment's text.
    """

    directive: str
    prefixes: str
    path: str
    argv: tuple[str, ...]
    raw: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Trigger:
    """One line that makes a timer elapse.

    Attributes:
        directive: `OnCalendar`, `OnBootSec`, …
        value: As written.
        normal: Normal form: a normalised calendar expression, or the time span in canonical units.
            Equal meaning, equal text.
    """

    directive: str
    value: str
    normal: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """What the manager says of a unit; empty strings where it says nothing.

    Attributes:
        enabled: `enabled`, `disabled`, `static`, `masked`, `transient`, `generated`, …
        active: `active`, `inactive` or `failed`, for timers only.
        listed: Whether `list-timers --all` had it, None when that view was not read.
    """

    enabled: str = ""
    active: str = ""
    listed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The closure of one timer: timer → unit it activates → drop-ins → commands.

    Attributes:
        name: The timer's name; invented names (`run-r<hex>.timer`) in normal form `run-*.timer#<12 hex of content>`.
        unit_names: The real names, timer first.
        activates: The unit that the timer starts, None when the timer itself cannot be read.
        links: Paths of links that enable the timer or the activated unit.
        run_as: Effective user of the activated service (`root` in the system scope when not set).
        programs: Files that its commands run and read, in the order of the commands.
        disagreements: Where the views of its units contradict each other.
        activations: What else starts its units.
    """

    scope: Scope
    name: str
    unit_names: tuple[UnitName, ...]
    timer: EffectiveUnit
    activates: EffectiveUnit | None
    triggers: tuple[Trigger, ...] = ()
    commands: tuple[ExecCommand, ...] = ()
    links: tuple[str, ...] = ()
    run_as: str = ""
    state: UnitState = field(default_factory=UnitState)
    programs: tuple[Program, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    activations: tuple[Activation, ...] = ()

    @property
    def units(self) -> tuple[EffectiveUnit, ...]:
        """The timer, then the unit that it activates where that is known."""
        return (self.timer,) if self.activates is None else (self.timer, self.activates)
