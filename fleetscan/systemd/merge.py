"""From all assignments of a unit's files to those that are in force."""

from collections.abc import Iterable, Sequence

from fleetscan.errors import ParseError
from fleetscan.model.unit import Directive
from fleetscan.systemd.directive_kinds import (
    BOOLEAN_KEYS,
    DEPENDENCY_KEYS,
    EXEC_KEYS,
    FIRST_WINS,
    SAME_TYPE_SINCE,
    SPAN_KEYS,
    WORD_KEYS,
    list_group,
    parse_boolean,
)
from fleetscan.systemd.exec_check import check_exec
from fleetscan.systemd.names import expand_specifiers, is_unit_name, unit_type
from fleetscan.systemd.specifiers import is_open
from fleetscan.systemd.timespan import parse_timespan

_ENVIRONMENT_FILE = ("Service", "EnvironmentFile")
_SINCE = {
    ("Service", "DynamicUser"): 232,
    ("Service", "ExecCondition"): 243,
    ("Service", "ExecReloadPost"): 259,
    ("Service", "ExecSearchPath"): 250,
    ("Service", "RootImage"): 233,
}
"""Directives that decide what is run as whom, and the first version that reads them."""


def merge_directives(
    assignments: Iterable[Directive], *, names: Sequence[str], systemd_version: int = 0
) -> tuple[tuple[Directive, ...], tuple[str, ...]]:
    """Apply assignments one after the other.

    An empty value clears a list; the last scalar wins, and an empty one gives the default back; of `[Timer] Unit=` the
    first valid one wins; dependencies can only be added. Unknown keys are scalars.

    Args:
        assignments: Of the fragment, then of each drop-in, in order of application.
        names: All names of the unit, the real one first.
        systemd_version: Major version, 0 for a current one.

    Returns:
        The directives in force, in order of application, and what systemd would say about ignored ones, one line each.
    """
    # A slot holds what one empty assignment would clear, each value with its position in the whole unit.
    slots: dict[tuple[str, str], list[tuple[int, Directive]]] = {}
    problems: list[str] = []
    for position, directive in enumerate(assignments):
        place = (directive.section, directive.key)
        complaint = _find_fault(directive, names, systemd_version)
        if complaint:
            problems.append(_say(directive, complaint))
            continue
        group = list_group(*place)
        if group is None:
            if place in FIRST_WINS and place in slots:
                problems.append(_say(directive, "only the first one counts, ignored"))
            elif directive.value:
                slots[place] = [(position, directive)]
            else:
                slots.pop(place, None)
        elif directive.value:
            slots.setdefault((directive.section, group), []).append((position, directive))
        elif directive.key not in DEPENDENCY_KEYS:
            slots.pop((directive.section, group), None)
    ordered = sorted((entry for slot in slots.values() for entry in slot), key=lambda entry: entry[0])
    return tuple(directive for _position, directive in ordered), tuple(problems)


def _find_fault(directive: Directive, names: Sequence[str], version: int) -> str:
    """Say why systemd ignores an assignment altogether, empty when it does not."""
    place = (directive.section, directive.key)
    value = directive.value
    if 0 < version < _SINCE.get(place, 0):
        fault = f"not known to systemd {version}"
    elif place in BOOLEAN_KEYS and parse_boolean(value) is None:
        fault = "not a boolean"
    elif place in SPAN_KEYS and not _is_timespan(value, version):
        fault = "not a time span"
    elif place in WORD_KEYS and value not in WORD_KEYS[place]:
        fault = "not one of its values"
    elif directive.section == "Service" and directive.key in EXEC_KEYS:
        check = check_exec(value, names[0], version)
        fault = "" if check.accepted or check.is_fatal else check.fault
    elif place == _ENVIRONMENT_FILE and value:
        fault = "" if _is_absolute(value.removeprefix("-"), names[0]) else "not an absolute path"
    elif place in FIRST_WINS:
        fault = _find_target_fault(value, names, version)
    else:
        fault = ""
    return fault and f"{fault}, ignored"


def _find_target_fault(value: str, names: Sequence[str], version: int) -> str:
    target = expand_specifiers(value, names[0])
    if not is_open(value, names[0]) and not is_unit_name(target):
        return "not a unit name"
    if 0 < version < SAME_TYPE_SINCE and unit_type(target) == unit_type(names[0]):
        return f"a unit of the same type, which systemd {version} does not start"
    return "a unit cannot start itself" if target in names else ""


def _is_absolute(path: str, name: str) -> bool:
    return is_open(path, name) or expand_specifiers(path, name).startswith("/")


def _is_timespan(text: str, version: int) -> bool:
    try:
        parse_timespan(text, version)
    except ParseError:
        return False
    return True


def _say(directive: Directive, complaint: str) -> str:
    return f"{directive.origin.path}:{directive.origin.line}: {directive.key}={directive.value}: {complaint}"
