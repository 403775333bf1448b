"""The unit directories of one host, indexed for looking up units as systemd would."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.systemd.names import canonical_path, is_unit_name, stem_of
from fleetscan.systemd.search_path import (
    global_user_dirs,
    locate_user_roots,
    merge_search_path,
    system_dirs,
    user_dirs,
)
from fleetscan.systemd.tree_drop_ins import list_drop_in_files
from fleetscan.systemd.tree_links import LinkIndex
from fleetscan.systemd.tree_names import MAX_HOPS, NameMap

_NOTHING: Mapping[str, Artifact] = MappingProxyType({})
_DEV_NULL = "/dev/null"
_FOLDER_SUFFIXES = (".d", ".wants", ".requires", ".upholds")
_FOLDER_LINKS_UNTIL = 251  # 247 still follows them, 252 does not


@dataclass(frozen=True, slots=True)
class UnitTree:
    """Files and links of all unit directories of a host.

    Attributes:
        systemd_version: Major version, 0 when unknown.
        merged_usr: Whether `/lib` is `/usr/lib` on this host.
        search_paths: Scope → canonical directories, highest precedence first. A user's search path holds the global
            user directories, too.
        by_path: Canonical path → file or link.
        by_directory: Directory → file name → file or link.
    """

    systemd_version: int
    merged_usr: bool
    search_paths: Mapping[Scope, tuple[str, ...]]
    by_path: Mapping[str, Artifact]
    by_directory: Mapping[str, Mapping[str, Artifact]]
    _names: dict[Scope, NameMap] = field(default_factory=dict, repr=False, compare=False)
    _links: dict[Scope, LinkIndex] = field(default_factory=dict, repr=False, compare=False)
    # A unit of many names is asked about once for each of them.
    _drop_ins: dict[tuple[Scope, tuple[str, ...]], tuple[Artifact, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @staticmethod
    def of(facts: HostFacts, artifacts: Sequence[Artifact]) -> "UnitTree":
        """Index the files and links among the artifacts. Their order does not matter."""
        on_disk = sorted((a for a in artifacts if a.kind in {ArtifactKind.FILE, ArtifactKind.LINK}), key=_sort_key)
        by_path: dict[str, Artifact] = {}
        by_directory: dict[str, dict[str, Artifact]] = {}
        for artifact in on_disk:
            # Two users can share a home; what lies there is the same for both.
            if artifact.name not in by_path:
                by_path[artifact.name] = artifact
                directory, _, name = artifact.name.rpartition("/")
                by_directory.setdefault(directory, {})[name] = artifact
        merged_usr = not any(path.startswith("/lib/") for path in by_path)
        return UnitTree(
            systemd_version=facts.systemd_version,
            merged_usr=merged_usr,
            search_paths=_build_search_paths(facts, artifacts, merged_usr=merged_usr),
            by_path=by_path,
            by_directory=by_directory,
        )

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """All scopes of the host, sorted."""
        return tuple(sorted(self.search_paths))

    def names(self, scope: Scope) -> NameMap:
        """Give what each unit name stands for in a scope."""
        if scope not in self._names:
            path = self.search_paths.get(scope, ())
            self._names[scope] = NameMap.of((self.entries(d) for d in path), path, self.target_path)
        return self._names[scope]

    def links(self, scope: Scope) -> LinkIndex:
        """Give the links of a scope that make one unit pull in another."""
        if scope not in self._links:
            self._links[scope] = LinkIndex.of(self, self.search_paths.get(scope, ()))
        return self._links[scope]

    def own_dirs(self, scope: Scope) -> tuple[str, ...]:
        """Give the directories whose units belong to this scope and to no other."""
        path = self.search_paths.get(scope, ())
        if scope_user(scope) is None:
            return path
        shared = frozenset(self.search_paths[GLOBAL_USER])
        return tuple(d for d in path if d not in shared)

    def entries(self, directory: str) -> Mapping[str, Artifact]:
        """Give the files and links of one directory by name; a link to another known directory is followed.

        One in place of a `NAME.d/` or `NAME.wants/` is not, when it leads to another such folder of the search path.
        """
        for _hop in range(MAX_HOPS):
            link = self.by_path.get(directory)
            if directory in self.by_directory or link is None or link.kind is not ArtifactKind.LINK:
                break
            target = self.target_path(link)
            if directory.endswith(_FOLDER_SUFFIXES) and self._ignores_folder_links and self._is_searched(target):
                return _NOTHING
            directory = target
        return self.by_directory.get(directory, _NOTHING)

    @property
    def _ignores_folder_links(self) -> bool:
        return not 0 < self.systemd_version < _FOLDER_LINKS_UNTIL

    def _is_searched(self, path: str) -> bool:
        return any(path.startswith(f"{directory}/") for own in self.search_paths.values() for directory in own)

    def unit_names(self, scope: Scope) -> frozenset[str]:
        """Give all names with a file or link in the scope's own directories."""
        return frozenset(n for d in self.own_dirs(scope) for n in self.entries(d) if is_unit_name(n))

    def drop_in_units(self, scope: Scope) -> frozenset[str]:
        """Give the units that have a `NAME.d/` with something in it in the scope's own directories.

        Templates and prefixes (`foo-.service`) are among them, types (`service`) are not.
        """
        own = frozenset(self.own_dirs(scope))
        found = set()
        for directory in self.by_directory:
            parent, _, name = directory.rpartition("/")
            if name.endswith(".d") and parent in own and is_unit_name(stem_of(name)):
                found.add(stem_of(name))
        return frozenset(found)

    def drop_ins(self, scope: Scope, names: Sequence[str]) -> tuple[Artifact, ...]:
        """Give the drop-in files of a unit in order of application; masked ones are left out.

        Args:
            scope: Whose unit.
            names: All names of the unit, the real one first.
        """
        key = (scope, tuple(names))
        if key not in self._drop_ins:
            self._drop_ins[key] = list_drop_in_files(self, self.search_paths.get(scope, ()), names)
        return self._drop_ins[key]

    def target_path(self, link: Artifact) -> str:
        """Give where a link points to, as canonical absolute path; the target itself is not looked at."""
        base = link.name.rpartition("/")[0]
        return canonical_path(posixpath.join(base or "/", link.target), merged_usr=self.merged_usr)

    def follow(self, artifact: Artifact) -> Artifact | None:
        """Follow links to the file at their end; None when that is not among the artifacts."""
        for _hop in range(MAX_HOPS):
            if artifact.kind is not ArtifactKind.LINK:
                return artifact
            following = self.by_path.get(self.target_path(artifact))
            if following is None:
                return None
            artifact = following
        return None

    def is_mask(self, artifact: Artifact) -> bool:
        """Tell whether a file or link says "nothing here": a link to /dev/null or an empty file.

        Source: systemd.unit(5), "masked"; null_or_empty().
        """
        for _hop in range(MAX_HOPS):
            if artifact.kind is not ArtifactKind.LINK:
                return artifact.size_bytes == 0
            path = self.target_path(artifact)
            if path == _DEV_NULL:
                return True
            following = self.by_path.get(path)
            if following is None:
                return False
            artifact = following
        return False


def _sort_key(artifact: Artifact) -> tuple[str, ...]:
    # More than the identity, so that two artifacts of one path give the same tree in whatever order they come.
    return (*artifact.key, artifact.target, artifact.sha256 or "", str(artifact.size_bytes))


def _build_search_paths(
    facts: HostFacts, artifacts: Iterable[Artifact], *, merged_usr: bool
) -> Mapping[Scope, tuple[str, ...]]:
    version = facts.systemd_version
    paths: dict[Scope, set[str]] = {}
    for artifact in artifacts:
        if scope_user(artifact.scope) is not None:
            on_disk = artifact.kind in {ArtifactKind.FILE, ArtifactKind.LINK}
            paths.setdefault(artifact.scope, set()).update({artifact.name} if on_disk else ())
    result = {
        SYSTEM: merge_search_path(facts.unit_path, system_dirs(version), merged_usr=merged_usr),
        GLOBAL_USER: merge_search_path((), global_user_dirs(version), merged_usr=merged_usr),
    }
    for scope, names in paths.items():
        homes, runtimes = locate_user_roots(names)
        stated = next((manager.unit_path for manager in facts.managers if manager.scope == scope), ())
        ordered = merge_search_path(stated, (), merged_usr=merged_usr)
        for home in homes or (None,):
            for runtime in runtimes or (None,):
                standard = user_dirs(home, runtime, version)
                ordered = merge_search_path(ordered, standard, merged_usr=merged_usr)
        result[scope] = ordered
    return result
