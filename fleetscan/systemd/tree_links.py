"""Links in `.wants/`, `.requires/` and `.upholds/`: what starts a unit without anybody asking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.systemd.names import is_unit_name, stem_of

_SUFFIXES = (".wants", ".requires", ".upholds")
_UPHOLDS_SINCE = 254


class LinkSource(Protocol):
    """What is needed of a tree of unit directories."""

    @property
    def systemd_version(self) -> int:
        """Major version, 0 when unknown."""

    @property
    def by_path(self) -> Mapping[str, Artifact]:
        """Canonical path → file or link."""

    @property
    def by_directory(self) -> Mapping[str, Mapping[str, Artifact]]:
        """Directory → file name → file or link."""

    def entries(self, directory: str) -> Mapping[str, Artifact]:
        """Give the files and links of one directory by name."""

    def is_mask(self, artifact: Artifact) -> bool:
        """Tell whether a file or link says "nothing here"."""


@dataclass(frozen=True, slots=True)
class LinkIndex:
    """Dependency links by the unit that they pull in. Their name decides, not their target.

    Attributes:
        by_name: Unit → paths of the links, sorted.
    """

    by_name: Mapping[str, tuple[str, ...]]

    @staticmethod
    def of(tree: LinkSource, search_path: Sequence[str]) -> "LinkIndex":
        """Collect the links of all directories of a search path, highest precedence first.

        A link hides those of the same name in the same folder of later directories; a mask hides them, too, and is
        itself no link.
        """
        suffixes = _SUFFIXES[:2] if 0 < tree.systemd_version < _UPHOLDS_SINCE else _SUFFIXES
        folders = _find_folders(tree, frozenset(search_path), suffixes)
        chosen: dict[tuple[str, str], Artifact] = {}
        for directory in search_path:
            for folder in folders.get(directory, ()):
                for name, artifact in tree.entries(f"{directory}/{folder}").items():
                    if is_unit_name(name) and artifact.kind is ArtifactKind.LINK:
                        chosen.setdefault((folder, name), artifact)
        found: dict[str, list[str]] = {}
        for (_folder, name), artifact in chosen.items():
            if not tree.is_mask(artifact):
                found.setdefault(name, []).append(artifact.name)
        return LinkIndex({name: tuple(sorted(paths)) for name, paths in found.items()})

    def find(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give the paths of all links that pull in one of the units, sorted."""
        return tuple(sorted({path for name in names for path in self.by_name.get(name, ())}))


def _find_folders(
    tree: LinkSource, directories: frozenset[str], suffixes: tuple[str, ...]
) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    linked = (path for path, artifact in tree.by_path.items() if artifact.kind is ArtifactKind.LINK)
    for path in sorted({*tree.by_directory, *linked}):
        parent, _, name = path.rpartition("/")
        if parent in directories and name.endswith(suffixes) and is_unit_name(stem_of(name)):
            found.setdefault(parent, []).append(name)
    return {parent: tuple(names) for parent, names in found.items()}
