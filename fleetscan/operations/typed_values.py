"""Plain values of a YAML file as model values, by their type hints; strict, with the place of whatever does not fit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from fleetscan.inventory.document import Location, Plain
from fleetscan.model.baseline import Prevalence

MARK = "\ue000"
"""Stands before four hexadecimal digits in place of what no YAML file can hold: halves of surrogate pairs."""

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_OCTAL = re.compile(r"[0-7]{1,6}")
_PREVALENCE = re.compile(r"([0-9]{1,9}) of ([0-9]{1,9})")
_MARKED = re.compile(rf"{MARK}([0-9a-f]{{4}})")
_MAX_TEXT = 80

Read = Callable[[Plain, Location], Any]


class MisfitError(Exception):
    """A value that is not what its place asks for."""

    def __init__(self, location: Location, message: str) -> None:
        super().__init__(message)
        self.location = location
        self.message = message


def read_value(kind: object, value: Plain, location: Location) -> Any:  # noqa: ANN401 - the caller knows the kind
    """Read a value of a type.

    Args:
        kind: A dataclass, or a type made of those that this module knows.
        value: From a document, in which all scalars are text.
        location: Where it stands.

    Raises:
        MisfitError: It is something else.
    """
    return _reader(kind)(value, location)


def read_fields(kind: type, value: Plain, location: Location, given: Mapping[str, object]) -> Any:  # noqa: ANN401 - an instance of kind
    """Read a dataclass of which some fields stand elsewhere and must not stand here.

    Raises:
        MisfitError: Something does not fit.
    """
    hints = get_type_hints(kind)
    table = read_mapping(value, location)
    known = {field.name: field for field in fields(kind) if field.name not in given}
    for name in table:
        if name not in known:
            raise MisfitError((*location, name), f"unknown key; known are {', '.join(known)}")
    found: dict[str, object] = {}
    for name, field in known.items():
        if name in table:
            read = _read_mode if name == "mode" else _reader(hints[name])
            found[name] = read(table[name], (*location, name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise MisfitError(location, f"the key {name!r} is missing")
    return kind(**found, **given)


def read_mapping(value: Plain, location: Location) -> Mapping[str, Plain]:
    """Read a mapping.

    Raises:
        MisfitError: It is none.
    """
    if not isinstance(value, dict):
        raise MisfitError(location, "expected a mapping (indented 'name: …' lines)")
    return value


def read_list(value: Plain, location: Location) -> list[Plain]:
    """Read a list.

    Raises:
        MisfitError: It is none.
    """
    if not isinstance(value, list):
        raise MisfitError(location, "expected a list ('- …' lines)")
    return value


@cache
def _reader(kind: Any) -> Read:  # noqa: ANN401 - kinds of type hints have no common type; one line each
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Prevalence:
        return _read_prevalence
    if is_dataclass(kind) and isinstance(kind, type):
        whole = kind
        return lambda value, location: read_fields(whole, value, location, {})
    if origin in (Union, UnionType):
        (inner,) = (_reader(argument) for argument in arguments if argument is not NoneType)
        return lambda value, location: None if value is None else inner(value, location)
    if origin is tuple:
        return _read_tuple(arguments)
    if isinstance(kind, type) and issubclass(kind, Enum):
        members = kind
        return lambda value, location: _read_enum(members, value, location)
    simple: dict[object, Read] = {
        str: _read_text,
        int: _read_whole,
        float: _read_number,
        bool: _read_switch,
        datetime: _read_time,
    }
    return simple[kind]


def _read_tuple(arguments: tuple[Any, ...]) -> Read:
    if arguments[1:] == (Ellipsis,):
        item = _reader(arguments[0])
        return lambda value, location: tuple(
            item(one, (*location, index)) for index, one in enumerate(read_list(value, location))
        )
    items = [_reader(argument) for argument in arguments]

    def read(value: Plain, location: Location) -> tuple[Any, ...]:
        found = read_list(value, location)
        if len(found) != len(items):
            raise MisfitError(location, f"expected a list of {len(items)}")
        pairs = zip(items, found, strict=True)
        return tuple(one(part, (*location, index)) for index, (one, part) in enumerate(pairs))

    return read


def _read_text(value: Plain, location: Location) -> str:
    if not isinstance(value, str):
        raise MisfitError(location, "expected text")
    if value.count(MARK) != len(_MARKED.findall(value)):
        raise MisfitError(location, "expected four hexadecimal digits after each U+E000")
    return _MARKED.sub(lambda match: chr(int(match[1], 16)), value)


def _read_whole(value: Plain, location: Location) -> int:
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise MisfitError(location, "expected a whole number")
    return int(value)


def _read_mode(value: Plain, location: Location) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _OCTAL.fullmatch(value):
        raise MisfitError(location, "expected permission bits in octal such as 0755")
    return int(value, 8)


def _read_number(value: Plain, location: Location) -> float:
    try:
        return float(value) if isinstance(value, str) and len(value) <= _MAX_TEXT else float("nan")
    except ValueError:
        raise MisfitError(location, "expected a number") from None


def _read_switch(value: Plain, location: Location) -> bool:
    if value not in ("true", "false"):
        raise MisfitError(location, "expected true or false")
    return value == "true"


def _read_prevalence(value: Plain, location: Location) -> Prevalence:
    match = _PREVALENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > int(match[2]):
        raise MisfitError(location, "expected two numbers such as 9 of 10")
    return Prevalence(int(match[1]), int(match[2]))


def _read_time(value: Plain, location: Location) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise MisfitError(location, "expected a time with its zone such as 2026-03-01T02:00:00+00:00")
    return found


def _read_enum(kind: type[Enum], value: Plain, location: Location) -> Enum:
    try:
        return kind(value)
    except ValueError:
        words = ", ".join(str(member.value) for member in kind)
        raise MisfitError(location, f"expected one of {words}") from None
