"""What jobs reach outside the unit directories, looked at in the course of a visit."""

import asyncio
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import Scope, Sha256, scope_user
from fleetscan.model.program import ProgramRole
from fleetscan.model.snapshot import Artifact, ArtifactKind, Privilege
from fleetscan.probe.assemble import Listing
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer
from fleetscan.probe.files import EMPTY_SHA256, OWN_RIGHTS, build_artifact
from fleetscan.probe.programs import Named, build_absent, build_program
from fleetscan.probe.questions import parse_variables, plan_questions
from fleetscan.probe.walk import HashedFile
from fleetscan.sweep.dialogue import Dialogue
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.paths import PathFinder
from fleetscan.sweep.plan import Plan, Planner
from fleetscan.sweep.provenance import mark_owned, read_packages
from fleetscan.systemd.jobs import MAX_JOBS
from fleetscan.systemd.path_walk import Ending, Walked
from fleetscan.systemd.programs import MAX_PER_UNIT, ProgramRef, is_pattern
from fleetscan.systemd.reached import KINDS
from fleetscan.systemd.tree import UnitTree

_MAX_HASHED_BYTES = 128 * 1024 * 1024
_CROWDED = 3_000
_LONG_TEXTS = 1024 * 1024


@dataclass(slots=True)
class Reach:
    """What a visit has so far; `explore` completes it, and what was found stays when it is cut short.

    Attributes:
        artifacts: By key.
        gaps: What was not read.
        contents: Bytes that came on this visit.
        offers: What else the host can send, by hash.
        paths: Where each offered hash lies.
    """

    listing: Listing
    dialogue: Dialogue
    sentinel: str
    known: KnownContents
    planner: Planner
    artifacts: dict[tuple[str, str, str], Artifact] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    contents: dict[Sha256, bytes] = field(default_factory=dict)
    offers: dict[Sha256, Offer] = field(default_factory=dict)
    paths: dict[Sha256, tuple[str, ...]] = field(default_factory=dict)
    _finders: dict[str, PathFinder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with what the listing says."""
        self.artifacts = {artifact.key: artifact for artifact in self.listing.artifacts}
        self.gaps = list(self.listing.gaps)
        self.offers = dict(self.listing.offers)
        self.paths = dict(self.listing.paths)

    async def explore(self) -> None:
        """Fetch unit files, follow links that lead elsewhere, look at what commands run, ask whose files they are."""
        await self._fetch(self.listing.offers)
        await self._read_linked()
        plan = await self._plan()
        if plan.included:
            await self._read_texts({path: scope for scope, path in plan.included})
            plan = await self._plan()
        for scope, count in plan.crowded:
            reason = f"{count} timers; more than {MAX_JOBS} are not looked at"
            self.gaps.append(Gap(Area.FILES, scope, ReadStatus.TRUNCATED, None, reason))
        reason = f"the unit names {MAX_PER_UNIT} files or more; those beyond are not looked at"
        self.gaps += [Gap(Area.PROGRAMS, scope, ReadStatus.TRUNCATED, path, reason) for scope, path in plan.cut]
        await self._look_at([*plan.references, *await self._expand(plan.references)])
        packages = await read_packages(self.dialogue, self.artifacts.values(), merged_usr=self.listing.merged_usr)
        self.gaps += packages.gaps
        self.artifacts = {artifact.key: artifact for artifact in mark_owned(self.artifacts.values(), packages)}

    async def _plan(self) -> Plan:
        artifacts = [self.artifacts[key] for key in sorted(self.artifacts)]
        hashes = {a.sha256 for a in artifacts if a.kind is ArtifactKind.FILE and a.sha256 is not None}
        contents = self.known.load(hashes)
        if (
            len(artifacts) > _CROWDED or sum(map(len, contents.values())) > _LONG_TEXTS
        ):  # takes seconds, in which the other visits shall go on
            return await asyncio.to_thread(self.planner.plan, self.listing.facts, artifacts, contents)
        return self.planner.plan(self.listing.facts, artifacts, contents)

    async def _fetch(self, offers: Mapping[Sha256, Offer]) -> None:
        wanted = self.known.wanted(offers)
        found = await self.dialogue.fetch(offers, wanted - self.contents.keys())
        self.contents.update(found)
        self.known.hold(found)

    async def _read_linked(self) -> None:
        """Read what links lead to that lead out of the unit directories; their gaps are settled then.

        A path that the system and a user link to is read with the rights of the system: it is not for the user to say
        what lies there.
        """
        links = {gap.path: gap for gap in self.gaps if gap.status is ReadStatus.NOT_TRIGGERED and gap.path}
        found = [a for a in self.listing.artifacts if a.kind is ArtifactKind.LINK and a.name in links]
        if not found:
            return
        found.sort(key=lambda link: scope_user(link.scope) is None)  # of one path the last counts
        tree = UnitTree.of(self.listing.facts, self.listing.artifacts)
        targets = {link.name: tree.target_path(link) for link in found}
        folders = {targets[a.name]: a.scope for a in found if links[a.name].area is Area.FILES}
        texts = {targets[a.name]: a.scope for a in found if links[a.name].area is Area.CONTENT}
        settled = await self._read_folders(folders) | await self._read_texts(texts)
        for link in found:
            if targets[link.name] in settled:
                self.gaps.remove(links[link.name])

    async def _read_folders(self, folders: Mapping[str, Scope]) -> frozenset[str]:
        """Read folders of drop-ins and of links that lie elsewhere; give those that were read."""
        settled = set()
        texts: dict[str, Scope] = {}
        for reader, scope_of in self._by_reader(folders.items()).items():
            finder = self._finder(reader)
            ends = await finder.follow(scope_of)
            real = {path: end.path for path, end in ends.items() if end.ending is Ending.FOUND}
            listed = await finder.list(real.values())
            for path, scope in scope_of.items():
                if real.get(path) in listed or (path in ends and ends[path].ending is Ending.ABSENT):
                    settled.add(path)
                for record in listed.get(real.get(path, ""), ()):
                    name = f"{path}/{record.path.rpartition('/')[2]}"
                    if record.type in "fl" and name.endswith(".conf"):
                        texts[name] = scope
                    else:
                        artifact = replace(build_artifact(record, self.listing.people, None), name=name, scope=scope)
                        self.artifacts.setdefault(artifact.key, artifact)
        for name in sorted(texts.keys() - await self._read_texts(texts)):
            reason = "a drop-in behind a linked folder, which could not be read"
            self.gaps.append(Gap(Area.CONTENT, texts[name], ReadStatus.DENIED, name, reason))
        return frozenset(settled)

    async def _read_texts(self, targets: Mapping[str, Scope]) -> frozenset[str]:
        """Read unit files that lie elsewhere; give those of which it is now known what they are."""
        settled = set()
        offers: dict[Sha256, Offer] = {}
        for reader, scope_of in self._by_reader(targets.items()).items():
            ends = await self._finder(reader).follow(scope_of)
            files = [end.path for end in ends.values() if end.ending is Ending.FOUND]
            hashed, _scripts = await self._finder(reader).hash(files)
            for path, end in ends.items():
                if end.ending is Ending.ABSENT:
                    settled.add(path)
                elif end.ending is Ending.FOUND:
                    artifact = self._add(Named(ArtifactKind.FILE, scope_of[path], path), end, hashed)
                    size = artifact.size_bytes
                    if artifact.sha256 is not None and size is not None and size <= MAX_CONTENT_BYTES:
                        settled.add(path)
                        if size:
                            offers[artifact.sha256] = Offer(hashed[end.path].number, size, reader)
                            self.paths.setdefault(artifact.sha256, (path,))
        self.offers.update(offers)
        await self._fetch(offers)
        return frozenset(settled)

    async def _expand(self, references: Iterable[ProgramRef]) -> tuple[ProgramRef, ...]:
        """Give the environment files that patterns name."""
        found: list[ProgramRef] = []
        for ref in references:
            folder, _, pattern = ref.name.rpartition("/")
            if ref.candidates or ref.role is not ProgramRole.ENVIRONMENT or not is_pattern(ref.name):
                continue
            finder = self._finder(self._reader_of(ref.scope))
            end = (await finder.follow([folder])).get(folder)
            if end is not None and end.ending is Ending.ABSENT:
                continue
            real = end.path if end is not None and end.ending is Ending.FOUND else ""
            listed = await finder.list([real])
            if real not in listed:
                self._miss(ref, ReadStatus.FAILED, "its folder could not be listed")
            for record in listed.get(real, ()):
                base = record.path.rpartition("/")[2]
                if fnmatchcase(base, pattern) and (pattern.startswith(".") or not base.startswith(".")):
                    found.append(replace(ref, name=f"{folder}/{base}", candidates=(f"{folder}/{base}",)))
        return tuple(found)

    async def _look_at(self, references: Iterable[ProgramRef]) -> None:
        """Follow, hash and describe the files that commands name, with the rights of whoever runs them."""
        wanted: dict[str, dict[ProgramRef, None]] = {}
        for ref in references:
            wanted.setdefault(self._reader_of(ref.scope), {})[ref] = None
        for reader, refs in wanted.items():
            finder = self._finder(reader)
            ends = await finder.follow(posixpath.normpath(path) for ref in refs for path in ref.candidates)
            chosen = {ref: self._choose(ref, ends) for ref in refs}
            found = {ref: pair for ref, pair in chosen.items() if pair is not None}
            hashed, scripts = await finder.hash(end.path for _path, end in found.values())
            offers: dict[Sha256, Offer] = {}
            for ref, (path, end) in found.items():
                artifact = self._add(Named(KINDS[ref.role], ref.scope, path), end, hashed)
                is_script = artifact.sha256 in scripts and ref.role is ProgramRole.EXECUTABLE
                if (is_script or ref.role is ProgramRole.SCRIPT) and artifact.sha256 and artifact.size_bytes:
                    self._offer(artifact, hashed[end.path], offers)
            await self._read_variables(finder, found)
            self.offers.update(offers)
            await self._fetch(offers)

    def _choose(self, ref: ProgramRef, ends: Mapping[str, Walked]) -> tuple[str, Walked] | None:
        """Give the candidate that is there; note what is absent or cannot be known."""
        named = Named(KINDS[ref.role], ref.scope, ref.name)
        if not ref.candidates:
            if not is_pattern(ref.name):
                self._miss(ref, ReadStatus.UNSUPPORTED, "its path is known only when it runs")
            return None
        for path in map(posixpath.normpath, ref.candidates):
            end = ends.get(path)
            if end is not None and end.ending is Ending.FOUND:
                return path, end
            if end is None:
                self._miss(ref, ReadStatus.FAILED, "the way to it could not be followed")
            elif end.ending is Ending.DENIED:
                self._miss(ref, ReadStatus.DENIED, f"{end.path} may not be entered")
            elif end.ending is Ending.AWAY:
                reason = f"{end.path} lies on {end.why[:40]}; it is not mounted or waited for"
                self._miss(ref, ReadStatus.NOT_TRIGGERED, reason)
            else:
                continue
            return None
        absent = build_absent(named)
        self.artifacts.setdefault(absent.key, absent)
        return None

    def _miss(self, ref: ProgramRef, status: ReadStatus, reason: str) -> None:
        self.gaps.append(Gap(Area.PROGRAMS, ref.scope, status, ref.name, f"{ref.directive}: {reason}"))

    def _add(self, named: Named, end: Walked, hashed: Mapping[str, HashedFile]) -> Artifact:
        record_of = self._finder(self._reader_of(named.scope)).record_of
        record = record_of(end.path)
        size = record.size if record is not None and record.type == "f" else None
        file = hashed.get(end.path)
        sha256 = EMPTY_SHA256 if size == 0 else (file.sha256 if file else None)
        artifact = build_program(named, end, record_of, self.listing.people, sha256)
        self.artifacts[artifact.key] = artifact
        if size is not None and sha256 is None:
            area = Area.CONTENT if named.kind is ArtifactKind.FILE else Area.PROGRAMS
            large = size >= _MAX_HASHED_BYTES
            status = ReadStatus.OVERSIZE if large else ReadStatus.DENIED
            reason = f"{size} bytes; more than is hashed" if large else "the file may not be read"
            self.gaps.append(Gap(area, named.scope, status, named.path, reason))
        return artifact

    def _offer(self, artifact: Artifact, file: HashedFile, offers: dict[Sha256, Offer]) -> None:
        size = artifact.size_bytes or 0
        if size <= MAX_CONTENT_BYTES:
            offers[file.sha256] = Offer(file.number, size, file.reader)
            self.paths.setdefault(file.sha256, (artifact.name,))
        else:
            reason = f"a script of {size} bytes; its text is more than the scanner takes"
            self.gaps.append(Gap(Area.PROGRAMS, artifact.scope, ReadStatus.OVERSIZE, artifact.name, reason))

    async def _read_variables(self, finder: PathFinder, found: Mapping[ProgramRef, tuple[str, Walked]]) -> None:
        files: dict[str, dict[tuple[Scope, str], None]] = {}
        for ref, (path, end) in found.items():
            if ref.role is ProgramRole.ENVIRONMENT:
                files.setdefault(end.path, {})[ref.scope, path] = None
        for question in plan_questions("variables", finder.reader, files):
            frame = (await self.dialogue.ask(question, "variables"))[-1]
            for real, pairs in parse_variables(question, frame, self.sentinel).items():
                for scope, path in files[real]:
                    artifact = self.artifacts[ArtifactKind.ENVIRONMENT.value, scope, path]
                    properties = tuple(sorted({**dict(artifact.properties), **dict(pairs)}.items()))
                    self.artifacts[artifact.key] = replace(artifact, properties=properties)

    def _by_reader(self, items: Iterable[tuple[str, Scope]]) -> Mapping[str, Mapping[str, Scope]]:
        grouped: dict[str, dict[str, Scope]] = {}
        for path, scope in items:
            grouped.setdefault(self._reader_of(scope), {})[path] = scope
        return grouped

    def _reader_of(self, scope: Scope) -> str:
        """Tell with whose rights to look: what a user named is read with no more than the user's own."""
        user = scope_user(scope)
        if user is None or self.listing.facts.privilege is Privilege.USER:
            return OWN_RIGHTS
        uid = self.listing.people.uid_of(user)
        return OWN_RIGHTS if uid == 0 else str(uid)

    def _finder(self, reader: str) -> PathFinder:
        if reader not in self._finders:
            self._finders[reader] = PathFinder(self.dialogue, self.sentinel, reader)
        return self._finders[reader]
