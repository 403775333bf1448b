"""Units that no timer reaches but that somebody put there, and drop-ins for whole types of units."""

from collections.abc import Sequence
from dataclasses import replace

from fleetscan.model.ids import Scope, UnitName
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.unit import EffectiveUnit, Job
from fleetscan.systemd.commands import parse_commands
from fleetscan.systemd.invented_names import name_by_content
from fleetscan.systemd.names import is_unit_name, stem_of, unit_type
from fleetscan.systemd.resolve import Contents, merge_drop_ins, resolve_unit
from fleetscan.systemd.search_path import is_generated_dir, is_vendor_dir
from fleetscan.systemd.tree import UnitTree
from fleetscan.systemd.tree_drop_ins import TYPE_LEVEL_SINCE, list_type_drop_ins

_TYPES = ("service", "timer")
"""Types whose drop-ins for all units are a pseudo unit."""

_STARTING = frozenset({"service", "path", "socket", "automount", "mount", "swap", "target"})
"""Types of units that run something, or start what does."""


def build_loose_units(
    facts: HostFacts, artifacts: Sequence[Artifact], contents: Contents, jobs: Sequence[Job]
) -> tuple[EffectiveUnit, ...]:
    """Resolve what is not part of any job.

    Args:
        facts: Decides the version of systemd and the search path.
        artifacts: In any order.
        contents: Gives bytes by hash.
        jobs: All jobs of the host.

    Returns:
        Sorted by scope and name, no pair twice: units with a fragment, a mask or a drop-in outside the vendor's and
        the generators' directories, or with a fragment there that no package owns; drop-ins of timers and families
        (`foo-.service`) that no unit of a job takes; and the pseudo units `service.d` and `timer.d` with the drop-ins
        for all units of a type, the vendor's included.
    """
    tree = UnitTree.of(facts, artifacts)
    found: dict[tuple[Scope, str], EffectiveUnit] = {}
    for scope in tree.scopes:
        own_jobs = [job for job in jobs if job.scope == scope]
        reached = {name for job in own_jobs for name in job.unit_names}
        reached_paths = {source.path for job in own_jobs for unit in job.units for source in unit.sources}
        for name in sorted(_find_candidates(tree, scope) - reached):
            unit = resolve_unit(tree, scope, name, contents, tree.systemd_version)
            placed = (s.path for s in unit.sources if _is_placed(s.path) or _is_unowned(tree, s.path))
            if any(path not in reached_paths for path in placed):
                unit = _name_by_content(unit)
                found.setdefault((scope, unit.name), unit)
        for kind in _TYPES:
            drop_ins = list_type_drop_ins(tree, tree.own_dirs(scope), kind)
            if drop_ins:
                found[scope, f"{kind}.d"] = _merge_type_level(tree, scope, kind, drop_ins, contents)
    return tuple(found[key] for key in sorted(found))


def _find_candidates(tree: UnitTree, scope: Scope) -> frozenset[str]:
    """Give the real names of units that have anything outside the vendor's and the generators' directories."""
    names: set[str] = set()
    for directory in tree.own_dirs(scope):
        if not (is_vendor_dir(directory) or is_generated_dir(directory)):
            names |= {n for n in tree.entries(directory) if unit_type(n) in _STARTING and is_unit_name(n)}
        elif is_vendor_dir(directory):
            entries = tree.entries(directory).items()
            names |= {n for n, a in entries if unit_type(n) in _STARTING and is_unit_name(n) and _lacks_owner(a)}
    names |= {n for n in tree.drop_in_units(scope) if unit_type(n) in _STARTING | {"timer"}}
    fragments = ((name, tree.names(scope).find(name)) for name in names)
    return frozenset(fragment.name if fragment else name for name, fragment in fragments)


def _is_placed(path: str) -> bool:
    """Tell whether a unit's own fragment or drop-in lies where neither packages nor generators put theirs."""
    directory = path.rpartition("/")[0]
    parent, _, folder = directory.rpartition("/")
    if folder.endswith(".d"):
        if not is_unit_name(stem_of(folder)):
            return False  # for all units of a type: reported by itself, and no reason to report every unit
        directory = parent
    return not (is_vendor_dir(directory) or is_generated_dir(directory))


def _is_unowned(tree: UnitTree, path: str) -> bool:
    artifact = tree.by_path.get(path)
    return artifact is not None and _lacks_owner(artifact)


def _lacks_owner(artifact: Artifact) -> bool:
    """Tell whether no package owns a file in a directory of packages."""
    return artifact.kind is ArtifactKind.FILE and artifact.property("verified") == Verification.UNOWNED


def _name_by_content(unit: EffectiveUnit) -> EffectiveUnit:
    commands = parse_commands(unit)
    return replace(unit, name=UnitName(name_by_content(unit.name, [unit], commands=commands)))


def _merge_type_level(
    tree: UnitTree, scope: Scope, kind: str, drop_ins: tuple[Artifact, ...], contents: Contents
) -> EffectiveUnit:
    unit = merge_drop_ins(tree, scope, f"{kind}.d", drop_ins, contents, tree.systemd_version)
    if 0 < tree.systemd_version < TYPE_LEVEL_SINCE:
        note = f"systemd {tree.systemd_version} does not read drop-ins for a whole type"
        unit = replace(unit, problems=(*unit.problems, note))
    return unit
