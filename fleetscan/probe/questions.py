"""What the scanner asks of paths outside the unit directories, and what the answers say."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleetscan.model.ids import Sha256
from fleetscan.probe.files import is_whole
from fleetscan.probe.walk import HashedFile, WalkRecord, parse_hashes, parse_walk
from fleetscan.probe.wire import Frame
from fleetscan.systemd.path_walk import Node, NodeKind

MAX_PATHS = 400
"""Most paths of one question: their text must fit on one command line of the host."""

_MAX_QUESTION_BYTES = 65_536
_MAX_VARIABLES, _MAX_NAME, _MAX_VALUE = 500, 64, 1024
# In capitals, so that a host that lies cannot put words into the properties of an artifact that have another meaning.
_TELLING_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_KINDS = {"f": NodeKind.FILE, "d": NodeKind.DIRECTORY, "!": NodeKind.CLOSED, "l": NodeKind.LINK, "~": NodeKind.AWAY}
ABSENT = Node(NodeKind.ABSENT)


@dataclass(frozen=True, slots=True)
class Question:
    """One request about some paths.

    Attributes:
        verb: `stat`, `list`, `hash`, `variables` or `packages`.
        reader: With whose rights to look: `-` for the probe's own, or a uid. Empty for `packages`.
        paths: Absolute.
    """

    verb: str
    reader: str
    paths: tuple[str, ...]

    @property
    def data(self) -> bytes:
        """The bytes to send: a line that says how many paths follow, one a line."""
        words = [self.verb, self.reader] if self.reader else [self.verb]
        lines = [" ".join((*words, str(len(self.paths)))), *(path[1:] for path in self.paths)]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def can_ask(path: str) -> bool:
    """Tell whether a path can be asked for: absolute, below the root, and without a line end."""
    return path.startswith("/") and path[1:2] not in ("", "/", "-") and not set("\n\0") & set(path)


def plan_questions(verb: str, reader: str, paths: Iterable[str]) -> Iterator[Question]:
    """Split paths into questions of bounded size; those that cannot be asked for are left out."""
    batch: list[str] = []
    size = 0
    for path in dict.fromkeys(paths):
        if not can_ask(path):
            continue
        length = len(path.encode("utf-8", "surrogateescape")) + 1
        if batch and (len(batch) == MAX_PATHS or size + length > _MAX_QUESTION_BYTES):
            yield Question(verb, reader, tuple(batch))
            batch, size = [], 0
        batch.append(path)
        size += length
    if batch:
        yield Question(verb, reader, tuple(batch))


def parse_nodes(question: Question, frame: Frame, sentinel: str) -> Mapping[str, tuple[Node, WalkRecord | None]]:
    """Read the answer to `stat`.

    Returns:
        For every path that was asked: what it is, with the record. Nothing for those of which it is not known, because
        the answer is not whole. Records of other paths are not believed.
    """
    records, _bad = parse_walk(frame.payload, sentinel, truncated=not is_whole(frame))
    found: dict[str, tuple[Node, WalkRecord | None]] = {}
    asked = frozenset(question.paths)
    for record in records:
        if record.path in asked:
            node = Node(_KINDS.get(record.type, NodeKind.OTHER), record.target if record.type in "l~" else "")
            found.setdefault(record.path, (node, record))
    if is_whole(frame):
        for path in question.paths:
            found.setdefault(path, (ABSENT, None))
    return found


def parse_listed(question: Question, frame: Frame, sentinel: str) -> Mapping[str, tuple[WalkRecord, ...]] | None:
    """Read the answer to `list`: what lies in each folder that could be read. None when the answer is not whole."""
    if not is_whole(frame):
        return None
    records, _bad = parse_walk(frame.payload, sentinel, truncated=False)
    found: dict[str, list[WalkRecord]] = {path: [] for path in question.paths}
    for record in records:
        if record.type == "!":
            found.pop(record.path, None)
        folder = record.path.rpartition("/")[0]
        if folder in found and record.type != "~":
            found[folder].append(record)
    return {folder: tuple(inside) for folder, inside in found.items()}


def parse_hash_answer(question: Question, frame: Frame) -> Mapping[str, HashedFile]:
    """Read the answer to `hash`, by path; what is not among it could not be read."""
    reader, _, first = frame.scope.partition(" ")
    if reader != question.reader or not (first.isascii() and first.isdecimal() and len(first) < 10):
        return {}
    asked = frozenset(question.paths)
    found = parse_hashes(frame.payload, reader, int(first), truncated=not is_whole(frame))
    return {file.path: file for file in found if file.path in asked}


def find_scripts(hashed: Sequence[HashedFile], marks: Frame) -> frozenset[Sha256]:
    """Tell which of the hashed files begin with `#!`.

    Args:
        hashed: In the order of the answer to `hash`.
        marks: The first two bytes of each of them, one after the other; none is believed when their number differs.
    """
    text = marks.payload.decode("latin-1")
    if len(text) != 2 * len(hashed):
        return frozenset()
    return frozenset(file.sha256 for index, file in enumerate(hashed) if text[2 * index : 2 * index + 2] == "#!")


def parse_variables(question: Question, frame: Frame, sentinel: str) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Read the answer to `variables`.

    Returns:
        For every environment file that could be read: `variables` with all names it sets, and the value of each that
        steers a loader or an interpreter, by its name. Sorted pairs.
    """
    asked = frozenset(question.paths)
    token = sentinel[:6] + " "
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    text = "\n" + frame.payload.decode("utf-8", "surrogateescape")
    for piece in text.split("\n" + token)[1:]:
        head, *lines = piece.split("\n")
        path = "/" + head.removesuffix("//")
        if path not in asked or path in found:
            continue
        names: dict[str, None] = {}
        values: dict[str, str] = {}
        for line in lines[:_MAX_VARIABLES]:
            name, _, value = line[1:].partition("=")
            name = name.strip()[:_MAX_NAME]
            if name and line[:1] in (":", "="):
                names[name] = None
                if line[0] == "=" and _TELLING_NAME.fullmatch(name):
                    values[name] = value.strip()[:_MAX_VALUE]
        found[path] = tuple(sorted({"variables": " ".join(names), **values}.items()))
    return found
