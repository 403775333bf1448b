"""Code that a subject runs and whose text is known: inline, in scripts, on standard input, in variables."""

import shlex
from collections.abc import Iterator

from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.rules.decoding import MAX_CODE, decode_base64, longest_blob, read_code
from fleetscan.analyse.rules.element import MAX_ELEMENTS, Element, Value, cut
from fleetscan.analyse.rules.trust import Trust
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.subject import Piece, PieceRole, Subject
from fleetscan.systemd.interpreter import interpreter_script

_MAX_SCRIPT_BYTES = 4 * MAX_CODE
_WITH_TEXT = (PieceRole.SCRIPT, PieceRole.EXECUTABLE, PieceRole.STARTER)


def list_code(subject: Subject, contents: Contents, trust: Trust) -> tuple[Element, ...]:
    """Give every text that a subject runs, or hands to what it runs."""
    found: list[Element] = []
    for element in (*_of_commands(subject, trust), *_of_directives(subject, trust), *_of_files(subject, contents)):
        found.append(element)
        if len(found) == MAX_ELEMENTS:
            break
    return tuple(found)


def _of_commands(subject: Subject, trust: Trust) -> Iterator[Element]:
    for command in subject.commands:
        foreign = trust.is_foreign_at(command.origin.path)
        script = interpreter_script(command)
        has_inline = script is not None and script.text is not None
        text = " ".join((command.path, *command.argv[1:]))
        line = EvidenceLine(cut(f"{command.directive}={command.raw}"), command.origin.path, command.origin.line)
        yield _build("inline" if has_inline else "command", text, line, foreign=foreign)
    for name, value in subject.properties:
        if name == "command":
            yield _build("command", value, EvidenceLine(cut(value)), foreign=True)


def _of_directives(subject: Subject, trust: Trust) -> Iterator[Element]:
    inputs: list[str] = []
    input_line: EvidenceLine | None = None
    is_foreign = False
    for _unit, directive in subject.directives:
        place = directive.origin
        foreign = trust.is_foreign_at(place.path)
        line = EvidenceLine(cut(f"{directive.key}={directive.value}"), place.path, place.line)
        match directive.key:
            case "StandardInputText":
                inputs.append(directive.value)
            case "StandardInputData":
                inputs.append(decode_base64(directive.value) or "")
            case "SetCredential":
                value = directive.value.partition(":")[2]
                yield _build("credential", value, line, foreign=foreign)
            case "Environment":
                for value in _values(directive.value):
                    yield _build("environment", value, line, foreign=foreign)
            case _:
                continue
        if directive.key.startswith("StandardInput"):
            input_line = input_line or line
            is_foreign = is_foreign or foreign
    if input_line is not None:
        yield _build("input", "\n".join(inputs), input_line, foreign=is_foreign)


def _values(text: str) -> list[str]:
    try:
        words = shlex.split(text[:MAX_CODE])
    except ValueError:
        words = text[:MAX_CODE].split()
    return [word.partition("=")[2] for word in words if len(word) > 8]


def _of_files(subject: Subject, contents: Contents) -> Iterator[Element]:
    for piece in subject.pieces:
        if piece.role not in _WITH_TEXT or piece.sha256 is None or (piece.size_bytes or 0) > _MAX_SCRIPT_BYTES:
            continue
        data = contents(piece.sha256)
        if data is None or b"\0" in data[:1024]:
            continue
        text = data[:_MAX_SCRIPT_BYTES].decode("utf-8", "surrogateescape")
        line = EvidenceLine(_describe(piece), piece.real_path or piece.path)
        yield _build("script", text, line, foreign=Trust.is_foreign(piece))


def _describe(piece: Piece) -> str:
    return f"{piece.role.value} {piece.path}"


def _build(kind: str, text: str, line: EvidenceLine, *, foreign: bool) -> Element:
    values: dict[str, Value] = {
        "kind": kind,
        "text": read_code(text),
        "foreign": foreign,
        "blob": longest_blob(text),
        "length": len(text),
        "path": line.path,
    }
    return Element(values, line)
