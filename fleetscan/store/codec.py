"""Model values as JSON and back, by their type hints: generic, strict, versioned.

A dataclass becomes an object without the fields that have their default value, so a field with a default can be added
later without a new version. Anything else that does not fit the hints is an error, never a guess.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from fleetscan.errors import StoreError
from fleetscan.model.digest import JsonValue

VERSION = 1
"""Raised when stored values change their meaning; older versions are then read by a branch of `decode_value`."""

T = TypeVar("T")
Convert = Callable[[Any], Any]


class CodecError(StoreError):
    """A stored document does not have the form of its type."""


def encode_value(value: object, kind: object) -> bytes:
    """Write a value as compact ASCII JSON with its version.

    Args:
        value: Of the type `kind`.
        kind: A dataclass, or a type made of the ones this codec knows (`tuple[Artifact, ...]`).
    """
    document = {"v": VERSION, "data": _encoder(kind)(value)}
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def decode_value(data: bytes, kind: type[T]) -> T:
    """Read a value of the type `kind`.

    Raises:
        CodecError: The bytes are not JSON, of another version, or not of this type.
    """
    try:
        document = json.loads(data)
    except ValueError as fault:
        raise CodecError(f"a stored {_name(kind)} is not JSON") from fault
    if not isinstance(document, dict) or document.get("v") != VERSION or "data" not in document:
        raise CodecError(f"a stored {_name(kind)} has a version that this program does not know", hint="upgrade")
    hint: Any = kind  # a class is hashable, which mypy does not see of type[T]
    value: T = _decoder(hint)(document["data"])
    return value


def encode_json(value: object, kind: object) -> JsonValue:
    """Give a value as JSON-ready data without version, to be part of something larger or to be digested."""
    encoded: JsonValue = _encoder(kind)(value)
    return encoded


@cache
def _encoder(kind: Any) -> Convert:  # noqa: ANN401, PLR0911 - kinds of type hints have no common type; one line each
    kind, origin, arguments = _take_apart(kind)
    if is_dataclass(kind):
        return _dataclass_encoder(kind)
    if origin in (Union, UnionType):
        inner = _encoder(_optional(kind, arguments))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        if arguments[1:] == (Ellipsis,):
            item = _encoder(arguments[0])
            return lambda value: [item(one) for one in value]
        items = [_encoder(argument) for argument in arguments]
        return lambda value: [encode(one) for encode, one in zip(items, value, strict=True)]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = _encoder(arguments[1])
        return lambda value: {key: inner(value[key]) for key in sorted(value)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: value.value
    if kind is datetime:
        return _encode_time
    if kind in (str, int, float, bool):
        return lambda value: value
    raise TypeError(f"the codec does not know {kind!r}")


def _dataclass_encoder(kind: Any) -> Convert:  # noqa: ANN401 - any dataclass
    hints = get_type_hints(kind)
    plan = [(field.name, _default(field), _encoder(hints[field.name])) for field in fields(kind)]

    def encode(value: object) -> JsonValue:
        result: dict[str, JsonValue] = {}
        for name, default, convert in plan:
            content = getattr(value, name)
            if default is MISSING or content != default:
                result[name] = convert(content)
        return result

    return encode


@cache
def _decoder(kind: Any) -> Convert:  # noqa: ANN401, PLR0911 - as above
    kind, origin, arguments = _take_apart(kind)
    if is_dataclass(kind):
        return _dataclass_decoder(kind)
    if origin in (Union, UnionType):
        inner = _decoder(_optional(kind, arguments))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _tuple_decoder(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = _decoder(arguments[1])
        return lambda value: {key: inner(one) for key, one in _require(value, dict).items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: _decode_enum(kind, value)
    if kind is datetime:
        return lambda value: _decode_time(_require(value, str))
    if kind is float:
        return lambda value: float(_require(value, int if isinstance(value, int) else float))
    if kind in (str, int, bool):
        return lambda value: _require(value, kind)
    raise TypeError(f"the codec does not know {kind!r}")


def _tuple_decoder(arguments: tuple[Any, ...]) -> Convert:
    if arguments[1:] == (Ellipsis,):
        item = _decoder(arguments[0])
        return lambda value: tuple(item(one) for one in _require(value, list))
    items = [_decoder(argument) for argument in arguments]

    def decode(value: object) -> tuple[Any, ...]:
        found: list[Any] = _require(value, list)
        if len(found) != len(items):
            raise CodecError(f"a stored tuple has {len(found)} items instead of {len(items)}")
        return tuple(convert(one) for convert, one in zip(items, found, strict=True))

    return decode


def _dataclass_decoder(kind: Any) -> Convert:  # noqa: ANN401 - any dataclass
    hints = get_type_hints(kind)
    converters = {field.name: _decoder(hints[field.name]) for field in fields(kind)}
    required = frozenset(field.name for field in fields(kind) if _default(field) is MISSING)

    def decode(value: object) -> object:
        found: dict[str, Any] = _require(value, dict)
        if unknown := found.keys() - converters.keys():
            raise CodecError(f"a stored {kind.__name__} has unknown fields: {', '.join(sorted(unknown))}")
        if missing := required - found.keys():
            raise CodecError(f"a stored {kind.__name__} lacks fields: {', '.join(sorted(missing))}")
        return kind(**{name: converters[name](content) for name, content in found.items()})

    return decode


def _take_apart(kind: Any) -> tuple[Any, Any, tuple[Any, ...]]:  # noqa: ANN401 - as above
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    return kind, get_origin(kind), get_args(kind)


def _optional(kind: object, arguments: tuple[Any, ...]) -> object:
    present = [argument for argument in arguments if argument is not NoneType]
    if len(present) != 1 or len(arguments) != 2:
        raise TypeError(f"the codec knows unions with None only, not {kind!r}")
    return present[0]


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _require(value: object, kind: type) -> Any:  # noqa: ANN401 - the callers know
    if type(value) is not kind:  # not isinstance: True is no int here
        raise CodecError(f"a stored value is of type {type(value).__name__} instead of {kind.__name__}")
    return value


def _encode_time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without zone cannot be stored")
    return value.astimezone(UTC).isoformat()


def _decode_time(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as fault:
        raise CodecError("a stored time cannot be read") from fault
    if moment.tzinfo is None:
        raise CodecError("a stored time has no zone")
    return moment


def _decode_enum(kind: type[Enum], value: object) -> Enum:
    try:
        return kind(value)
    except ValueError as fault:
        raise CodecError(f"a stored {kind.__name__} has an unknown value") from fault


def _name(kind: object) -> str:
    return getattr(kind, "__name__", str(kind))
