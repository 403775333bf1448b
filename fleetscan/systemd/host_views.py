"""All views of one host side by side, and what the lack of a thing in one of them proves."""

from collections.abc import Iterable
from dataclasses import dataclass

from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.ids import SYSTEM, Scope, scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.unit import EffectiveUnit
from fleetscan.systemd.manager_views import ManagerViews
from fleetscan.systemd.names import canonical_path
from fleetscan.systemd.search_path import locate_user_roots
from fleetscan.systemd.tree import UnitTree
from fleetscan.systemd.tree_names import MAX_HOPS


@dataclass(frozen=True, slots=True)
class HostViews:
    """What was read of a host, and how well.

    Attributes:
        tree: Files and links.
        managers: What the managers say.
        coverage: Of the visit; None when it is not known, and then nothing counts as absent.
    """

    tree: UnitTree
    managers: ManagerViews
    coverage: Coverage | None

    def names_of(self, unit: EffectiveUnit) -> tuple[str, ...]:
        """Give all names of a unit, the real one first."""
        fragment = self.tree.names(unit.scope).find(unit.name)
        return fragment.names if fragment else (unit.name,)

    def find_block(self, scope: Scope, names: Iterable[str]) -> Artifact | None:
        """Give what the scope's manager has in memory under any of a unit's names."""
        blocks = (self.managers.loaded.get((scope, name)) for name in names)
        return next((block for block in blocks if block is not None), None)

    def has_spoken(self, scope: Scope) -> bool:
        """Tell whether a manager of the scope runs and told what it has in memory and which timers it lists."""
        if not (self._is_read(Area.LOADED, scope) and self._is_read(Area.TIMERS, scope)):
            return False
        return scope == SYSTEM or any(owner == scope for owner, _name in self.managers.loaded)

    def lacks_unit(self, scope: Scope) -> bool:
        """Tell whether a unit of which no file was seen has none: everything of its scope was read."""
        return self._is_read(Area.FILES, scope)

    def lacks_file(self, scope: Scope, path: str) -> bool:
        """Tell whether a file or link that was not seen is not there: its directory was looked into.

        A manager's environment can send it to directories that nobody walks (`XDG_DATA_DIRS`); what lies there is
        unknown and not absent. So is the target of a link that leads out of the walk.
        """
        if not (self._is_read(Area.FILES, scope, path) and self._is_read(Area.CONTENT, scope, path)):
            return False
        directory = path.rpartition("/")[0]
        walked = self.tree.search_paths.get(scope, ())
        if directory in walked or directory.rpartition("/")[0] in walked:
            return True
        return scope_user(scope) is not None and any(locate_user_roots([path]))

    def canonical(self, path: str) -> str:
        """Spell a path of the manager as the tree does, also when a directory on the way is a link."""
        spelled = canonical_path(path, merged_usr=self.tree.merged_usr)
        directory, _, name = spelled.rpartition("/")
        artifact = self.tree.entries(directory).get(name)
        return spelled if artifact is None else artifact.name

    def link_chain(self, path: str) -> tuple[str, ...]:
        """Give a path with all that it leads to over links: which of them systemd names depends on its version."""
        chain = [path]
        while len(chain) <= MAX_HOPS:
            artifact = self.tree.by_path.get(chain[-1])
            if artifact is None or artifact.kind is not ArtifactKind.LINK:
                break
            chain.append(self.tree.target_path(artifact))
        return tuple(chain)

    def _is_read(self, area: Area, scope: Scope, path: str | None = None) -> bool:
        return self.coverage is not None and not self.coverage.hides(area, scope, path)
