"""What a running manager says of units, beside what lies on disk."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fleetscan.model.ids import Scope
from fleetscan.model.origin import Origin
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.unit import Directive, EffectiveUnit, LoadState, SourceKind, UnitState
from fleetscan.systemd.directive_kinds import EXEC_KEYS
from fleetscan.systemd.names import unit_type

MANAGER_ORIGIN = Origin("systemctl show", 0)
"""Origin of values that come from the manager's memory and from no file."""

# Property of `systemctl show` → directive, and the value that says nothing because it is the default.
_TIMER_SCALARS = {
    "AccuracyUSec": ("AccuracySec", "1min"),
    "FixedRandomDelay": ("FixedRandomDelay", "no"),
    "OnClockChange": ("OnClockChange", "no"),
    "OnTimezoneChange": ("OnTimezoneChange", "no"),
    "Persistent": ("Persistent", "no"),
    "RandomizedDelayUSec": ("RandomizedDelaySec", "0"),
    "RemainAfterElapse": ("RemainAfterElapse", "yes"),
    "WakeSystem": ("WakeSystem", "no"),
}
_SERVICE_SCALARS = {
    "DynamicUser": ("DynamicUser", "no"),
    "Environment": ("Environment", ""),
    "EnvironmentFiles": ("EnvironmentFile", ""),
    "Group": ("Group", ""),
    "RootDirectory": ("RootDirectory", ""),
    "User": ("User", ""),
    "WorkingDirectory": ("WorkingDirectory", ""),
}
_TRIGGER = re.compile(r"(On[A-Za-z]+)=([^;{}]*)")
_END_OF_COMMAND = re.compile(r" ; (?:ignore_errors|flags)=(\S*)| \}")


@dataclass(frozen=True, slots=True)
class ManagerViews:
    """Rows of `list-unit-files` and blocks of `show`, by scope and unit name."""

    unit_files: Mapping[tuple[Scope, str], Artifact]
    loaded: Mapping[tuple[Scope, str], Artifact]

    @staticmethod
    def of(artifacts: Iterable[Artifact]) -> "ManagerViews":
        """Index the manager's views among the artifacts."""
        views: dict[ArtifactKind, dict[tuple[Scope, str], Artifact]] = {
            ArtifactKind.UNIT_FILE: {},
            ArtifactKind.LOADED: {},
        }
        for artifact in artifacts:
            if artifact.kind in views:
                views[artifact.kind][artifact.scope, artifact.name] = artifact
        return ManagerViews(views[ArtifactKind.UNIT_FILE], views[ArtifactKind.LOADED])

    def timers(self, scope: Scope) -> frozenset[str]:
        """Give the timers that either view of a scope knows.

        A unit that the manager only has a name for, because another one refers to it, is not among them.
        """
        names = {n for s, n in self.unit_files if s == scope}
        for (owner, name), block in self.loaded.items():
            ghost = block.property("LoadState") == "not-found" and block.property("Listed") != "yes"
            if owner == scope and not ghost:
                names.add(name)
        return frozenset(n for n in names if unit_type(n) == "timer")

    def state(self, scope: Scope, name: str) -> UnitState:
        """Give what the manager says of a timer's state."""
        row = self.unit_files.get((scope, name))
        block = self.loaded.get((scope, name))
        enabled = row.property("state") if row else ""
        if block is None:
            return UnitState(enabled=enabled)
        return UnitState(
            enabled=enabled or block.property("UnitFileState"),
            active=block.property("ActiveState"),
            listed={"yes": True, "no": False}.get(block.property("Listed")),
        )

    def complete(self, unit: EffectiveUnit) -> EffectiveUnit:
        """Fill in what only the manager knows of a unit.

        A unit whose text is gone or not readable gets the directives that the manager has in memory; one that is not
        on disk as far as we could read, though the manager lists its file, is unreadable and not absent.
        """
        key = (unit.scope, str(unit.name))
        row = self.unit_files.get(key)
        block = self.loaded.get(key)
        if unit.load is LoadState.NOT_FOUND and row is not None and row.property("state") not in {"", "not-found"}:
            note = "the manager knows its file, which was not read"
            unit = replace(unit, load=LoadState.UNREADABLE, problems=(*unit.problems, note))
        if block is None:
            return unit
        if block.property("Transient") == "yes":
            unit = replace(unit, transient=True)
        if unit.load in {LoadState.NOT_FOUND, LoadState.UNREADABLE}:
            unit = replace(unit, directives=_complete_directives(unit, block))
        return unit


def _complete_directives(unit: EffectiveUnit, block: Artifact) -> tuple[Directive, ...]:
    """Give what is in memory of a unit whose fragment is not known, and what only its drop-ins tell."""
    if unit.directives and block.property("LoadState") != "loaded":
        return unit.directives
    fragments = {source.path for source in unit.sources if source.kind is SourceKind.FRAGMENT}
    if any(directive.origin.path in fragments for directive in unit.directives):
        return unit.directives  # of its text only a part is missing
    # A drop-in for all services is there of every unit, and must not stand in for what the manager runs.
    recalled = _recall_directives(block)
    told = {(directive.section, directive.key) for directive in recalled}
    return (*recalled, *(d for d in unit.directives if (d.section, d.key) not in told))


def _recall_directives(block: Artifact) -> tuple[Directive, ...]:
    """Write a block's properties as the directives that would have made them."""
    kind = unit_type(block.name)
    found: list[tuple[str, str]] = []
    if kind == "timer":
        for name in ("TimersCalendar", "TimersMonotonic"):
            for key, value in _TRIGGER.findall(block.property(name)):
                found.append((key.replace("USec", "Sec"), value.strip()))
        target = block.property("Unit") or block.property("Triggers").partition(" ")[0]
        found.append(("Unit", target))
        scalars = _TIMER_SCALARS
    elif kind == "service":
        found += [(key, value) for key in EXEC_KEYS for value in _recall_commands(block.property(key))]
        scalars = _SERVICE_SCALARS
    else:
        return ()
    for name, (key, default) in scalars.items():
        if (value := block.property(name)) != default:
            found.append((key, value))
    section = kind.capitalize()
    return tuple(Directive(section, key, value, MANAGER_ORIGIN) for key, value in found if value)


def _recall_commands(text: str) -> tuple[str, ...]:
    """Give the command lines in an Exec property; quoting is lost there, so words with spaces fall apart."""
    commands = []
    for piece in text.split("argv[]=")[1:]:
        end = _END_OF_COMMAND.search(piece)
        mark = "-" if end is not None and end[1] in {"yes", "ignore-failure"} else ""
        commands.append(mark + (piece if end is None else piece[: end.start()]))
    return tuple(commands) or ((text,) if text else ())
