"""What a condition can ask of a value."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from fleetscan.analyse.rules.element import MAX_TEXT, Value
from fleetscan.analyse.rules.patterns import find_danger

Probe = Callable[[Value], str | None]
"""Gives None when a value does not hold, else the part of it that does (perhaps empty)."""

_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: its meaning, and what it makes of an operand."""

    meaning: str
    build: Callable[[object], Probe]


class OperandError(ValueError):
    """An operand does not fit its operator; the text says what would."""


def _each_text(holds: Callable[[str], bool]) -> Probe:
    def probe(value: Value) -> str | None:
        if isinstance(value, tuple):
            return next(("" for item in value if holds(item)), None)
        return "" if isinstance(value, str) and holds(value) else None

    return probe


def _words(operand: object) -> tuple[str, ...]:
    words = operand if isinstance(operand, list) else [operand]
    if not words or not all(isinstance(word, str) for word in words):
        raise OperandError("expected a text or a list of texts")
    return tuple(str(word) for word in words)


def _number(operand: object) -> float:
    if isinstance(operand, bool) or not isinstance(operand, int | float):
        raise OperandError("expected a number")
    return operand


def _equals(operand: object) -> Probe:
    if not isinstance(operand, str | int | float):
        raise OperandError("expected a text, a number, or true or false")
    is_truth = isinstance(operand, bool)

    def probe(value: Value) -> str | None:
        if isinstance(value, tuple):
            return "" if operand in value else None
        return "" if value == operand and isinstance(value, bool) == is_truth else None

    return probe


def _in(operand: object) -> Probe:
    if not isinstance(operand, list) or not operand:
        raise OperandError("expected a list")
    accepted = frozenset(operand)

    def probe(value: Value) -> str | None:
        if isinstance(value, tuple):
            return "" if accepted.intersection(value) else None
        return "" if value in accepted and value is not None else None

    return probe


def _matches(operand: object) -> Probe:
    patterns = [compile_pattern(word) for word in _words(operand)]

    def search(text: str) -> str | None:
        text = text[:MAX_TEXT]
        for pattern in patterns:
            found = pattern.search(text)
            if found:
                start = max(0, found.start() - _EXCERPT)
                return text[start : found.end() + _EXCERPT][:400]
        return None

    def probe(value: Value) -> str | None:
        if isinstance(value, tuple):
            return next((found for item in value if (found := search(item)) is not None), None)
        return search(value) if isinstance(value, str) else None

    return probe


def _contains(operand: object) -> Probe:
    words = _words(operand)
    return _each_text(lambda text: any(word in text for word in words))


def _starts_with(operand: object) -> Probe:
    words = _words(operand)
    return _each_text(lambda text: text.startswith(words))


def _ends_with(operand: object) -> Probe:
    words = _words(operand)
    return _each_text(lambda text: text.endswith(words))


def _at_least(operand: object) -> Probe:
    bound = _number(operand)
    return lambda v: "" if isinstance(v, int | float) and not isinstance(v, bool) and v >= bound else None


def _at_most(operand: object) -> Probe:
    bound = _number(operand)
    return lambda v: "" if isinstance(v, int | float) and not isinstance(v, bool) and v <= bound else None


def _longer_than(operand: object) -> Probe:
    bound = _number(operand)
    return _each_text(lambda text: len(text) > bound)


def _is(operand: object) -> Probe:
    if not isinstance(operand, bool):
        raise OperandError("expected true or false")
    return lambda value: "" if value is operand or (isinstance(value, tuple) and bool(value) is operand) else None


OPERATORS: dict[str, Operator] = {
    "equals": Operator("is this text or number", _equals),
    "in": Operator("is one of these", _in),
    "matches": Operator("has a part that fits this regular expression (Python's), or one of these", _matches),
    "contains": Operator("has this text, or one of these, in it", _contains),
    "starts_with": Operator("begins with this text, or one of these", _starts_with),
    "ends_with": Operator("ends with this text, or one of these", _ends_with),
    "at_least": Operator("is this number or more", _at_least),
    "at_most": Operator("is this number or less", _at_most),
    "longer_than": Operator("is a text of more characters than this", _longer_than),
    "is": Operator("is true or false; of a list: whether there is anything in it", _is),
}


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression that cannot take for ever on the bounded texts it is asked of.

    Raises:
        OperandError: It is not valid, or has a repeat within a repeat, or more than two repeats without an end.
    """
    if len(text) > 2000:
        raise OperandError("a regular expression of more than 2000 characters")
    try:
        pattern = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise OperandError(f"not a regular expression: {error}") from error
    fault = find_danger(text)
    if fault:
        raise OperandError(fault)
    return pattern
