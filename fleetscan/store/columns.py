"""Column types that give both databases the same meaning."""

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from fleetscan.model.ids import Sha256

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_ESCAPE = "\x10"
"""DLE, "data link escape": hardly ever in real text, so stored text reads like the original."""
_NEEDS_ESCAPE = re.compile("[\x00\x10\ud800-\udfff]")
_ESCAPED = re.compile("\x10([0-9a-f]{4})")

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; SQLite numbers rows by itself only when the type is spelled INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """An aware instant, stored as microseconds since the epoch; read back in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn an instant into microseconds.

        Raises:
            ValueError: The datetime has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn microseconds into an aware UTC datetime."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class Digest(TypeDecorator[Sha256]):
    """A SHA-256, 64 hexadecimal digits in Python and 32 bytes in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sha256 | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn hexadecimal digits into bytes."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sha256 | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn bytes into hexadecimal digits."""
        return None if value is None else Sha256(value.hex())


class HostText(TypeDecorator[str]):
    """Text that may hold anything: NUL (which PostgreSQL refuses) and lone surrogates (which UTF-8 refuses).

    Those two and the escape character itself are stored as DLE and four hexadecimal digits; all other text is stored
    as it is. Never sort by such a column in SQL: the order differs between databases.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Escape what a database would refuse."""
        return None if value is None else escape_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the original text."""
        return None if value is None else unescape_text(value)


def escape_text(text: str) -> str:
    """Make any Python string storable in both databases."""
    return _NEEDS_ESCAPE.sub(lambda match: f"{_ESCAPE}{ord(match[0]):04x}", text)


def unescape_text(text: str) -> str:
    """Undo `escape_text`."""
    if _ESCAPE not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
