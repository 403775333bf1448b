"""What jobs reach outside the unit directories, looked at in the course of a visit."""

import asyncio
import posixpath
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import Scope, Sha256
from fleetscan.model.program import ProgramRole
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer
from fleetscan.probe.programs import Named, build_absent
from fleetscan.probe.questions import parse_variables, plan_questions
from fleetscan.probe.walk import HashedFile
from fleetscan.sweep.linked import LinkedTexts
from fleetscan.sweep.paths import PathFinder
from fleetscan.sweep.plan import Plan
from fleetscan.sweep.provenance import mark_owned, read_packages
from fleetscan.systemd.jobs import MAX_JOBS
from fleetscan.systemd.path_walk import Ending, Walked
from fleetscan.systemd.programs import MAX_PER_UNIT, ProgramRef, is_pattern
from fleetscan.systemd.reached import KINDS

_CROWDED = 3_000
_LONG_TEXTS = 1024 * 1024


@dataclass(slots=True)
class Reach(LinkedTexts):
    """Evidence that can be completed by what jobs run and read."""

    async def explore(self) -> None:
        """Fetch unit files, follow links that lead elsewhere, look at what commands run, ask whose files they are."""
        await self.fetch(self.listing.offers)
        await self.read_linked()
        plan = await self._plan()
        if plan.included:
            await self.read_texts({path: scope for scope, path in plan.included})
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

    async def _expand(self, references: Iterable[ProgramRef]) -> tuple[ProgramRef, ...]:
        """Give the environment files that patterns name."""
        found: list[ProgramRef] = []
        for ref in references:
            folder, _, pattern = ref.name.rpartition("/")
            if ref.candidates or ref.role is not ProgramRole.ENVIRONMENT or not is_pattern(ref.name):
                continue
            finder = self.finder_of(self.reader_of(ref.scope))
            end = (await finder.follow([folder])).get(folder)
            if end is not None and (owner := self.owner_on_way(finder, end)):
                finder = self.finder_of(owner)
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
            wanted.setdefault(self.reader_of(ref.scope), {})[ref] = None
        waiting = deque(wanted.items())
        while waiting:
            reader, refs = waiting.popleft()
            finder = self.finder_of(reader)
            ends = await finder.follow(posixpath.normpath(path) for ref in refs for path in ref.candidates)
            chosen = {ref: self._choose(ref, ends) for ref in refs}
            found = {ref: pair for ref, pair in chosen.items() if pair is not None}
            foreign: dict[str, dict[ProgramRef, None]] = {}
            for ref, (_path, end) in tuple(found.items()):
                if owner := self.owner_on_way(finder, end):
                    foreign.setdefault(owner, {})[ref] = None
                    del found[ref]
            waiting.extend(foreign.items())
            hashed, scripts = await finder.hash(end.path for _path, end in found.values())
            offers: dict[Sha256, Offer] = {}
            for ref, (path, end) in found.items():
                artifact = self.add_file(Named(KINDS[ref.role], ref.scope, path), end, finder, hashed)
                is_script = artifact.sha256 in scripts and ref.role is ProgramRole.EXECUTABLE
                if (is_script or ref.role is ProgramRole.SCRIPT) and artifact.sha256 and artifact.size_bytes:
                    self._offer_script(artifact, hashed[end.path], offers)
            await self._read_variables(finder, found)
            self.offers.update(offers)
            await self.fetch(offers)

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

    def _offer_script(self, artifact: Artifact, file: HashedFile, offers: dict[Sha256, Offer]) -> None:
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
