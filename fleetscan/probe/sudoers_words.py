"""Sudoers below the level of rules: logical lines, words, lists, and commands with what stands before them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TAGS = (
    "EXEC", "FOLLOW", "INTERCEPT", "LOG_INPUT", "LOG_OUTPUT", "MAIL", "NOEXEC", "NOFOLLOW", "NOINTERCEPT",
    "NOLOG_INPUT", "NOLOG_OUTPUT", "NOMAIL", "NOPASSWD", "NOSETENV", "PASSWD", "SETENV",
)  # fmt: skip
_TAG = re.compile(rf"({'|'.join(_TAGS)})[ \t]*:[ \t]*")
_OPTION = re.compile(
    r"(?:ROLE|TYPE|PRIVS|LIMITPRIVS|CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER|APPARMOR_PROFILE)[ \t]*=[ \t]*"
    r'(?:"[^"]*"|[^ \t,]*)[ \t]*'
)
_DIGEST = re.compile(r"(sha(?:224|256|384|512))[ \t]*:[ \t]*([A-Za-z0-9+/=]+)[ \t]*(?:,[ \t]*(?=sha\d{3}[ \t]*:))?")
_RUN_AS = re.compile(r"\(([^()]*)\)[ \t]*")
_WORD = re.compile(r'"[^"]*"|(?:[^ \t,=:!()"\\]|\\.)(?:[^ \t,=:"\\]|\\.|"[^"]*")*', re.DOTALL)
_REGEX = re.compile(r"\^[^ \t]*?\$(?=[ \t,:]|\Z)(?:[ \t]+\^.*?\$(?=[ \t]*[,:]|[ \t]*\Z))?")
_COMMAND = re.compile(r"(?:[^,:\\]|\\.)+", re.DOTALL)
_BLANK = re.compile(r"[ \t]*")
_ESCAPED = re.compile(r"\\([,:=# \t\"])")
_CONTINUED = re.compile(r"\\[ \t\r]*\Z")
_UID = re.compile(r"(?:^|[ \t,!(%])\Z")
_OPPOSITES = {tag: tag.removeprefix("NO") if tag.startswith("NO") else f"NO{tag}" for tag in _TAGS}


class WordError(ValueError):
    """A line that is not as sudoers(5) says."""


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line; `source` is `FILE:LINE` of where it begins."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Item:
    """One member of a list; quotes and escapes resolved."""

    text: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command with all that holds for it, also by what stands before those on its left.

    Attributes:
        run_as: What stands in the parentheses; None without any.
    """

    item: Item
    run_as: str | None
    tags: frozenset[str]


def join_lines(file: str, raw: Iterable[tuple[int, str]]) -> Iterator[Line]:
    """Make logical lines: a comment ends with its line, whatever stands at its end."""
    held, first = "", 0
    for number, text in raw:
        plain = _without_comment(text).rstrip("\r")
        first = first if held else number
        if match := _CONTINUED.search(plain):
            held += plain[: match.start()].lstrip(" \t") + " "
            continue
        line = (held + plain.lstrip(" \t")).strip(" \t\r")
        held = ""
        if line:
            yield Line(line, f"{file}:{first}")
    if held.strip(" \t"):
        yield Line(held.strip(" \t"), f"{file}:{first}")


def _without_comment(text: str) -> str:
    """Cut a comment off; `#` before a digit is a number of an account, where an account may stand."""
    if re.match(r"[ \t]*#include(?:dir)?[ \t]", text):
        return text
    at, quoted = 0, False
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 2
            continue
        if letter == '"':
            quoted = not quoted
        elif letter == "#" and not quoted:
            is_uid = text[at + 1 : at + 2].isdigit() and _UID.search(text[max(at - 1, 0) : at])
            if not is_uid:
                return text[:at]
        at += 1
    return text


class Scanner:
    """Reads one logical line from the left. All methods raise `WordError`."""

    def __init__(self, text: str, at: int = 0) -> None:
        self._text = text
        self._at = at
        self._take(_BLANK)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match:
            self._at = match.end()
        return match

    def skip(self, letter: str) -> bool:
        """Skip a letter and the blanks behind it, if it is there."""
        if not self._text.startswith(letter, self._at):
            return False
        self._at += 1
        self._take(_BLANK)
        return True

    def expect(self, letter: str) -> None:
        """Skip a letter that must be there."""
        if not self.skip(letter):
            raise WordError(letter)

    def expect_end(self) -> None:
        """Tell that something is left."""
        if self._at < len(self._text):
            raise WordError("end")

    def _read_negation(self) -> bool:
        count = 0
        while self.skip("!"):
            count += 1
        return count % 2 == 1

    def read_word(self) -> Item:
        """Read one member of a list."""
        is_negated = self._read_negation()
        match = self._take(_WORD)
        if match is None:
            raise WordError("word")
        self._take(_BLANK)
        return Item(_ESCAPED.sub(r"\1", match[0].replace('"', "")), is_negated)

    def read_list(self) -> list[Item]:
        """Read members with commas between them."""
        items = [self.read_word()]
        while self.skip(","):
            items.append(self.read_word())
        return items

    def read_commands(self) -> list[CommandSpec]:
        """Read commands with commas between them; what stands before one holds for those behind it, too."""
        specs: list[CommandSpec] = []
        run_as: str | None = None
        tags: frozenset[str] = frozenset()
        while True:
            while True:
                if match := self._take(_RUN_AS):
                    run_as = match[1]
                elif match := self._take(_TAG):
                    tags = (tags - {_OPPOSITES[match[1]]}) | {match[1]}
                elif not self._take(_OPTION):
                    break
            specs.append(CommandSpec(self._read_command(), run_as, tags))
            if not self.skip(","):
                return specs

    def _read_command(self) -> Item:
        is_negated = self._read_negation()
        digests = []
        while match := self._take(_DIGEST):
            digests.append(f"{match[1]}:{match[2]} ")
        is_negated = self._read_negation() != is_negated
        match = self._take(_REGEX) or self._take(_COMMAND)
        if match is None or not match[0].strip():
            raise WordError("command")
        self._take(_BLANK)
        return Item("".join(digests) + _ESCAPED.sub(r"\1", " ".join(match[0].split())), is_negated)
