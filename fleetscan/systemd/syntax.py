"""Unit file syntax: bytes → assignments in file order, exactly as the given version of systemd splits them.

Source: systemd.syntax(7); config_parse() and read_line_full() of systemd 219, 239, 250 and 252.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fleetscan.model.origin import Origin
from fleetscan.model.unit import Directive

MAX_LINE_BYTES = 1024 * 1024
"""LONG_LINE_MAX: a line this long, or a continued line longer than it, makes the whole file unreadable."""

INCLUDE_KEY = ".include"
"""Key (in section "") of the pseudo directive for `.include PATH`, which systemd honoured until 245."""

_ASSUMED_VERSION = 256  # when the host did not say: what a current systemd does
_SPACE = b" \t\n\r"
_BOM = b"\xef\xbb\xbf"
_LINE_ENDS_NEW = re.compile(rb"\n\r?\0?|\r\n?\0?|\0")
_LINE_ENDS_OLD = re.compile(rb"[\n\0]")
_INCLUDE = re.compile(rb"\.include(?=[ \t\n\r]|\Z)")
_PATTERN_IN_HEADER = re.compile(rb"[*?\[]")
_UNSAFE_IN_HEADER = re.compile(rb"[\x00-\x1f\"'\\\x7f]")


@dataclass(frozen=True, slots=True)
class UnitText:
    """What one file says.

    Attributes:
        assignments: All of them in file order: empty ones, repeated ones, unknown keys and sections. Those before the
            place where reading stopped when the file is refused.
        problems: What systemd would warn about, one line each, with the line number.
        fatal: Why systemd refuses the whole file, empty when it does not.
    """

    assignments: tuple[Directive, ...]
    problems: tuple[str, ...] = ()
    fatal: str = ""


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What changed between versions."""

    line_ends: re.Pattern[bytes]
    skips_comments_inside: bool
    keeps_open_end: bool
    needs_equals: bool
    refuses_bad_utf8: bool
    refuses_bad_header: bool
    refuses_odd_header: bool
    includes: bool

    @staticmethod
    def of(version: int) -> "_Dialect":
        version = version or _ASSUMED_VERSION
        return _Dialect(
            line_ends=_LINE_ENDS_NEW if version >= 240 else _LINE_ENDS_OLD,
            skips_comments_inside=version >= 243,
            keeps_open_end=version >= 237,
            needs_equals=version <= 239,
            refuses_bad_utf8=version >= 239,
            refuses_bad_header=version >= 252,
            refuses_odd_header=version >= 258,  # not by 257, by 262
            includes=version <= 245,
        )


class _RefusedError(Exception):
    """The file is refused; the text says why."""


def parse_unit(data: bytes, *, path: str, systemd_version: int) -> UnitText:
    """Split a unit file or drop-in into assignments.

    Never raises: what systemd cannot read is said in `problems` or `fatal`. Linear in the size of `data`.

    Args:
        data: The file's bytes.
        path: For the origins and the problems.
        systemd_version: Major version of the host; 0 (unknown) reads as a current one does.

    Returns:
        Values with quoting and escapes untouched; bytes that are not UTF-8 as surrogates (`surrogateescape`).
    """
    dialect = _Dialect.of(systemd_version)
    assignments: list[Directive] = []
    problems: list[str] = []
    fatal = ""
    section = ""
    line = 0
    try:
        for line, text in _join_lines(data, dialect):
            section = _read_line(text, section, Origin(path, line), dialect, assignments, problems)
    except _RefusedError as refused:
        fatal = str(refused) if str(refused).startswith("line ") else f"line {line}: {refused}"
    return UnitText(tuple(assignments), tuple(problems), fatal)


def _split_lines(data: bytes, dialect: _Dialect) -> Iterator[tuple[int, bytes]]:
    """Give physical lines with their 1-based number; the bytes after the last line end only when there are any."""
    start = 0
    number = 0
    for number, end in enumerate(dialect.line_ends.finditer(data), start=1):
        yield number, _check_length(data[start : end.start()], number)
        start = end.end()
    if start < len(data):
        yield number + 1, _check_length(data[start:], number + 1)


def _check_length(line: bytes, number: int) -> bytes:
    if len(line) >= MAX_LINE_BYTES:
        raise _RefusedError(f"line {number}: line too long")
    return line


def _join_lines(data: bytes, dialect: _Dialect) -> Iterator[tuple[int, bytes]]:
    """Give logical lines with the number of the physical line on which each begins."""
    parts: list[bytes] = []
    size = 0
    begins = 0
    bom_seen = False
    for number, physical in _split_lines(data, dialect):
        line = physical
        # Up to 242 only joined lines are looked at: a comment that ends in a backslash swallows the next line.
        if dialect.skips_comments_inside and line.lstrip(_SPACE)[:1] in {b"#", b";"}:
            continue
        if not bom_seen and line.startswith(_BOM):
            bom_seen = True
            line = line[len(_BOM) :]
        if not parts:
            begins = number
        elif size + len(line) > MAX_LINE_BYTES:
            raise _RefusedError(f"line {number}: continued line too long")
        if (len(line) - len(line.rstrip(b"\\"))) % 2:
            parts.append(line[:-1] + b" ")
            size += len(line)
            continue
        parts.append(line)
        yield begins, b"".join(parts)
        parts, size = [], 0
    if parts and dialect.keeps_open_end:
        yield begins, b"".join(parts)


def _read_line(
    raw: bytes, section: str, origin: Origin, dialect: _Dialect, assignments: list[Directive], problems: list[str]
) -> str:
    """Read one logical line into `assignments` or `problems`; give the section that holds after it."""
    line = raw.strip(_SPACE)
    if not line or (not dialect.skips_comments_inside and line[:1] in {b"#", b";"}):
        return section
    if dialect.includes and _INCLUDE.match(line):
        target = line[len(INCLUDE_KEY) :].strip(_SPACE)
        assignments.append(Directive("", INCLUDE_KEY, _decode(target), origin))
        return section
    if not _is_utf8(line):
        if dialect.refuses_bad_utf8:
            raise _RefusedError("not UTF-8")
        problems.append(f"line {origin.line}: not UTF-8, ignored")
        return section
    if line.startswith(b"["):
        return _read_header(line, dialect)
    key, equals, value = line.partition(b"=")
    if not equals and dialect.needs_equals:
        raise _RefusedError("missing '='")
    if not section:
        problems.append(f"line {origin.line}: assignment outside of a section, ignored")
    elif not equals:
        problems.append(f"line {origin.line}: missing '=', ignored")
    elif not key:
        problems.append(f"line {origin.line}: missing key before '=', ignored")
    else:
        assignments.append(Directive(section, _decode(key.strip(_SPACE)), _decode(value.strip(_SPACE)), origin))
    return section


def _read_header(line: bytes, dialect: _Dialect) -> str:
    if not line.endswith(b"]"):
        raise _RefusedError("bad section header")
    name = line[1:-1]
    if dialect.refuses_odd_header and (not name or _PATTERN_IN_HEADER.search(name)):
        raise _RefusedError("empty section header, or a pattern")
    if dialect.refuses_bad_header and _UNSAFE_IN_HEADER.search(name):
        raise _RefusedError("bad characters in section header")
    return _decode(name)


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _is_utf8(data: bytes) -> bool:
    """Tell whether systemd takes bytes for UTF-8: its check refuses Unicode's noncharacters, too."""
    if data.isascii():
        return True
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE for c in text if c >= "\ufdd0")
