"""The same questions put to both sides, unit by unit: each side answers by kind, in one spelling."""

import re
from collections.abc import Mapping

from fleetscan.model.ids import SYSTEM, Scope
from fleetscan.model.unit import EffectiveUnit, LoadState, SourceKind
from fleetscan.systemd.directive_kinds import parse_boolean
from fleetscan.systemd.jobs import _find_target, find_user
from fleetscan.systemd.names import canonical_path, unit_type
from fleetscan.systemd.timespan import format_timespan, parse_timespan
from fleetscan.systemd.triggers import build_triggers
from tests.live.oracle.ours import Ours
from tests.live.oracle.shown import Shown

Answer = object
Answers = Mapping[str, Answer]
"""Kind → what a side says; equal meaning, equal value."""

_BOOLEANS = {
    "FixedRandomDelay": False,
    "OnClockChange": False,
    "OnTimezoneChange": False,
    "Persistent": False,
    "RemainAfterElapse": True,
    "WakeSystem": False,
}
_LINKS = {"wants": "WantedBy", "requires": "RequiredBy", "upholds": "UpheldBy"}
_SPANS = {"AccuracySec": ("AccuracyUSec", "1min"), "RandomizedDelaySec": ("RandomizedDelayUSec", "0")}
_LOADS = {"error": "bad", "bad-setting": "bad"}
_ENVIRONMENT = re.compile(r"(?P<path>.*) \(ignore_errors=(?P<optional>yes|no)\)\Z", re.DOTALL)


def compare(ours: Ours, scope: Scope, shown: Shown) -> Mapping[str, tuple[Answer, Answer]]:
    """Give both answers by kind.

    Specifiers are expanded when a unit is first loaded, by whichever name that was; only the manager knows. So any of
    its names may explain what it shows.
    """
    theirs = answer_theirs(shown, scope, merged_usr=ours.tree.merged_usr)
    own = answer_ours(ours, scope, shown.name, shown.name)
    if own["load"] != theirs["load"]:
        return {"load": (own["load"], theirs["load"])}
    for name in shown.words("Names"):
        other = answer_ours(ours, scope, shown.name, name) if own != theirs else own
        own = {key: other[key] if other.get(key) == theirs.get(key) else value for key, value in own.items()}
    return {key: (own[key], theirs[key]) for key in sorted(own)}


def answer_ours(ours: Ours, scope: Scope, name: str, loaded_as: str) -> Answers:
    """Give what we make of a unit's files. Of a unit that does not load, nothing more is asked."""
    unit = ours.resolve(scope, name)
    load = "bad" if unit.load is LoadState.BAD else unit.load.value
    fragment = [s.path for s in unit.sources if s.kind is SourceKind.FRAGMENT][:1]
    found: dict[str, Answer] = {"load": load, "fragment": "".join(fragment)}
    if load == "not-found":
        return {"load": load}
    if load != "loaded":
        return found
    names = ours.tree.names(scope).find(name)
    found["names"] = frozenset(names.names if names else (name,))
    found["drop-ins"] = tuple(s.path for s in unit.sources if s.kind is SourceKind.DROP_IN)
    kind = unit_type(name)
    if kind in {"service", "socket"}:
        found["commands"] = dict(sorted(ours.commands(scope, unit, loaded_as).items()))
    if kind == "service":
        files = [ours.expand(scope, d.value, loaded_as) for d in unit.values("Service", "EnvironmentFile")]
        found["environment files"] = tuple((f.removeprefix("-"), f.startswith("-")) for f in files)
        if scope == SYSTEM:
            found["user"] = ours.expand(scope, find_user(scope, unit), loaded_as)
    if kind == "timer":
        found |= _answer_timer(ours, scope, unit)
    return found


def answer_theirs(shown: Shown, scope: Scope, *, merged_usr: bool) -> Answers:
    """Give what the manager has in memory, in the terms of `answer_ours`."""

    def canonical(path: str) -> str:
        return canonical_path(path, merged_usr=merged_usr)

    load = _LOADS.get(shown.get("LoadState"), shown.get("LoadState"))
    found: dict[str, Answer] = {"load": load, "fragment": canonical(shown.get("FragmentPath"))}
    if load == "not-found":
        return {"load": load}
    if load != "loaded":
        return found
    found["names"] = frozenset(shown.words("Names"))
    found["drop-ins"] = tuple(map(canonical, shown.words("DropInPaths")))
    kind = unit_type(shown.name)
    if kind in {"service", "socket"}:
        found["commands"] = {key: commands for key, commands in sorted(shown.commands.items()) if commands}
    if kind == "service":
        files = [_ENVIRONMENT.match(line) for line in shown.properties.get("EnvironmentFiles", ()) if line]
        found["environment files"] = tuple((m["path"], m["optional"] == "yes") for m in files if m)
        if scope == SYSTEM:
            found["user"] = shown.get("User") or "root"
    if kind == "timer":
        found["calendar"] = tuple(value for _key, value in shown.entries("TimersCalendar"))
        found["spans"] = tuple((key.replace("USec", "Sec"), value) for key, value in shown.entries("TimersMonotonic"))
        found["target"] = shown.get("Unit")
        found["triggers"] = shown.words("Triggers")
        found["links"] = frozenset((kind, owner) for kind, key in _LINKS.items() for owner in shown.words(key) if owner)
        found["settings"] = {
            **{key: shown.get(key) == "yes" for key in _BOOLEANS},
            **{key: shown.get(name) for key, (name, _default) in _SPANS.items()},
        }
    return found


def _answer_timer(ours: Ours, scope: Scope, unit: EffectiveUnit) -> Answers:
    triggers = [t for t in build_triggers(unit, ours.tree.systemd_version) if t.normal]
    target = _find_target(ours.tree, unit) or ""
    fragment = ours.tree.names(scope).find(unit.name)
    links = ours.tree.links(scope).find(fragment.names if fragment else (unit.name,))
    settings: dict[str, bool | str] = dict(_BOOLEANS)
    settings |= {key: default for key, (_name, default) in _SPANS.items()}
    for directive in unit.directives:
        if directive.section == "Timer" and directive.key in _BOOLEANS:
            settings[directive.key] = bool(parse_boolean(directive.value))
        elif directive.section == "Timer" and directive.key in _SPANS:
            settings[directive.key] = format_timespan(parse_timespan(directive.value))
    return {
        "calendar": tuple(t.normal for t in triggers if t.directive == "OnCalendar"),
        "spans": tuple((t.directive, t.normal) for t in triggers if t.directive.endswith("Sec")),
        "target": target,
        "triggers": (ours.real_name(scope, target),),
        "links": frozenset(_read_link(ours, scope, path) for path in links),
        "settings": settings,
    }


def _read_link(ours: Ours, scope: Scope, path: str) -> tuple[str, str]:
    """Give the kind of a dependency link and the real name of the unit that has it."""
    owner, _, kind = path.split("/")[-2].rpartition(".")
    return kind, ours.real_name(scope, owner)
