"""Conditions of rules: from plain values, as a YAML file gives them, to functions of a case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fleetscan.analyse.rules.case_features import CaseFeatures
from fleetscan.analyse.rules.element import Element, Evidence, Value
from fleetscan.analyse.rules.fields import FIELDS
from fleetscan.analyse.rules.listings import LISTINGS
from fleetscan.analyse.rules.operators import OPERATORS, OperandError, Probe
from fleetscan.analyse.rules.words import Field, FieldType, Listing
from fleetscan.model.finding import EvidenceLine

Test = Callable[[CaseFeatures], Evidence | None]
ElementTest = Callable[[Element], str | None]

MAX_EVIDENCE = 10
"""Lines that one rule shows."""
MAX_DEPTH = 12

_NUMERIC = frozenset({"at_least", "at_most"})
_OF_TEXTS = frozenset({"matches", "contains", "starts_with", "ends_with", "longer_than"})


class ConditionError(ValueError):
    """A condition cannot be understood.

    Attributes:
        where: The way to it, keys and positions.
    """

    def __init__(self, message: str, where: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition.

    Attributes:
        of_subject: Whether its outcome depends on the subject's form alone.
    """

    test: Test
    of_subject: bool


def compile_condition(plain: object, where: tuple[str | int, ...] = ()) -> Condition:
    """Compile a condition on a case.

    Raises:
        ConditionError: It names what does not exist, or asks what cannot be asked of it.
    """
    parts = [_compile_entry(key, value, (*where, key)) for key, value in _entries(plain, where)]
    return parts[0] if len(parts) == 1 else _join_all(parts)


def _entries(plain: object, where: tuple[str | int, ...]) -> list[tuple[str, object]]:
    if len(where) > 2 * MAX_DEPTH:
        raise ConditionError(f"conditions within conditions, more than {MAX_DEPTH} deep", where)
    if not isinstance(plain, Mapping) or not plain:
        raise ConditionError("expected a mapping of conditions", where)
    return [(str(key), value) for key, value in plain.items()]


def _compile_entry(key: str, value: object, where: tuple[str | int, ...]) -> Condition:
    if key in ("all", "any"):
        parts = [compile_condition(item, (*where, number)) for number, item in enumerate(_list(value, where))]
        return _join_all(parts) if key == "all" else _join_any(parts)
    if key == "not":
        return _negate(compile_condition(value, where))
    if key in ("some", "each"):
        entries = _entries(value, where)
        if len(entries) != 1 or entries[0][0] not in LISTINGS:
            raise ConditionError(f"expected one of {', '.join(LISTINGS)} with conditions", where)
        listing = LISTINGS[entries[0][0]]
        test = _compile_element(listing, entries[0][1], (*where, listing.name))
        return _quantify(listing, test, every=key == "each")
    if key in FIELDS:
        return _compile_field(FIELDS[key], value, where)
    name, dot, inner = key.partition(".")
    if dot and name in LISTINGS and inner in LISTINGS[name].fields:
        test = _compile_element(LISTINGS[name], {inner: value}, where[:-1])
        return _quantify(LISTINGS[name], test, every=False)
    known = ", ".join(f"{name}.{field}" for field in LISTINGS[name].fields) if name in LISTINGS else ", ".join(FIELDS)
    raise ConditionError(f"there is no field {key!r}; there are {known}", where)


def _list(value: object, where: tuple[str | int, ...]) -> list[object]:
    if not isinstance(value, list) or not value:
        raise ConditionError("expected a list of conditions", where)
    return value


def _compile_field(field: Field, value: object, where: tuple[str | int, ...]) -> Condition:
    probe = _compile_probe(field.type, value, where)

    def test(features: CaseFeatures) -> Evidence | None:
        return None if probe(field.read(features)) is None else field.evidence(features)

    return Condition(test, field.of_subject)


def _compile_probe(kind: FieldType, value: object, where: tuple[str | int, ...]) -> Probe:
    probes = [_build_probe(kind, name, operand, where) for name, operand in _operations(value)]
    if not probes:
        raise ConditionError("expected a value or an operator", where)
    if len(probes) == 1:
        return probes[0]

    def probe(value: Value) -> str | None:
        excerpt = ""
        for one in probes:
            found = one(value)
            if found is None:
                return None
            excerpt = excerpt or found
        return excerpt

    return probe


def _operations(value: object) -> list[tuple[str, object]]:
    """Give operators and operands; a plain value stands for the operator that it asks for."""
    if isinstance(value, Mapping):
        return [(str(name), operand) for name, operand in value.items()]
    return [("is" if isinstance(value, bool) else "in" if isinstance(value, list) else "equals", value)]


def _build_probe(kind: FieldType, name: str, operand: object, where: tuple[str | int, ...]) -> Probe:
    if name not in OPERATORS:
        raise ConditionError(f"there is no operator {name!r}; there are {', '.join(OPERATORS)}", where)
    _check_type(kind, name, operand, where)
    try:
        return OPERATORS[name].build(operand)
    except OperandError as error:
        raise ConditionError(f"{name}: {error}", where) from error


def _check_type(kind: FieldType, operator: str, operand: object, where: tuple[str | int, ...]) -> None:
    """Refuse what could never hold: `at_least` of a text is a slip and no condition."""
    is_truth = isinstance(operand, bool)
    fits = {
        FieldType.TRUTH: operator == "is" or (operator == "equals" and is_truth),
        FieldType.NUMBER: operator in _NUMERIC or (operator in ("equals", "in") and not isinstance(operand, str)),
        FieldType.TEXT: operator in _OF_TEXTS or (operator in ("equals", "in") and isinstance(operand, str | list)),
        FieldType.TEXTS: operator in _OF_TEXTS | {"is"}
        or (operator in ("equals", "in") and isinstance(operand, str | list)),
    }
    if not fits[kind]:
        shown = f"{operator}: {operand!r}"
        raise ConditionError(f"{shown[:100]} can never hold of a field that is {kind.value}", where)


def _compile_element(listing: Listing, plain: object, where: tuple[str | int, ...]) -> ElementTest:
    tests: list[ElementTest] = []
    for key, value in _entries(plain, where):
        place = (*where, key)
        if key in ("all", "any"):
            parts = [
                _compile_element(listing, item, (*place, number)) for number, item in enumerate(_list(value, place))
            ]
            tests.append(_all_of(parts) if key == "all" else _any_of(parts))
        elif key == "not":
            tests.append(_none_of(_compile_element(listing, value, place)))
        elif key in listing.fields:
            tests.append(_ask(key, _compile_probe(listing.fields[key][0], value, place)))
        else:
            raise ConditionError(f"a {listing.name} has no {key!r}; it has {', '.join(listing.fields)}", place)
    return tests[0] if len(tests) == 1 else _all_of(tests)


def _ask(key: str, probe: Probe) -> ElementTest:
    return lambda element: probe(element.values.get(key))


def _all_of(tests: list[ElementTest]) -> ElementTest:
    def test(element: Element) -> str | None:
        excerpt = ""
        for one in tests:
            found = one(element)
            if found is None:
                return None
            excerpt = excerpt or found
        return excerpt

    return test


def _any_of(tests: list[ElementTest]) -> ElementTest:
    def test(element: Element) -> str | None:
        return next((found for one in tests if (found := one(element)) is not None), None)

    return test


def _none_of(test: ElementTest) -> ElementTest:
    return lambda element: "" if test(element) is None else None


def _quantify(listing: Listing, test: ElementTest, *, every: bool) -> Condition:
    def ask(features: CaseFeatures) -> Evidence | None:
        elements = listing.read(features)
        shown: list[EvidenceLine] = []
        is_held = False
        for element in elements:
            excerpt = test(element)
            if excerpt is not None:
                is_held = True
                if len(shown) < MAX_EVIDENCE:
                    shown.append(_show(element, excerpt))
            elif every:
                return None
        return tuple(shown) if is_held else None

    return Condition(ask, listing.of_subject)


def _show(element: Element, excerpt: str) -> EvidenceLine:
    line = element.evidence
    if not excerpt or excerpt in line.text:
        return line
    return EvidenceLine(f"{line.text[:120]}: {excerpt}", line.path, line.line)


def _join_all(parts: list[Condition]) -> Condition:
    tests = [part.test for part in sorted(parts, key=lambda part: not part.of_subject)]

    def test(features: CaseFeatures) -> Evidence | None:
        shown: Evidence = ()
        for one in tests:
            found = one(features)
            if found is None:
                return None
            shown += found
        return shown

    return Condition(test, all(part.of_subject for part in parts))


def _join_any(parts: list[Condition]) -> Condition:
    tests = [part.test for part in parts]

    def test(features: CaseFeatures) -> Evidence | None:
        found = [shown for one in tests if (shown := one(features)) is not None]
        return tuple(line for shown in found for line in shown) if found else None

    return Condition(test, all(part.of_subject for part in parts))


def _negate(part: Condition) -> Condition:
    return Condition(lambda features: () if part.test(features) is None else None, part.of_subject)
