"""The meaning of a subject: what would run, when and as whom, independent of how it is spelled.

Meaning is a mapping from (role, section, key) to canonical values. The role is the position of the unit in the subject
(`0` the timer or the loose unit, `1` what the timer activates), so that names invented by systemd do not matter.
Specifiers (`%H`) stay text, and so do executable paths: a subject does not tell whether `/bin/x` and `/usr/bin/x` are
one file on its host.
"""

import json
import re
from collections.abc import Mapping

from fleetscan.model.ids import UnitName
from fleetscan.model.origin import Origin
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.model.unit import Directive, ExecCommand, Trigger
from fleetscan.systemd.directive_kinds import BOOLEAN_KEYS, DEPENDENCY_KEYS, TRIGGER_KEYS, parse_boolean
from fleetscan.systemd.names import stem_of

Entry = tuple[str, str, str]
"""Role of the unit, section, key."""

TARGET_ENTRY: Entry = ("0", "Timer", "Unit")
"""The unit that a timer starts; absent when it is the service of the same stem, as systemd would choose by itself."""

LOAD_STATE_KEY = "LoadState"
"""Key of the pseudo directive (section empty) that says that a unit could not be loaded from disk."""

_COSMETIC_KEYS = frozenset({"Description", "Documentation"})

_SERVICE_BOOLEAN_KEYS = frozenset(
    {
        "DefaultDependencies",
        "DynamicUser",
        "NoNewPrivileges",
        "PrivateTmp",
        "RefuseManualStart",
        "RefuseManualStop",
        "RemainAfterExit",
    }
)
_INVENTED = re.compile(r"\brun-(?:\d+|u\d+(?:-s\d+)?|r[0-9a-f]{32}|p\d+-i\d+)(?=\.(?:timer|service)\b)")


def carries_meaning(directive: Directive) -> bool:
    """Tell whether a directive says what runs, when or as whom. `[Install]` is not read at run time."""
    return not (
        directive.section == "Install"
        or directive.section.startswith("X-")
        or directive.key.startswith("X-")
        or directive.key in _COSMETIC_KEYS
    )


def is_invented(subject: Subject) -> bool:
    """Tell whether systemd made up the unit's name, so that the subject is known by its content."""
    return "#" in subject.key.name  # not a character of unit names; see `systemd.invented_names`


def neutral_text(subject: Subject, text: str) -> str:
    """Take invented unit names out of a text; other subjects' text stays as it is."""
    return _INVENTED.sub("run-*", text) if is_invented(subject) else text


def build_meaning(subject: Subject) -> Mapping[Entry, tuple[str, ...]]:
    """Give the canonical values of a subject. Equal mappings mean that systemd would do the same."""
    commands = _index_commands(subject.commands)
    triggers = {(t.directive, t.origin, t.value): t for t in subject.triggers}
    ordered: dict[Entry, list[str]] = {}
    for unit, directive in subject.directives:
        entry = entry_of(subject, unit, directive)
        if entry == TARGET_ENTRY and subject.key.kind is SubjectKind.JOB:
            continue
        values = ordered.setdefault(entry, [])
        values.extend(neutral_text(subject, v) for v in _canonical_values(directive, commands, triggers))
    meaning = {entry: _finish(entry, values) for entry, values in ordered.items()}
    target = activated_name(subject)
    if target is not None:
        meaning[TARGET_ENTRY] = (target,)
    return {entry: values for entry, values in meaning.items() if values}


def entry_of(subject: Subject, unit: UnitName, directive: Directive) -> Entry:
    """Give the place of a directive in the meaning of its subject."""
    role = str(subject.unit_names.index(unit)) if unit in subject.unit_names else unit
    return (role, directive.section, directive.key)


def activated_name(subject: Subject) -> str | None:
    """Give the unit that a job's timer starts, None when it is the one that systemd takes by default."""
    if subject.key.kind is not SubjectKind.JOB or len(subject.unit_names) < 2:
        return None
    timer, target = subject.unit_names[:2]
    return None if target == f"{stem_of(timer)}.service" else target


def _index_commands(commands: tuple[ExecCommand, ...]) -> Mapping[tuple[str, Origin, str], list[ExecCommand]]:
    index: dict[tuple[str, Origin, str], list[ExecCommand]] = {}
    for command in commands:
        index.setdefault((command.directive, command.origin, command.raw), []).append(command)
    return index


def _canonical_values(
    directive: Directive,
    commands: Mapping[tuple[str, Origin, str], list[ExecCommand]],
    triggers: Mapping[tuple[str, Origin, str], Trigger],
) -> list[str]:
    place = (directive.key, directive.origin, directive.value)
    if place in commands:
        # Prefix characters may stand in any order (systemd.service(5)); `!!` keeps both marks.
        return [json.dumps(["".join(sorted(c.prefixes)), c.path, *c.argv]) for c in commands[place]]
    if place in triggers:
        return [triggers[place].normal or directive.value]
    if directive.key in DEPENDENCY_KEYS:
        return directive.value.split()
    if (directive.section, directive.key) in BOOLEAN_KEYS or directive.key in _SERVICE_BOOLEAN_KEYS:
        truth = parse_boolean(directive.value)
        return [directive.value if truth is None else "yes" if truth else "no"]
    return [directive.value]


def _finish(entry: Entry, values: list[str]) -> tuple[str, ...]:
    # Order and repeats mean nothing in dependencies and triggers (systemd.unit(5), systemd.timer(5)).
    _role, section, key = entry
    is_set = key in DEPENDENCY_KEYS or (section == "Timer" and key in TRIGGER_KEYS)
    return tuple(sorted(set(values))) if is_set else tuple(values)
