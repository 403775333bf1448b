"""Texts of units that lie outside the unit directories: behind links, in linked folders, included."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import Scope, Sha256, scope_user
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer
from fleetscan.probe.files import build_artifact
from fleetscan.probe.programs import Named
from fleetscan.sweep.evidence import Evidence
from fleetscan.systemd.path_walk import Ending
from fleetscan.systemd.tree import UnitTree


@dataclass(slots=True)
class LinkedTexts(Evidence):
    """Evidence that can be completed by what links lead to."""

    async def read_linked(self) -> None:
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
        settled = await self._read_folders(folders) | await self.read_texts(texts)
        for link in found:
            if targets[link.name] in settled:
                self.gaps.remove(links[link.name])

    async def _read_folders(self, folders: Mapping[str, Scope]) -> frozenset[str]:
        """Read folders of drop-ins and of links that lie elsewhere; give those that were read."""
        settled = set()
        texts: dict[str, Scope] = {}
        waiting = deque(self.by_reader(folders.items()).items())
        while waiting:
            reader, scope_of = waiting.popleft()
            finder = self.finder_of(reader)
            ends = await finder.follow(scope_of)
            owners = {path: self.owner_on_way(finder, end) for path, end in ends.items()}
            waiting.extend((owner, {path: scope_of[path]}) for path, owner in owners.items() if owner)
            ends = {path: end for path, end in ends.items() if not owners[path]}
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
        for name in sorted(texts.keys() - await self.read_texts(texts)):
            reason = "a drop-in behind a linked folder, which could not be read"
            self.gaps.append(Gap(Area.CONTENT, texts[name], ReadStatus.DENIED, name, reason))
        return frozenset(settled)

    async def read_texts(self, targets: Mapping[str, Scope]) -> frozenset[str]:
        """Read unit files that lie elsewhere; give those of which it is now known what they are."""
        settled = set()
        offers: dict[Sha256, Offer] = {}
        waiting = deque(self.by_reader(targets.items()).items())
        while waiting:
            reader, scope_of = waiting.popleft()
            finder = self.finder_of(reader)
            ends = await finder.follow(scope_of)
            foreign: dict[str, dict[str, Scope]] = {}
            for path, end in tuple(ends.items()):
                if end.ending is Ending.FOUND and (owner := self.owner_on_way(finder, end)):
                    foreign.setdefault(owner, {})[path] = scope_of[path]
            waiting.extend(foreign.items())
            left = {path: end for path, end in ends.items() if not any(path in moved for moved in foreign.values())}
            settled |= {path for path, end in left.items() if end.ending is Ending.ABSENT}
            files = {path: end for path, end in left.items() if end.ending is Ending.FOUND}
            hashed, _scripts = await finder.hash(end.path for end in files.values())
            for path, end in files.items():
                artifact = self.add_file(Named(ArtifactKind.FILE, scope_of[path], path), end, finder, hashed)
                size = artifact.size_bytes
                if artifact.sha256 is not None and size is not None and size <= MAX_CONTENT_BYTES:
                    settled.add(path)
                    if size:
                        offers[artifact.sha256] = Offer(hashed[end.path].number, size, reader)
                        self.paths.setdefault(artifact.sha256, (path,))
        self.offers.update(offers)
        await self.fetch(offers)
        return frozenset(settled)
