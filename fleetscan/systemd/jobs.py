"""Jobs: every timer that any view of a host knows, with what it would start."""

from collections.abc import Mapping, Sequence

from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import GLOBAL_USER, Scope, UnitName, scope_user
from fleetscan.model.snapshot import Artifact, HostFacts
from fleetscan.model.unit import EffectiveUnit, Job, LoadState
from fleetscan.systemd.commands import parse_commands
from fleetscan.systemd.directive_kinds import parse_boolean
from fleetscan.systemd.invented_names import name_by_content
from fleetscan.systemd.loose_units import build_loose_units
from fleetscan.systemd.manager_views import MANAGER_ORIGIN, ManagerViews
from fleetscan.systemd.names import expand_specifiers, is_unit_name, resolve_template, stem_of, unit_type
from fleetscan.systemd.reached import ProgramIndex
from fleetscan.systemd.relations import Relations, join_twins
from fleetscan.systemd.resolve import Contents, resolve_unit
from fleetscan.systemd.tree import UnitTree
from fleetscan.systemd.triggers import build_triggers

__all__ = ["EACH_USER", "MAX_JOBS", "build_jobs", "build_loose_units", "count_timers", "find_user"]

MAX_JOBS = 5_000
"""Most jobs of one scope that are built: a host may have as many files as it likes, and its visit has an end."""

EACH_USER = "each user"
"""What `run_as` says of a job that every user's manager runs; no account can have a space in its name."""


def build_jobs(
    facts: HostFacts, artifacts: Sequence[Artifact], contents: Contents, coverage: Coverage | None = None
) -> tuple[Job, ...]:
    """Build the closure of every timer of a host.

    A timer counts when any view knows it: a file or link in a unit directory (also dangling or masked), a link in a
    `.wants` directory, a row of `list-unit-files`, a block of `show`. A template is a job, and so is each of its known
    instances. What lies in the global user directories is one job of scope `global-user`; it is a job of a user only
    where that user's own files change or enable it.

    Args:
        facts: Decides the version of systemd and the search path.
        artifacts: In any order.
        contents: Gives bytes by hash.
        coverage: Of the visit; without it no disagreement is claimed that rests on something being absent.

    Returns:
        Sorted by scope and name, no pair twice: transient timers that do the same under invented names are one job,
        with all real names in `unit_names`.
    """
    tree = UnitTree.of(facts, artifacts)
    views = ManagerViews.of(artifacts)
    index = ProgramIndex.of(artifacts)
    relations = Relations.of(tree, views, artifacts, contents, coverage)
    jobs: dict[tuple[Scope, str], Job] = {}
    for scope in tree.scopes:
        for name in _choose_timers(tree, views, scope):
            job = relations.add(_build_job(tree, views, index, scope, name, contents))
            twin = jobs.get((scope, job.name))
            jobs[scope, job.name] = job if twin is None else join_twins(twin, job)
    return tuple(jobs[key] for key in sorted(jobs))


def count_timers(facts: HostFacts, artifacts: Sequence[Artifact]) -> Mapping[Scope, int]:
    """Tell how many timers each scope of a host has; of more than `MAX_JOBS` only so many become jobs."""
    tree, views = UnitTree.of(facts, artifacts), ManagerViews.of(artifacts)
    return {scope: len(_find_timers(tree, views, scope)) for scope in tree.scopes}


def _choose_timers(tree: UnitTree, views: ManagerViews, scope: Scope) -> Sequence[str]:
    """Give the timers of a scope, sorted; of too many those that a manager has in memory before the others."""
    found = sorted(_find_timers(tree, views, scope))
    if len(found) <= MAX_JOBS:
        return found
    loaded = views.timers(scope)
    return sorted(sorted(found, key=lambda name: (name not in loaded, name))[:MAX_JOBS])


def _find_timers(tree: UnitTree, views: ManagerViews, scope: Scope) -> frozenset[str]:
    names = tree.names(scope)
    found = {n for n in tree.unit_names(scope) if unit_type(n) == "timer"}
    own = tuple(f"{d}/" for d in tree.own_dirs(scope))
    for name, paths in tree.links(scope).by_name.items():
        if unit_type(name) == "timer" and any(path.startswith(own) for path in paths):
            found.add(name)
    if scope_user(scope) is None:
        return frozenset(found | {n for n in views.timers(scope) if is_unit_name(n)})
    found |= {n for n in tree.drop_in_units(scope) if unit_type(n) == "timer" and names.find(n)}
    for name in views.timers(scope):
        # A user's manager loads the global units, too; only what is not one of them is the user's own.
        block = views.loaded.get((scope, name))
        is_own = block is not None and (
            block.property("Transient") == "yes" or block.property("FragmentPath").startswith(own)
        )
        if is_unit_name(name) and (is_own or names.find(name) is None):
            found.add(name)
    return frozenset(found)


def _build_job(
    tree: UnitTree, views: ManagerViews, index: ProgramIndex, scope: Scope, name: str, contents: Contents
) -> Job:
    version = tree.systemd_version
    timer = views.complete(resolve_unit(tree, scope, name, contents, version))
    activates = None
    target = _find_target(tree, timer)
    if target is not None:
        activates = views.complete(resolve_unit(tree, scope, target, contents, version))
        if timer.load is LoadState.MASKED and activates.load is LoadState.NOT_FOUND:
            activates = None
    units = [unit for unit in (timer, activates) if unit is not None]
    all_names: list[str] = [unit.name for unit in units]
    # Aliases come last: the second name is always that of the unit that is started.
    for unit in units if activates is not None else ():
        fragment = tree.names(scope).find(unit.name)
        all_names += fragment.names if fragment else ()
    triggers = build_triggers(timer, version)
    commands = () if activates is None else parse_commands(activates)
    run_as = "" if activates is None else find_user(scope, activates)
    return Job(
        scope=scope,
        name=name_by_content(name, units, triggers=triggers, commands=commands, run_as=run_as),
        unit_names=tuple(UnitName(n) for n in dict.fromkeys(all_names)),
        timer=timer,
        activates=activates,
        triggers=triggers,
        commands=commands,
        links=tree.links(scope).find(all_names),
        run_as=run_as,
        state=views.state(scope, name),
        programs=() if activates is None else index.programs(activates, commands, run_as),
    )


def _find_target(tree: UnitTree, timer: EffectiveUnit) -> str | None:
    """Give the unit that a timer starts, None when nothing is known of the timer that could tell.

    Source: systemd.timer(5), `Unit=`: the service of the same stem when it is not set.
    """
    stated = timer.values("Timer", "Unit")
    if stated:
        # Loaded by an alias it takes its specifiers from the alias; what it starts by default follows its real name.
        return resolve_template(expand_specifiers(stated[0].value, timer.name), timer.name)
    if timer.load in {LoadState.NOT_FOUND, LoadState.UNREADABLE} and not timer.directives:
        return None
    fragment = tree.names(timer.scope).find(timer.name)
    return f"{stem_of(fragment.name if fragment else timer.name)}.service"


def find_user(scope: Scope, unit: EffectiveUnit) -> str:
    """Give the account that a service runs as, empty for what runs nothing and where it is not known."""
    if unit_type(unit.name) != "service":
        return ""
    if scope == GLOBAL_USER:
        return EACH_USER
    user = scope_user(scope)
    if user is not None:
        return user
    stated = unit.values("Service", "User")
    if stated:
        return expand_specifiers(stated[-1].value, unit.name)
    if any(parse_boolean(d.value) for d in unit.values("Service", "DynamicUser")):
        return stem_of(unit.name).partition("@")[0]
    is_known = unit.load is not LoadState.UNREADABLE or any(d.origin == MANAGER_ORIGIN for d in unit.directives)
    return "root" if is_known else ""
