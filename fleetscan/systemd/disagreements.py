"""Where the views of a host contradict each other about the units of a job."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.ids import SYSTEM, Scope
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.unit import EffectiveUnit, LoadState
from fleetscan.systemd.manager_views import ManagerViews
from fleetscan.systemd.names import canonical_path, is_template
from fleetscan.systemd.shown_values import Difference, find_differences, find_target_difference
from fleetscan.systemd.tree import UnitTree
from fleetscan.systemd.tree_names import MAX_HOPS

_LONGEST_VALUE = 200
_LONGEST_LIST = 5
_ON_DISK = frozenset({LoadState.LOADED, LoadState.BAD, LoadState.UNREADABLE})
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.@-/\\"


@dataclass(frozen=True, slots=True)
class HostViews:
    """All that is known of one host.

    Attributes:
        tree: Files and links.
        managers: What the managers say.
        coverage: Of the visit; None when it is not known, and then nothing counts as absent.
    """

    tree: UnitTree
    managers: ManagerViews
    coverage: Coverage | None

    def lacks(self, area: Area, scope: Scope, path: str | None = None) -> bool:
        """Tell whether that a thing was not seen proves that it is not there."""
        return self.coverage is not None and not self.coverage.hides(area, scope, path)

    def find_block(self, scope: Scope, names: Iterable[str]) -> Artifact | None:
        """Give what the scope's manager has in memory under any of a unit's names."""
        blocks = (self.managers.loaded.get((scope, name)) for name in names)
        return next((block for block in blocks if block is not None), None)

    def has_spoken(self, scope: Scope) -> bool:
        """Tell whether a manager of the scope runs and was asked for what it has in memory and for its timers."""
        if not (self.lacks(Area.LOADED, scope) and self.lacks(Area.TIMERS, scope)):
            return False
        return scope == SYSTEM or any(owner == scope for owner, _name in self.managers.loaded)


def find_disagreements(
    views: HostViews, timer: EffectiveUnit, activates: EffectiveUnit | None
) -> tuple[Disagreement, ...]:
    """Compare the views of a timer and of the unit that it activates.

    Nothing is claimed from what was not read. `NEVER_LOADED` is innocent for a timer that is merely disabled; its
    detail tells the enablement. Values that cannot be compared count as equal.

    Args:
        views: Of the host.
        timer: As resolved from disk and completed from memory.
        activates: What it activates, likewise; None when that is not known.

    Returns:
        Sorted, without repeats.
    """
    found: list[Disagreement] = []
    names = _names_of(views.tree, timer)
    block = views.find_block(timer.scope, names)
    is_listed = block is not None and block.property("Listed") == "yes"
    if block is None or not (is_listed or block.property("ActiveState") in ("active", "failed")):
        found += _check_never_loaded(views, timer)
    elif block.property("Listed") == "no":
        found.append(Disagreement(DisagreementKind.NOT_LISTED, timer.name, "active, but list-timers does not have it"))
    for unit in (timer, activates):
        if unit is None:
            continue
        own_names = _names_of(views.tree, unit)
        own_block = views.find_block(unit.scope, own_names)
        if is_listed and unit.load is LoadState.UNREADABLE:
            paths = [s.path for s in unit.sources if s.sha256 is None] or [s.path for s in unit.sources]
            detail = f"the timer is listed; not read: {' '.join(paths[:_LONGEST_LIST]) or unit.name}"
            found.append(Disagreement(DisagreementKind.UNREADABLE, unit.name, detail))
        elif own_block is not None and unit.load is LoadState.NOT_FOUND:
            found += _check_no_file(views, unit, own_block)
        elif own_block is not None:
            targets = _names_of(views.tree, activates) if unit is timer and activates is not None else ()
            found += _compare_values(views, unit, own_block, own_names, targets)
    return tuple(sorted(set(found)))


def _names_of(tree: UnitTree, unit: EffectiveUnit) -> tuple[str, ...]:
    fragment = tree.names(unit.scope).find(unit.name)
    return fragment.names if fragment else (unit.name,)


def _check_never_loaded(views: HostViews, timer: EffectiveUnit) -> Iterator[Disagreement]:
    if timer.load not in _ON_DISK or not timer.sources or is_template(timer.name):
        return
    if views.has_spoken(timer.scope):
        enabled = views.managers.state(timer.scope, timer.name).enabled or "not known"
        detail = f"enablement: {enabled}; {timer.sources[0].path} is not in memory"
        yield Disagreement(DisagreementKind.NEVER_LOADED, timer.name, detail)


def _check_no_file(views: HostViews, unit: EffectiveUnit, block: Artifact) -> Iterator[Disagreement]:
    """Check a unit that is in memory though no file of it was seen."""
    load, path = block.property("LoadState"), _canonical(views.tree, block.property("FragmentPath"))
    # A link that wants it is enough for a manager to have the name of a unit; only one that is or was started counts.
    # Of services the state is not kept, but their blocks are, when there is no file, for that reason alone.
    is_gone = load == "not-found" and block.property("ActiveState") != "inactive"
    if block.property("Transient") == "yes" or not (is_gone or load == "loaded"):
        return
    links = [source.path for source in unit.sources if source.link_target]
    places = {*_link_chain(views.tree, links[:1]), *((path,) if path else ())}
    if all(views.lacks(Area.FILES, unit.scope, place) for place in places or {None}) and all(
        views.lacks(Area.CONTENT, unit.scope, place) for place in places
    ):
        state = block.property("ActiveState") or load
        where = f"its file {path} does not exist" if path else "it has no file"
        yield Disagreement(DisagreementKind.NO_FILE, unit.name, f"in memory ({state}), but {where}")


def _compare_values(
    views: HostViews, unit: EffectiveUnit, block: Artifact, names: Sequence[str], targets: Sequence[str]
) -> Iterator[Disagreement]:
    tree = views.tree
    load = block.property("LoadState")
    differences: tuple[Difference, ...]
    if {load, unit.load.value} == {"loaded", "masked"}:
        differences = (Difference("LoadState", load, unit.load.value),)
    elif load != "loaded" or unit.load is not LoadState.LOADED:
        return  # refused or incomplete on one side: what is in force of it is not known well enough
    else:
        paths = _compare_paths(views, unit, block)
        if paths is None:
            return
        differences = (
            *paths,
            *find_differences(unit, block, names, tree.systemd_version),
            *find_target_difference(unit, block, targets),
        )
    if differences:
        pending = block.property("NeedDaemonReload") == "yes"
        kind = DisagreementKind.CHANGED_SINCE_LOAD if pending else DisagreementKind.VALUES_DIFFER
        yield Disagreement(kind, unit.name, "; ".join(map(_describe, differences)))


def _compare_paths(views: HostViews, unit: EffectiveUnit, block: Artifact) -> tuple[Difference, ...] | None:
    """Compare the files that a unit was made of; None when one in memory may be there unseen."""
    tree = views.tree
    fragments = [_locate(tree, path) for path in (_canonical(tree, block.property("FragmentPath")),) if path]
    text = block.property("DropInPaths")
    # `show` quotes unusual characters, and not in the same way in all versions
    is_plain = not set(text) - {*_PLAIN, " "}
    drop_ins = [_locate(tree, _canonical(tree, path)) for path in text.split()] if is_plain else []
    unseen = [path for path in (*fragments, *drop_ins) if path not in tree.by_path and path not in _chains(tree, unit)]
    if not all(views.lacks(Area.FILES, unit.scope, path) for path in unseen):
        return None
    differences: list[Difference] = []
    chains = _link_chain(tree, [unit.sources[0].path])
    if fragments and fragments[0] not in chains:
        differences.append(Difference("FragmentPath", fragments[0], unit.sources[0].path))
    # Of masked and of empty ones some versions keep the path; they say nothing either way.
    loaded = [path for path in drop_ins if path not in tree.by_path or not tree.is_mask(tree.by_path[path])]
    expected = [artifact.name for artifact in tree.drop_ins(unit.scope, _names_of(tree, unit))]
    if is_plain and not set("".join(expected)) - set(_PLAIN) and loaded != expected:
        differences.append(Difference("DropInPaths", " ".join(loaded), " ".join(expected)))
    return tuple(differences)


def _chains(tree: UnitTree, unit: EffectiveUnit) -> frozenset[str]:
    return frozenset(_link_chain(tree, [source.path for source in unit.sources]))


def _link_chain(tree: UnitTree, paths: Iterable[str]) -> tuple[str, ...]:
    """Give the paths with all that they lead to over links: systemd names the one or the other, by version."""
    chain: list[str] = []
    for start in paths:
        path = start
        for _hop in range(MAX_HOPS):
            chain.append(path)
            artifact = tree.by_path.get(path)
            if artifact is None or artifact.kind is not ArtifactKind.LINK:
                break
            path = tree.target_path(artifact)
    return tuple(chain)


def _locate(tree: UnitTree, path: str) -> str:
    """Give the path under which a file is known, when a directory on the way is a link."""
    directory, _, name = path.rpartition("/")
    artifact = tree.entries(directory).get(name)
    return artifact.name if artifact is not None else path


def _canonical(tree: UnitTree, path: str) -> str:
    return canonical_path(path, merged_usr=tree.merged_usr)


def _describe(difference: Difference) -> str:
    return f"{difference.name}: in memory {_quote(difference.loaded)}, on disk {_quote(difference.on_disk)}"


def _quote(text: str) -> str:
    if not text:
        return "none"
    return repr(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")
