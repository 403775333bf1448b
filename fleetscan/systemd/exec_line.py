"""Exec lines (`ExecStart=` and its sisters) taken apart as the manager would, so that no spelling hides a program."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fleetscan.model.unit import Directive, ExecCommand

PREFIXES = "-@:+!|"
_PREFIXES_SINCE = {"+": 231, "!": 235, ":": 242, "|": 258}
_WHITESPACE = " \t\n\r"
_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", '"': '"', "'": "'", "s": " ",
}  # fmt: skip
_NUMERIC_ESCAPE = re.compile(
    r"x(?P<hex>[0-9A-Fa-f]{2})|u(?P<u4>[0-9A-Fa-f]{4})|U(?P<u8>[0-9A-Fa-f]{8})|(?P<octal>[0-7]{3})"
)
_SLASHES = re.compile(r"/(?:\.?/)+")
_LARGEST_CODE_POINT = 0x10FFFF


class _Word(NamedTuple):
    text: str
    end: int
    is_closed: bool = True


class Words(NamedTuple):
    """The words of one command; `is_closed` says that the last one has no quote left open."""

    words: list[str]
    is_closed: bool


def parse_exec(directive: Directive, systemd_version: int = 0) -> tuple[ExecCommand, ...]:
    """Take one assignment of an Exec directive apart.

    Never raises: a line that systemd would refuse (no closing quote, a prefix too many, no path) is read as far as it
    can be, so that whatever it names is seen; `exec_check` tells what is refused. Specifiers (`%i`) and variables
    (`$X`) are left as they stand.

    Args:
        directive: The assignment.
        systemd_version: Major version, 0 for a current one; decides which prefixes there are.

    Returns:
        The commands in order; empty for an empty value (which resets the list). `path` has repeated slashes and `/./`
        removed, as systemd does; `argv[0]` keeps its spelling, and with the prefix `@` is the second word.

    Source:
        systemd.service(5), "Command lines".
    """
    return tuple(
        _build_command(directive, words, systemd_version) for words, _closed in split_commands(directive.value)
    )


def split_commands(text: str) -> Iterator[Words]:
    """Give the words of each command of a line, decoded, prefixes still in front of the first one."""
    position = _skip_spaces(text, 0)
    while position < len(text):
        words, is_closed, position = _read_command(text, position)
        if words:
            yield Words(words, is_closed)


def split_prefixes(word: str, systemd_version: int) -> tuple[str, str]:
    """Take off the prefixes that systemd would take: each kind once, `!` also twice, never both `+` and `!`.

    Returns:
        The prefixes and what systemd takes for the path.

    Source: config_parse_exec().
    """
    known = "-@"
    for prefix, since in _PREFIXES_SINCE.items():
        known += prefix if not systemd_version or systemd_version >= since else ""
    taken = ""
    for character in word:
        limit = 2 if character == "!" else 1
        rival = {"+": "!", "!": "+"}.get(character, "")
        if character not in known or taken.count(character) >= limit or (rival and rival in taken):
            break
        taken += character
    return taken, word[len(taken) :]


def _read_command(text: str, position: int) -> tuple[list[str], bool, int]:
    """Read words up to a lone `;` or the end; give them, whether all are closed, and the position after the `;`."""
    words: list[str] = []
    is_closed = True
    while position < len(text):
        if text[position] == ";" and _ends_word(text, position + 1):
            return words, is_closed, _skip_spaces(text, position + 1)
        if words and text.startswith("\\;", position) and _ends_word(text, position + 2):
            words.append(";")
            position += 2
        else:
            word = _read_word(text, position)
            position = word.end
            if not words and word.text == ";":  # however it is written: in place of a program it separates
                return words, True, _skip_spaces(text, position)
            words.append(word.text)
            is_closed = word.is_closed
        position = _skip_spaces(text, position)
    return words, is_closed, position


def _build_command(directive: Directive, words: list[str], systemd_version: int) -> ExecCommand:
    prefixes, program = split_prefixes(words[0], systemd_version)
    if "|" not in prefixes and (not program or "/" in program):
        # More prefixes than systemd takes: it refuses the line, but what was meant is clear.
        program = words[0].lstrip(PREFIXES)
        prefixes = words[0][: len(words[0]) - len(program)]
    rest = words[1:]
    if not program and rest:  # `ExecStart=- /bin/x` is refused by systemd; the next word is what was meant
        program, rest = rest[0], rest[1:]
    # For a shell, `@` asks for a login shell and no word is its name.
    argv = rest if "@" in prefixes and "|" not in prefixes and rest else [program, *rest]
    return ExecCommand(
        directive=directive.key,
        prefixes=prefixes,
        path=_simplify(program),
        argv=tuple(argv),
        raw=directive.value,
        origin=directive.origin,
    )


def _read_word(text: str, position: int) -> _Word:
    """Read one word: quotes may open anywhere in it, escapes work inside and outside of both kinds of quotes."""
    out: list[str] = []
    quote = ""
    while position < len(text):
        character = text[position]
        position += 1
        if character == "\\":
            decoded, position = _read_escape(text, position)
            out.append(decoded)
        elif quote:
            if character == quote:
                quote = ""
            else:
                out.append(character)
        elif character in "\"'":
            quote = character
        elif character in _WHITESPACE:
            break
        else:
            out.append(character)
    return _Word(_join_bytes("".join(out)), position, not quote)


def _read_escape(text: str, position: int) -> tuple[str, int]:
    """Decode what follows a backslash; an escape that systemd does not know stays as it is, backslash included."""
    character = text[position : position + 1]
    if character in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[character], position + 1
    match = _NUMERIC_ESCAPE.match(text, position)
    decoded = _decode_number(match) if match else None
    if match and decoded is not None:
        return decoded, match.end()
    return "\\" + character, position + len(character)


def _decode_number(match: re.Match[str]) -> str | None:
    if digits := match["hex"]:
        return _decode_byte(int(digits, 16))
    if digits := match["octal"]:
        return _decode_byte(int(digits, 8))
    code = int(match["u4"] or match["u8"], 16)
    is_character = 0 < code <= _LARGEST_CODE_POINT and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character else None


def _decode_byte(value: int) -> str | None:
    if not 0 < value <= 0xFF:
        return None
    # Above ASCII a byte is a part of a UTF-8 character; it waits as a surrogate until the word is complete.
    return chr(value) if value < 0x80 else chr(0xDC00 + value)


def _join_bytes(word: str) -> str:
    if word.isascii():
        return word
    try:
        return word.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate that did not come from bytes; nothing to join
        return word


def _simplify(path: str) -> str:
    if not path.startswith("/"):
        return path
    simple = _SLASHES.sub("/", path)
    return simple.removesuffix("/.") or "/"


def _ends_word(text: str, position: int) -> bool:
    return position >= len(text) or text[position] in _WHITESPACE


def _skip_spaces(text: str, position: int) -> int:
    while position < len(text) and text[position] in _WHITESPACE:
        position += 1
    return position
