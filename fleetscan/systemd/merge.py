"""From all assignments of a unit's files to those that are in force."""

from collections.abc import Iterable, Sequence

from fleetscan.model.unit import Directive
from fleetscan.systemd.directive_kinds import (
    BOOLEAN_KEYS,
    DEPENDENCY_KEYS,
    FIRST_WINS,
    KEPT_WHEN_EMPTY,
    list_group,
    parse_boolean,
)
from fleetscan.systemd.names import expand_specifiers, unit_type


def merge_directives(
    assignments: Iterable[Directive], *, names: Sequence[str]
) -> tuple[tuple[Directive, ...], tuple[str, ...]]:
    """Apply assignments one after the other.

    An empty value clears a list; the last scalar wins, and an empty one gives the default back; of `[Timer] Unit=` the
    first valid one wins; dependencies can only be added. Unknown keys are scalars.

    Args:
        assignments: Of the fragment, then of each drop-in, in order of application.
        names: All names of the unit, the real one first.

    Returns:
        The directives in force, in order of application, and what systemd would say about ignored ones, one line each.
    """
    # A slot holds what one empty assignment would clear, each value with its position in the whole unit.
    slots: dict[tuple[str, str], list[tuple[int, Directive]]] = {}
    problems: list[str] = []
    for position, directive in enumerate(assignments):
        place = (directive.section, directive.key)
        complaint = _find_fault(directive, names)
        if complaint:
            problems.append(_say(directive, complaint))
            continue
        group = list_group(*place)
        if group is None:
            if place in FIRST_WINS and place in slots:
                problems.append(_say(directive, "only the first one counts, ignored"))
            elif directive.value:
                slots[place] = [(position, directive)]
            elif place not in KEPT_WHEN_EMPTY:
                slots.pop(place, None)
        elif directive.value:
            slots.setdefault((directive.section, group), []).append((position, directive))
        elif directive.key not in DEPENDENCY_KEYS:
            slots.pop((directive.section, group), None)
    ordered = sorted((entry for slot in slots.values() for entry in slot), key=lambda entry: entry[0])
    return tuple(directive for _position, directive in ordered), tuple(problems)


def _find_fault(directive: Directive, names: Sequence[str]) -> str:
    """Say why systemd ignores an assignment altogether, empty when it does not."""
    place = (directive.section, directive.key)
    if place in BOOLEAN_KEYS and parse_boolean(directive.value) is None:
        return "not a boolean, ignored"
    if place in FIRST_WINS:
        target = expand_specifiers(directive.value, names[0])
        if unit_type(target) is None:
            return "not a unit name, ignored"
        if target in names:
            return "a unit cannot start itself, ignored"
    return ""


def _say(directive: Directive, complaint: str) -> str:
    return f"{directive.origin.path}:{directive.origin.line}: {directive.key}={directive.value}: {complaint}"
