"""What nobody writes into a unit file unless a reader is to be misled."""

import re
import unicodedata
from collections.abc import Iterator

from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.rules.element import Element, cut
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.subject import PieceRole, Subject
from fleetscan.model.unit import ExecCommand
from fleetscan.systemd.exec_line import split_commands

MAX_USUAL_BYTES = 256 * 1024
MAX_USUAL_LINE = 64 * 1024

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = re.compile("[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u2060-\u2064\u3164\ufeff\uffa0]")
_LINE_LIKE = re.compile("[\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_NUL = re.compile(rb"\0")
_BARE_CR = re.compile(rb"\r(?!\n)")
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1f\x7f]")
_INDENTED_HEADER = re.compile(rb"(?m)^[ \t]+\[[A-Za-z]+\]")
_ESCAPED_LETTER = re.compile(r"\\(?:x[2-7][0-9a-fA-F]|u00[2-7][0-9a-fA-F]|U000000[2-7][0-9a-fA-F]|[01][0-7]{2})")
_BROKEN_QUOTES = re.compile(r"[A-Za-z0-9/]['\"]{1,2}[A-Za-z0-9/.]|['\"]['\"][A-Za-z0-9/]")
_SPLIT_KEY = re.compile(rb"(?m)^[A-Za-z]{2,30}\\\n")
_MAX_FILES = 60


def list_oddities(subject: Subject, contents: Contents) -> tuple[Element, ...]:
    """Give every oddity of a subject's unit files, names, descriptions and commands, each once."""
    found: dict[tuple[str, str], Element] = {}
    for element in (*_of_files(subject, contents), *_of_names(subject), *_of_commands(subject)):
        found.setdefault((str(element.values["what"]), element.evidence.path), element)
    return tuple(found.values())


def _of_files(subject: Subject, contents: Contents) -> Iterator[Element]:
    for piece in subject.pieces[:_MAX_FILES]:
        if piece.role in (PieceRole.FRAGMENT, PieceRole.DROP_IN):
            if (piece.size_bytes or 0) > MAX_USUAL_BYTES:
                yield _odd("oversize", f"{piece.size_bytes} bytes", piece.path)
            data = contents(piece.sha256) if piece.sha256 is not None else None
            if data:
                yield from _of_bytes(data, piece.path)
    if not subject.pieces:
        for source in subject.sources[:_MAX_FILES]:
            data = contents(source.sha256) if source.sha256 is not None else None
            if data:
                yield from _of_bytes(data, source.path)


def _of_bytes(data: bytes, path: str) -> Iterator[Element]:
    patterns = {
        "nul": (b"\0" in data, "a NUL byte, which ends a line"),
        "bare-cr": (_BARE_CR.search(data) is not None, "a carriage return without line feed, which ends a line"),
        "control": (_CONTROL.search(data) is not None, "control characters"),
        "bom": (data.startswith(b"\xef\xbb\xbf"), "a byte order mark"),
        "indented-header": (_INDENTED_HEADER.search(data) is not None, "a section header behind spaces"),
        "comment-inside": (_has_comment_inside(data), "a comment inside of a continued line"),
        "split-key": (_SPLIT_KEY.search(data) is not None, "a name that is continued on the next line"),
        "long-line": (max(map(len, data.split(b"\n"))) > MAX_USUAL_LINE, "a line of more than 64 KiB"),
    }
    for what, (is_there, words) in patterns.items():
        if is_there:
            line = data[: _find(what, data)].count(b"\n") + 1
            yield _odd(what, words, path, line)
    text = data[:MAX_USUAL_BYTES]
    try:
        text.decode()
    except UnicodeDecodeError as error:
        if error.start < len(text) - 3:
            yield _odd("not-utf8", "bytes that are not UTF-8", path, text[: error.start].count(b"\n") + 1)
    yield from _of_text(text.decode("utf-8", "replace"), path)


def _has_comment_inside(data: bytes) -> bool:
    """Tell whether comments stand between a continued line and what continues it; one look at each line."""
    is_continued = has_comment = False
    for line in data.split(b"\n"):
        text = line.lstrip(b" \t")
        if is_continued and text.startswith((b"#", b";")):
            has_comment = True
            continue
        if has_comment and text and not text[:1].isspace() and not text.startswith(b"["):
            return True
        is_continued, has_comment = line.endswith(b"\\"), False
    return False


def _find(what: str, data: bytes) -> int:
    patterns = {"nul": _NUL, "bare-cr": _BARE_CR, "control": _CONTROL, "indented-header": _INDENTED_HEADER}
    pattern = patterns.get(what)
    match = pattern.search(data) if pattern is not None else None
    return match.start() if match else 0


def _of_names(subject: Subject) -> Iterator[Element]:
    for text in (subject.key.name, *subject.unit_names, *subject.descriptions):
        yield from _of_text(text, "")
        if _mixes_scripts(text):
            yield _odd("homoglyph", f"letters of several scripts in {text!a}"[:200], "")
    for name in dict.fromkeys((subject.key.name, *subject.unit_names)):
        if any(character.isspace() for character in name):
            yield _odd("space-in-name", f"a space in the name {name!a}"[:200], "")


def _of_text(text: str, path: str) -> Iterator[Element]:
    for what, is_there, words in (
        ("bidi", any(c in text for c in _BIDI), "characters that turn the direction of writing"),
        ("invisible", _INVISIBLE.search(text[1:]) is not None, "characters that nobody sees"),
        ("line-like", _LINE_LIKE.search(text) is not None, "characters that look like line ends and are none"),
    ):
        if is_there:
            yield _odd(what, words, path)


def _of_commands(subject: Subject) -> Iterator[Element]:
    counted: dict[tuple[str, str, int], int] = {}
    for command in subject.commands:
        place = (command.directive, command.origin.path, command.origin.line)
        counted[place] = counted.get(place, 0) + 1
        odd = _spelling(command)
        if odd:
            yield _odd(odd[0], odd[1], command.origin.path, command.origin.line, cut(command.raw))
        if counted[place] == 2:
            words = "several commands in one line"
            yield _odd("several-commands", words, command.origin.path, command.origin.line, cut(command.raw))


def _spelling(command: ExecCommand) -> tuple[str, str] | None:
    first = next(iter(split_commands(command.raw)), None)
    head = command.raw.lstrip()[: 2 * len(command.path) + 40].split(" ", 1)[0]
    if first is None:
        return None
    if _ESCAPED_LETTER.search(head):
        return "escaped-path", "letters of the program's path as escapes"
    if _BROKEN_QUOTES.search(head):
        return "quoted-path", "quotes inside of the program's path"
    if "/../" in command.path or "//" in head.lstrip("@-:+!|\"'") or "/./" in head:
        return "winding-path", "a path that goes back and forth"
    return None


def _mixes_scripts(text: str) -> bool:
    scripts = {unicodedata.name(c, "UNKNOWN").split(" ")[0] for c in text[:512] if c.isalpha() and ord(c) > 0x7F}
    has_latin = any(c.isascii() and c.isalpha() for c in text[:512])
    return has_latin and bool(scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL"})


def _odd(what: str, words: str, path: str, line: int = 0, text: str = "") -> Element:
    return Element({"what": what, "path": path}, EvidenceLine(f"{words}: {text}" if text else words, path, line))
