"""Which artifacts of a state show a subject: its files and links, or what its manager says of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from fleetscan.model.ids import scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import Subject, SubjectKind

ON_DISK = frozenset({ArtifactKind.FILE, ArtifactKind.LINK})
THINGS = {
    SubjectKind.GENERATOR: ArtifactKind.GENERATOR,
    SubjectKind.ACTIVATOR: ArtifactKind.ACTIVATOR,
    SubjectKind.MOUNT: ArtifactKind.MOUNT,
    SubjectKind.EXTENSION: ArtifactKind.EXTENSION,
    SubjectKind.FOLDER: ArtifactKind.DIRECTORY,
    SubjectKind.GRANT: ArtifactKind.GRANT,
}
"""What a thing around units is read from: one artifact of the thing's name."""

_OF_MANAGER = frozenset({ArtifactKind.UNIT_FILE, ArtifactKind.LOADED})


class ArtifactIndex:
    """The artifacts of one state, found by the subjects that they show."""

    def __init__(self, artifacts: Iterable[Artifact]) -> None:
        by_name: defaultdict[str, list[Artifact]] = defaultdict(list)
        for artifact in artifacts:
            by_name[artifact.name].append(artifact)
        self._by_name: Mapping[str, Sequence[Artifact]] = by_name

    def named(self, names: Iterable[str], kinds: frozenset[ArtifactKind]) -> list[Artifact]:
        """Give the artifacts of some kinds and names, each name once, in the order of the names."""
        return [a for name in dict.fromkeys(names) for a in self._by_name.get(name, ()) if a.kind in kinds]

    def files_of(self, subject: Subject) -> list[Artifact]:
        """Give the unit files and links of a job or unit, or what a thing of another kind is read from."""
        key = subject.key
        if key.kind is SubjectKind.LINGER:
            return self.named((scope_user(key.scope) or key.name,), frozenset({ArtifactKind.LINGER}))
        if key.kind in THINGS:
            return self.named((key.name,), frozenset({THINGS[key.kind]}))
        paths = {source.path for source in subject.sources} | set(subject.links)
        return self.named(sorted(paths), ON_DISK)

    def rows_of(self, subject: Subject) -> list[Artifact]:
        """Give what the manager says of a subject's units."""
        return [a for a in self.named(subject.unit_names, _OF_MANAGER) if a.scope == subject.key.scope]
