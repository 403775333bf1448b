"""Following many paths of one host at once: each round asks for all that is unknown, so rounds are few."""

from collections.abc import Iterable, Mapping

from fleetscan.model.ids import Sha256
from fleetscan.probe.questions import (
    ABSENT,
    can_ask,
    find_scripts,
    parse_hash_answer,
    parse_listed,
    parse_nodes,
    plan_questions,
)
from fleetscan.probe.walk import HashedFile, WalkRecord
from fleetscan.sweep.dialogue import Dialogue
from fleetscan.systemd.path_walk import Node, NodeKind, Walked, follow_path

_MAX_ROUNDS = 64
_MAX_NODES = 20_000


class PathFinder:
    """Follows paths and hashes files with the rights of one account.

    Args:
        dialogue: With the probe.
        sentinel: Of this visit.
        reader: `-` for the probe's own rights, or a uid.
    """

    def __init__(self, dialogue: Dialogue, sentinel: str, reader: str) -> None:
        self._dialogue = dialogue
        self._sentinel = sentinel
        self.reader = reader
        self._nodes: dict[str, Node] = {}
        self._records: dict[str, WalkRecord] = {}

    def record_of(self, path: str) -> WalkRecord | None:
        """Give what `lstat` said of a component, None when it was not looked at."""
        return self._records.get(path)

    async def follow(self, paths: Iterable[str]) -> Mapping[str, Walked]:
        """Follow paths to their ends; one that could not be followed to its end is not in the answer."""
        ends: dict[str, Walked] = {}
        open_paths = dict.fromkeys(path for path in paths if path.startswith("/"))
        for _round in range(_MAX_ROUNDS):
            unknown: dict[str, None] = {}
            for path in tuple(open_paths):
                step = follow_path(path, self._nodes.get)
                if isinstance(step, Walked):
                    ends[path] = step
                    del open_paths[path]
                elif step.paths and all(map(can_ask, step.paths)):
                    unknown.update(dict.fromkeys(step.paths))
                else:
                    del open_paths[path]
                if len(self._nodes) + len(unknown) > _MAX_NODES:
                    return ends  # before the rest of them is worked out, which may be millions
            if not unknown:
                break
            if not await self._look(unknown):
                break
        return ends

    async def _look(self, paths: Iterable[str]) -> bool:
        """Ask for components; tell whether anything was learned."""
        known = len(self._nodes)
        for question in plan_questions("stat", self.reader, paths):
            frame = (await self._dialogue.ask(question, "stat"))[-1]
            for path, (node, record) in parse_nodes(question, frame, self._sentinel).items():
                self._nodes[path] = node
                if record is not None:
                    self._records[path] = record
        return len(self._nodes) > known

    async def list(self, folders: Iterable[str]) -> Mapping[str, tuple[WalkRecord, ...]]:
        """Tell what lies in folders; one that could not be listed to its end is not in the answer."""
        listed: dict[str, tuple[WalkRecord, ...]] = {}
        # One that may not be entered answers as if it were empty.
        entered = (folder for folder in folders if self._nodes.get(folder, ABSENT).kind is not NodeKind.CLOSED)
        for question in plan_questions("list", self.reader, entered):
            frame = (await self._dialogue.ask(question, "list"))[-1]
            for folder, records in (parse_listed(question, frame, self._sentinel) or {}).items():
                listed[folder] = records
                for record in records:
                    self._records[record.path] = record
        return listed

    async def hash(self, paths: Iterable[str]) -> tuple[Mapping[str, HashedFile], frozenset[Sha256]]:
        """Hash regular files.

        Returns:
            What was read, by path; and the hashes of those that begin with `#!`.
        """
        hashed: dict[str, HashedFile] = {}
        scripts: set[Sha256] = set()
        for question in plan_questions("hash", self.reader, paths):
            frames = await self._dialogue.ask(question, "marks")
            for frame in frames:
                if frame.section == "hashes":
                    found = parse_hash_answer(question, frame)
                    hashed |= found
                    scripts |= find_scripts(tuple(found.values()), frames[-1])
        return hashed, frozenset(scripts)
