"""Where the views of a host contradict each other about the units of a job."""

import re
from collections.abc import Iterator, Sequence

from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.snapshot import Artifact
from fleetscan.model.unit import EffectiveUnit, LoadState, UnitSource
from fleetscan.systemd.host_views import HostViews
from fleetscan.systemd.names import is_template
from fleetscan.systemd.shown_values import Difference, find_differences, find_target_difference

_LONGEST_VALUE = 200
_LONGEST_LIST = 5
_ON_DISK = frozenset({LoadState.LOADED, LoadState.BAD, LoadState.UNREADABLE})
_UNUSUAL = re.compile(r"[^A-Za-z0-9:_.@/-]")


def find_disagreements(
    views: HostViews, timer: EffectiveUnit, activates: EffectiveUnit | None
) -> tuple[Disagreement, ...]:
    """Compare the views of a timer and of the unit that it activates.

    Nothing is claimed from what was not read, and values that cannot be compared count as equal. `NEVER_LOADED` is
    innocent for a timer that is merely disabled: its detail begins with the enablement.

    Args:
        views: Of the host.
        timer: As resolved from disk and completed from memory.
        activates: What it activates, likewise; None when that is not known.

    Returns:
        Sorted, without repeats.
    """
    names = views.names_of(timer)
    block = views.find_block(timer.scope, names)
    listed = "" if block is None else block.property("Listed")
    found: set[Disagreement] = set()
    if block is None or not (listed or block.property("ActiveState") in ("active", "failed")):
        found.update(_check_never_loaded(views, timer))
    elif listed == "no":
        found.add(Disagreement(DisagreementKind.NOT_LISTED, timer.name, "active, but list-timers does not have it"))
    targets = () if activates is None else views.names_of(activates)
    found.update(_check_unit(views, timer, names, is_listed=listed == "yes", targets=targets))
    if activates is not None:
        found.update(_check_unit(views, activates, targets, is_listed=listed == "yes"))
    return tuple(sorted(found))


def _check_never_loaded(views: HostViews, timer: EffectiveUnit) -> Iterator[Disagreement]:
    if timer.load not in _ON_DISK or not timer.sources or is_template(timer.name):
        return
    if views.has_spoken(timer.scope):
        enabled = views.managers.state(timer.scope, timer.name).enabled or "not known"
        detail = f"{enabled}; {timer.sources[0].path} is neither in memory nor listed"
        yield Disagreement(DisagreementKind.NEVER_LOADED, timer.name, detail)


def _check_unit(
    views: HostViews, unit: EffectiveUnit, names: Sequence[str], *, is_listed: bool, targets: Sequence[str] = ()
) -> Iterator[Disagreement]:
    """Check one unit; `is_listed` says whether the timer is, `targets` are the names of what a timer activates."""
    block = views.find_block(unit.scope, names)
    if is_listed and unit.load is LoadState.UNREADABLE:
        unread = [s.path for s in unit.sources if s.sha256 is None] or [s.path for s in unit.sources]
        detail = f"the timer is listed; not read: {' '.join(unread[:_LONGEST_LIST]) or unit.name}"
        yield Disagreement(DisagreementKind.UNREADABLE, unit.name, detail)
    elif block is not None and unit.load is LoadState.NOT_FOUND:
        yield from _check_no_file(views, unit, block)
    elif block is not None:
        differences = _compare(views, unit, block, names, targets)
        if differences:
            is_pending = block.property("NeedDaemonReload") == "yes"
            kind = DisagreementKind.CHANGED_SINCE_LOAD if is_pending else DisagreementKind.VALUES_DIFFER
            yield Disagreement(kind, unit.name, "; ".join(map(_describe, differences)))


def _check_no_file(views: HostViews, unit: EffectiveUnit, block: Artifact) -> Iterator[Disagreement]:
    """Check a unit that is in memory though no file of it was seen."""
    load, active = block.property("LoadState"), block.property("ActiveState")
    # A link that wants it is enough for a manager to have the name of a unit; only one that is or was started counts.
    # Of services the state is not kept, but their blocks are, when there is no file, for that reason alone.
    is_gone = load == "not-found" and active != "inactive"
    if block.property("Transient") == "yes" or not (is_gone or load == "loaded"):
        return
    fragment = views.canonical(block.property("FragmentPath"))
    links = [source.path for source in unit.sources if source.link_target]
    places = {fragment, *(place for link in links for place in views.link_chain(link))} - {""}
    is_proven = all(views.lacks_file(unit.scope, place) for place in places) if places else views.lacks_unit(unit.scope)
    if not is_proven:
        return
    origin = f"; it was loaded from {fragment}" if fragment else ""
    detail = f"in memory ({active or load}), but no unit file is there{origin}"
    yield Disagreement(DisagreementKind.NO_FILE, unit.name, detail)


def _compare(
    views: HostViews, unit: EffectiveUnit, block: Artifact, names: Sequence[str], targets: Sequence[str]
) -> tuple[Difference, ...]:
    """Compare what is in memory with what the files say."""
    load = block.property("LoadState")
    if {load, unit.load.value} == {"loaded", "masked"}:
        return (Difference("LoadState", load, unit.load.value),)
    if load != "loaded" or unit.load is not LoadState.LOADED:
        return ()  # refused or incomplete on one side: what is in force of it is not known well enough
    paths = _compare_paths(views, unit, block, names)
    if paths is None or not all(_is_known(views, unit, source) for source in unit.sources):
        return ()
    values = find_differences(unit, block, names, views.tree.systemd_version)
    return (*paths, *values, *find_target_difference(unit, block, targets))


def _is_known(views: HostViews, unit: EffectiveUnit, source: UnitSource) -> bool:
    """Tell whether a source says all that it has to say: its text was read, or it leads to where nothing is."""
    return source.sha256 is not None or views.lacks_file(unit.scope, views.link_chain(source.path)[-1])


def _compare_paths(
    views: HostViews, unit: EffectiveUnit, block: Artifact, names: Sequence[str]
) -> tuple[Difference, ...] | None:
    """Compare the files that a unit was made of; None when one in memory may be there unseen."""
    tree = views.tree
    fragment, text = views.canonical(block.property("FragmentPath")), block.property("DropInPaths")
    expected = [artifact.name for artifact in tree.drop_ins(unit.scope, names)]
    # Unusual characters are quoted by `show`, and not in the same way in all versions.
    is_plain = not any(map(_UNUSUAL.search, (*text.split(" "), *expected)))
    drop_ins = [views.canonical(path) for path in text.split()] if is_plain else []
    known = {place for source in unit.sources for place in views.link_chain(source.path)}
    unseen = [p for p in (fragment, *drop_ins) if p and p not in tree.by_path and p not in known]
    if not all(views.lacks_file(unit.scope, path) for path in unseen):
        return None
    differences: list[Difference] = []
    if fragment and fragment not in views.link_chain(unit.sources[0].path):
        differences.append(Difference("FragmentPath", fragment, unit.sources[0].path))
    # Of masked and empty ones, and of directories, systemd keeps the path; they say nothing either way.
    told = [path for path in drop_ins if path not in tree.by_directory]
    loaded = [path for path in told if path not in tree.by_path or not tree.is_mask(tree.by_path[path])]
    if is_plain and loaded != expected:
        differences.append(Difference("DropInPaths", " ".join(loaded), " ".join(expected)))
    return tuple(differences)


def _describe(difference: Difference) -> str:
    return f"{difference.name}: in memory {_quote(difference.loaded)}, on disk {_quote(difference.on_disk)}"


def _quote(text: str) -> str:
    if not text:
        return "none"
    return repr(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")
