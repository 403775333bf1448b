"""Bytes as they lie in the database: compressed when that makes them smaller."""

import zlib
from enum import IntEnum

_LEVEL = 6
_TINY = 64


class Encoding(IntEnum):
    """How stored bytes are packed."""

    RAW = 0
    ZLIB = 1


def pack_content(data: bytes) -> tuple[Encoding, bytes]:
    """Compress bytes, unless that gains nothing; the encoding is stored beside them."""
    if len(data) > _TINY:
        packed = zlib.compress(data, _LEVEL)
        if len(packed) < len(data):
            return Encoding.ZLIB, packed
    return Encoding.RAW, data


def unpack_content(encoding: int, data: bytes) -> bytes:
    """Give the original bytes."""
    return zlib.decompress(data) if encoding == Encoding.ZLIB else data


def pack_document(data: bytes) -> bytes:
    """Pack bytes of a document into one column: one byte of encoding, then the bytes."""
    encoding, packed = pack_content(data)
    return bytes((encoding,)) + packed


def unpack_document(data: bytes) -> bytes:
    """Undo `pack_document`."""
    return unpack_content(data[0], data[1:])
