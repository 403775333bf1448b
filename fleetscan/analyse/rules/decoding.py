"""Text of code as rules read it: in pieces of bounded length, with what is hidden in it by quoting and encoding."""

import base64
import binascii
import re
from collections.abc import Iterator

MAX_CODE = 65_536
"""Characters of one script or inline text that are looked at: the beginning, and the end."""
MAX_LINE = 1024
"""Characters of one piece; longer lines are cut into pieces that overlap."""

_OVERLAP = 256
_TAIL = 16_384
_MAX_LINES = 4000
_MAX_BLOBS = 20
_MAX_DEPTH = 3
_COMMENT = re.compile(r"\s*#(?!!)")
_CONTINUED = re.compile(r"\\\n[ \t]*")
_QUOTING = re.compile(r"[\"'\\^`]|\$@|\$\*")
_SPACE_VARIABLE = re.compile(r"\$\{?IFS\}?(?:%\?\?)?")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){16,}")
_ESCAPES = re.compile(r"\\x([0-9A-Fa-f]{2})|\\(0?[0-3][0-7]{2})")
_PRINTABLE = 0.9


def read_code(text: str) -> tuple[str, ...]:
    """Give a text in pieces, each followed by its plain spelling where quoting hides it, decoded blobs last.

    Comments and empty lines are left out, continued lines joined. Bounded whatever the text is.
    """
    lines: dict[str, None] = {}
    for piece in _read(text, 0):
        lines.setdefault(piece)
        if len(lines) >= _MAX_LINES:
            break
    return tuple(lines)


def longest_blob(text: str) -> int:
    """Give the length of the longest word that decodes as base64 or hexadecimal digits and is no path or name."""
    head = _bound(text)
    return max((len(m[0]) for pattern in (_BASE64, _HEX) for m in pattern.finditer(head) if _is_blob(m[0])), default=0)


def decode_base64(text: str) -> str | None:
    """Give what a base64 text holds, None when it is none. Bytes that are not UTF-8 become surrogates."""
    try:
        packed = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return data.decode("utf-8", "surrogateescape")


def _read(text: str, depth: int) -> Iterator[str]:
    text = _bound(text)
    plain = _CONTINUED.sub(" ", text)
    for line in plain.split("\n"):
        if not line.strip() or _COMMENT.match(line):
            continue
        for piece in _pieces(" ".join(line.split())):
            yield piece
            shown = _unquote(piece)
            if shown != piece:
                yield shown
    if depth < _MAX_DEPTH:
        for hidden in _decode(text):
            yield from _read(hidden, depth + 1)


def _bound(text: str) -> str:
    return text if len(text) <= MAX_CODE else f"{text[: MAX_CODE - _TAIL]}\n{text[-_TAIL:]}"


def _pieces(line: str) -> Iterator[str]:
    for start in range(0, max(len(line), 1), MAX_LINE - _OVERLAP):
        yield line[start : start + MAX_LINE]
        if start + MAX_LINE >= len(line):
            return


def _unquote(piece: str) -> str:
    escaped = _ESCAPES.sub(lambda m: chr(int(m[1], 16) if m[1] else int(m[2], 8)), piece)
    return " ".join(_QUOTING.sub("", _SPACE_VARIABLE.sub(" ", escaped)).split())


def _decode(text: str) -> Iterator[str]:
    """Give what the encoded words of a text hold, where that is text itself; words that are spelled backwards too."""
    found = 0
    for pattern in (_BASE64, _HEX):
        for match in pattern.finditer(text):
            if found == _MAX_BLOBS:
                return
            hidden = _open(match[0], is_hex=pattern is _HEX)
            if hidden is not None:
                found += 1
                yield hidden


def _open(blob: str, *, is_hex: bool) -> str | None:
    if is_hex:
        decoded: str | None = bytes.fromhex(blob).decode("utf-8", "surrogateescape")
    else:
        decoded = decode_base64(blob)
    if not decoded or "\0" in decoded:
        return None
    readable = sum(1 for c in decoded if c.isprintable() or c in "\n\t\r")
    return decoded if readable >= _PRINTABLE * len(decoded) else None


def _is_blob(word: str) -> bool:
    """Tell whether a word looks encoded: letters of both cases and digits, or nothing but hexadecimal digits."""
    if "/" in word and word.count("/") > len(word) // 12:
        return False
    has_all = any(c.isupper() for c in word) and any(c.islower() for c in word) and any(c.isdigit() for c in word)
    return has_all or _HEX.fullmatch(word) is not None
