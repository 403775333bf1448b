"""Differences of meaning between two forms of a subject, directive by directive."""

from fleetscan.analyse.meaning import TARGET_ENTRY, Entry, build_meaning, entry_of
from fleetscan.analyse.pieces import identity_of
from fleetscan.model.drift import DirectiveChange
from fleetscan.model.ids import UnitName
from fleetscan.model.origin import Origin
from fleetscan.model.subject import Subject, SubjectKind
from fleetscan.model.unit import Directive

_OF_UNITS = frozenset({SubjectKind.JOB, SubjectKind.UNIT})

MAX_CHANGES = 100
"""Changes of one subject that are kept; a hostile unit may hold any number of directives."""

MAX_VALUES = 100
"""Values of one directive that are kept."""

MAX_VALUE_CHARS = 2000
"""Characters of one value that are kept."""


def diff_directives(expected: Subject, subject: Subject) -> tuple[DirectiveChange, ...]:
    """Compare two forms by meaning.

    Units that are masked on either side are left out: all their directives are gone, which the mask says already.

    Returns:
        One change per unit, section and key, sorted by role, section and key; at most `MAX_CHANGES`. Empty when both
        mean the same, however they are spelled.
    """
    if subject.key.kind not in _OF_UNITS:
        return _diff_properties(expected, subject)
    before, after = build_meaning(expected), build_meaning(subject)
    silent = _masked_roles(expected) | _masked_roles(subject)
    differing = sorted(
        entry
        for entry in before.keys() | after.keys()
        if before.get(entry) != after.get(entry) and entry[0] not in silent
    )
    old, new = _values_by_entry(expected), _values_by_entry(subject)
    return tuple(_build_change(entry, expected, subject, old, new) for entry in differing[:MAX_CHANGES])


def _diff_properties(expected: Subject, subject: Subject) -> tuple[DirectiveChange, ...]:
    """Compare two forms of a thing that has no directives, by property and by what its file is."""
    before, after = _properties_of(expected), _properties_of(subject)
    return tuple(
        DirectiveChange(
            unit=UnitName(subject.key.name),
            section="",
            key=name,
            before=_one(before.get(name)),
            after=_one(after.get(name)),
            origin=None,
        )
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )[:MAX_CHANGES]


def _properties_of(subject: Subject) -> dict[str, str]:
    pieces = {f"file {index}" if index else "file": identity_of(p) for index, p in enumerate(subject.pieces)}
    return {**dict(subject.properties), **pieces}


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (_cut_value(value),)


def count_differences(expected: Subject, subject: Subject) -> int:
    """Give how many entries of the meaning differ; 0 when both mean the same."""
    before, after = build_meaning(expected), build_meaning(subject)
    return sum(before.get(entry) != after.get(entry) for entry in before.keys() | after.keys())


def _build_change(
    entry: Entry,
    expected: Subject,
    subject: Subject,
    old: dict[Entry, list[Directive]],
    new: dict[Entry, list[Directive]],
) -> DirectiveChange:
    role, section, key = entry
    gone, here = old.get(entry, []), new.get(entry, [])
    before: tuple[str, ...] = tuple(_cut_value(d.value) for d in gone[:MAX_VALUES])
    after: tuple[str, ...] = tuple(_cut_value(d.value) for d in here[:MAX_VALUES])
    if entry == TARGET_ENTRY and subject.key.kind is SubjectKind.JOB:
        before, after = expected.unit_names[1:2], subject.unit_names[1:2]
    return DirectiveChange(
        unit=_unit_of(role, subject) or _unit_of(role, expected) or UnitName(role),
        section=section,
        key=key,
        before=before,
        after=after,
        origin=_find_origin(gone, here),
    )


def _cut_value(value: str) -> str:
    left_out = len(value) - MAX_VALUE_CHARS
    return f"{value[:MAX_VALUE_CHARS]}… [{left_out} characters left out]" if left_out > 0 else value


def _find_origin(gone: list[Directive], here: list[Directive]) -> Origin | None:
    """Give the place of the first value that is new, or else of the first that is gone."""
    old_values = {d.value for d in gone}
    added = [d for d in here if d.value not in old_values]
    for directive in added or here or gone:
        return directive.origin
    return None


def _values_by_entry(subject: Subject) -> dict[Entry, list[Directive]]:
    values: dict[Entry, list[Directive]] = {}
    for unit, directive in subject.directives:
        values.setdefault(entry_of(subject, unit, directive), []).append(directive)
    return values


def _masked_roles(subject: Subject) -> set[str]:
    return {str(index) for index, name in enumerate(subject.unit_names) if name in subject.masked}


def _unit_of(role: str, subject: Subject) -> UnitName | None:
    return subject.unit_names[int(role)] if role.isdecimal() and int(role) < len(subject.unit_names) else None
