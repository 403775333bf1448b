"""What an analyst hunts for, and whether a thing on a host is that.

A pattern from the command line is trusted no more than what it runs over: globs and regular expressions are matched in
linear time (the latter by the engine of pydantic, which knows no back-references and no look-around), and every text is
bounded.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pydantic_core import SchemaError, SchemaValidator, core_schema

from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.provenance import provenance_of
from fleetscan.analyse.sentence import cut_text
from fleetscan.errors import ParseError, UsageError
from fleetscan.export.question_records import MatchRecord
from fleetscan.model.finding import Provenance
from fleetscan.model.ids import Sha256
from fleetscan.model.subject import PieceRole, Subject
from fleetscan.systemd.calendar import normalise_calendar
from fleetscan.systemd.triggers import describe_triggers

MAX_MATCHES = 20
"""Matches of one thing that are told."""

MAX_FILE_BYTES = 1024 * 1024
MAX_LINE_CHARS = 64 * 1024
_MAX_LINES = 5
_MAX_TEXT = 400
_GLOBS = frozenset("*?[")
_RUN = (PieceRole.EXECUTABLE, PieceRole.SCRIPT)


class TextPattern:
    """A regular expression that takes linear time on any text."""

    def __init__(self, pattern: str) -> None:
        """Compile it.

        Raises:
            UsageError: It is not one, or needs more than linear time.
        """
        try:
            pattern.encode()  # the engine would take halves of surrogate pairs for something else
            self._validator = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
        except (SchemaError, UnicodeEncodeError) as error:
            why = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise UsageError(
                f"{pattern!r} is no regular expression that can be used: {why[-1] if why else 'not text'}",
                hint="look-around and back-references are not supported; (?i) at the beginning ignores case",
            ) from error
        self._lines: dict[Sha256, tuple[tuple[int, str], ...]] = {}

    def find_lines(self, sha256: Sha256, contents: Contents) -> tuple[tuple[int, str], ...]:
        """Give number and text of the first lines of a file that match; each content is looked through once."""
        if sha256 not in self._lines:
            self._lines[sha256] = tuple(self._search(contents(sha256) or b""))
        return self._lines[sha256]

    def _search(self, data: bytes) -> Iterator[tuple[int, str]]:
        found = 0
        for number, line in enumerate(data[:MAX_FILE_BYTES].split(b"\n"), 1):
            text = line.decode("utf-8", "replace")[:MAX_LINE_CHARS]
            if self._validator.isinstance_python(text):
                yield number, text
                found += 1
                if found == _MAX_LINES:
                    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarry:
    """What is hunted. Of each kind any may match, and every kind that is given must.

    Attributes:
        executes: Part of a command line or of a path that is run, or a glob over the whole of it.
        paths: A path, a folder above it, or a glob.
        hashes: Full hashes of unit files and of what is run or read.
        texts: Over the lines of unit files and scripts.
        users: Names or globs.
        schedules: A calendar expression that means the same, or a part of how the schedule is written or said.
        provenances: Who put it there.
    """

    executes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    hashes: tuple[Sha256, ...] = ()
    texts: tuple[TextPattern, ...] = ()
    users: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    provenances: tuple[Provenance, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing is asked and everything matches."""
        asked = (self.executes, self.paths, self.hashes, self.texts, self.users, self.schedules, self.provenances)
        return not any(asked)


def match_subject(quarry: Quarry, subject: Subject, contents: Contents) -> tuple[MatchRecord, ...]:
    """Give what of a subject matches, at most `MAX_MATCHES`; nothing when one kind that was asked for does not."""
    if quarry.is_open:
        path = subject.paths[0] if subject.paths else ""
        return (MatchRecord(criterion="rare", text=cut_text(subject.summary, _MAX_TEXT), path=path, line=0),)
    kinds: tuple[tuple[Iterable[object], Callable[[], Iterable[MatchRecord]]], ...] = (
        (quarry.executes, lambda: _match_commands(quarry.executes, subject)),
        (quarry.paths, lambda: _match_paths(quarry.paths, subject)),
        (quarry.hashes, lambda: _match_hashes(quarry.hashes, subject)),
        (quarry.texts, lambda: _match_texts(quarry.texts, subject, contents)),
        (quarry.users, lambda: _match_user(quarry.users, subject)),
        (quarry.schedules, lambda: _match_schedule(quarry.schedules, subject)),
        (quarry.provenances, lambda: _match_provenance(quarry.provenances, subject)),
    )
    found: dict[MatchRecord, None] = {}
    for asked, match in kinds:
        if asked:
            mine = dict.fromkeys(match())
            if not mine:
                return ()
            found.update(mine)
    return tuple(found)[:MAX_MATCHES]


def matches_text(text: str, pattern: str) -> bool:
    """Tell whether a pattern with `*`, `?` or `[` matches the whole text, or one without them is a part of it."""
    return fnmatchcase(text, pattern) if _GLOBS & set(pattern) else pattern in text


def _matches_path(path: str, pattern: str) -> bool:
    if _GLOBS & set(pattern):
        return fnmatchcase(path, pattern)
    return path == pattern or path.startswith(pattern.rstrip("/") + "/")


def _match_commands(patterns: tuple[str, ...], subject: Subject) -> Iterator[MatchRecord]:
    for command in subject.commands:
        line = " ".join((command.path, *command.argv[1:]))[:MAX_LINE_CHARS]
        if any(matches_text(text, p) for p in patterns for text in (line, command.path, command.raw[:MAX_LINE_CHARS])):
            yield MatchRecord(
                criterion="exec",
                text=cut_text(f"{command.directive}={command.raw}", _MAX_TEXT),
                path=command.origin.path,
                line=command.origin.line,
            )
    for piece in subject.pieces:
        if piece.role in _RUN and any(
            matches_text(path, p) for p in patterns for path in (piece.path, piece.real_path)
        ):
            text = f"{piece.role.value} {piece.path}" + (f" → {piece.real_path}" if piece.real_path else "")
            yield MatchRecord(criterion="exec", text=cut_text(text, _MAX_TEXT), path=piece.path, line=0)


def _match_paths(patterns: tuple[str, ...], subject: Subject) -> Iterator[MatchRecord]:
    for path in subject.paths:
        if any(_matches_path(path, pattern) for pattern in patterns):
            yield MatchRecord(criterion="path", text=cut_text(path, _MAX_TEXT), path=path, line=0)


def _match_hashes(hashes: tuple[Sha256, ...], subject: Subject) -> Iterator[MatchRecord]:
    for path, sha256 in _files_of(subject):
        if sha256 in hashes:
            yield MatchRecord(criterion="sha256", text=sha256, path=path, line=0)


def _match_texts(patterns: tuple[TextPattern, ...], subject: Subject, contents: Contents) -> Iterator[MatchRecord]:
    for path, sha256 in dict.fromkeys(_files_of(subject)):
        for pattern in patterns:
            for line, text in pattern.find_lines(sha256, contents):
                yield MatchRecord(criterion="text", text=cut_text(text, _MAX_TEXT), path=path, line=line)


def _match_user(patterns: tuple[str, ...], subject: Subject) -> Iterator[MatchRecord]:
    if subject.run_as and any(fnmatchcase(subject.run_as, pattern) for pattern in patterns):
        stated = next((d.origin for _, d in subject.directives if d.key == "User" and d.value == subject.run_as), None)
        path = stated.path if stated else (subject.paths[0] if subject.paths else "")
        line = stated.line if stated else 0
        yield MatchRecord(criterion="user", text=cut_text(subject.run_as, _MAX_TEXT), path=path, line=line)


def _match_schedule(patterns: tuple[str, ...], subject: Subject) -> Iterator[MatchRecord]:
    for trigger in subject.triggers:
        said = describe_triggers((trigger,))
        if any(_is_schedule(pattern, (trigger.value, trigger.normal, said)) for pattern in patterns):
            yield MatchRecord(
                criterion="schedule",
                text=cut_text(f"{trigger.directive}={trigger.value}", _MAX_TEXT),
                path=trigger.origin.path,
                line=trigger.origin.line,
            )


def _is_schedule(pattern: str, texts: tuple[str, ...]) -> bool:
    try:
        normal = normalise_calendar(pattern)
    except ParseError:
        return any(matches_text(text, pattern) for text in texts)
    return normal in texts


def _match_provenance(wanted: tuple[Provenance, ...], subject: Subject) -> Iterator[MatchRecord]:
    found = provenance_of(subject)
    if found in wanted:
        path = subject.paths[0] if subject.paths else ""
        yield MatchRecord(criterion="provenance", text=found.value, path=path, line=0)


def _files_of(subject: Subject) -> Iterator[tuple[str, Sha256]]:
    """Give path and hash of all its files that have one, unit files first."""
    for source in subject.sources:
        if source.sha256 is not None:
            yield source.path, source.sha256
    for piece in subject.pieces:
        if piece.sha256 is not None:
            yield piece.path, piece.sha256
