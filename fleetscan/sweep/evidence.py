"""What a visit has gathered so far, and with whose rights it looks further."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import Scope, Sha256, scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind, Privilege
from fleetscan.probe.assemble import Listing
from fleetscan.probe.contents import Offer
from fleetscan.probe.files import EMPTY_SHA256, OWN_RIGHTS
from fleetscan.probe.programs import Named, build_program
from fleetscan.probe.walk import HashedFile
from fleetscan.sweep.dialogue import Dialogue
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.paths import PathFinder
from fleetscan.sweep.plan import Planner
from fleetscan.systemd.path_walk import Walked

_MAX_HASHED_BYTES = 128 * 1024 * 1024


@dataclass(slots=True)
class Evidence:
    """What a visit has so far: it grows, and what was found stays when the visit is cut short.

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

    async def fetch(self, offers: Mapping[Sha256, Offer]) -> None:
        """Fetch those of the offered contents that the fleet has never shown."""
        wanted = self.known.wanted(offers)
        found = await self.dialogue.fetch(offers, wanted - self.contents.keys())
        self.contents.update(found)
        self.known.hold(found)

    def owner_on_way(self, finder: PathFinder, end: Walked) -> str:
        """Name the first account but root that may lead a path elsewhere, empty for none.

        What lies behind is read with that account's rights: otherwise it could have root read what is not its own, by a
        link from where a unit of the system looks.
        """
        if finder.reader != OWN_RIGHTS or self.listing.facts.privilege is Privilege.USER:
            return ""
        records = (finder.record_of(component) for component in end.components)
        return next((str(record.uid) for record in records if record is not None and record.uid != 0), "")

    def add_file(self, named: Named, end: Walked, finder: PathFinder, hashed: Mapping[str, HashedFile]) -> Artifact:
        """Add the artifact of a file that was found, and a gap when its bytes could not be hashed."""
        record = finder.record_of(end.path)
        size = record.size if record is not None and record.type == "f" else None
        file = hashed.get(end.path)
        sha256 = EMPTY_SHA256 if size == 0 else (file.sha256 if file else None)
        artifact = build_program(named, end, finder.record_of, self.listing.people, sha256)
        self.artifacts[artifact.key] = artifact
        if size is not None and sha256 is None:
            area = Area.CONTENT if named.kind is ArtifactKind.FILE else Area.PROGRAMS
            large = size >= _MAX_HASHED_BYTES
            status = ReadStatus.OVERSIZE if large else ReadStatus.DENIED
            reason = f"{size} bytes; more than is hashed" if large else "the file may not be read"
            self.gaps.append(Gap(area, named.scope, status, named.path, reason))
        return artifact

    def by_reader(self, items: Iterable[tuple[str, Scope]]) -> Mapping[str, Mapping[str, Scope]]:
        """Sort paths by with whose rights they are looked at."""
        grouped: dict[str, dict[str, Scope]] = {}
        for path, scope in items:
            grouped.setdefault(self.reader_of(scope), {})[path] = scope
        return grouped

    def reader_of(self, scope: Scope) -> str:
        """Tell with whose rights to look: what a user named is read with no more than the user's own."""
        user = scope_user(scope)
        if user is None or self.listing.facts.privilege is Privilege.USER:
            return OWN_RIGHTS
        uid = self.listing.people.uid_of(user)
        return OWN_RIGHTS if uid == 0 else str(uid)

    def finder_of(self, reader: str) -> PathFinder:
        """Give what follows paths with somebody's rights."""
        if reader not in self._finders:
            self._finders[reader] = PathFinder(self.dialogue, self.sentinel, reader)
        return self._finders[reader]
