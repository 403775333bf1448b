"""Which programs the text of `sh -c` starts: the first words of its commands, and the files that it sources.

Not a shell: expansions are not done, and what is built at run time is not seen. It serves to find files worth a look.
"""

import re
import shlex
from collections.abc import Iterator

_MAX_TEXT = 16_384
_MAX_COMMANDS = 64
_SEPARATORS = re.compile(r"(?:\|\||&&|;;|[;\n|(){}`]|\$\(|(?<![<>0-9])&(?![>0-9]))")
_WORDS_BEFORE_COMMANDS = frozenset(
    [
        "!",
        "if",
        "then",
        "else",
        "elif",
        "do",
        "while",
        "until",
        "time",
        "exec",
        "nohup",
        "setsid",
        "command",
        "builtin",
        "eval",
    ]
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_SOURCE = frozenset({".", "source"})


def find_commands(text: str) -> tuple[tuple[str, ...], ...]:
    """Give the words of each command of a shell text, program first; assignments and keywords in front are left out.

    Bounded: the first 16,384 characters, the first 64 commands. A sourced file is a command of its own.
    """
    found: list[tuple[str, ...]] = []
    for words in _split(text[:_MAX_TEXT]):
        index = 0
        while index < len(words) and (words[index] in _WORDS_BEFORE_COMMANDS or _ASSIGNMENT.match(words[index])):
            index += 1
        command = words[index:]
        if command[:1] and command[0] in _SOURCE:
            command = command[1:2]
        if command:
            found.append(tuple(command))
            if len(found) == _MAX_COMMANDS:
                break
    return tuple(found)


def _split(text: str) -> Iterator[list[str]]:
    for piece in _pieces(text):
        try:
            words = shlex.split(piece, comments=True)
        except ValueError:  # a quote that this cut apart, or that was never closed
            words = piece.replace('"', " ").replace("'", " ").split()
        if words:
            yield words


def _pieces(text: str) -> Iterator[str]:
    """Cut a text at the separators that stand outside of quotes."""
    start = position = 0
    quote = ""
    while position < len(text):
        character = text[position]
        if quote == '"' and text.startswith(("$(", "`"), position):
            yield text[start:position]  # a command within the quotes
            position += 2 if character == "$" else 1
            start, quote = position, ""
        elif quote:
            if character == "\\" and quote == '"':
                position += 1
            elif character == quote:
                quote = ""
            position += 1
        elif character in "\"'":
            quote = character
            position += 1
        elif character == "\\":
            position += 2
        elif match := _SEPARATORS.match(text, position):
            yield text[start:position]
            start = position = match.end()
        else:
            position += 1
    yield text[start:]
