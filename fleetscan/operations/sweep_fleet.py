"""Sweep a set of hosts: visit, commit, and close the sweep whatever happens."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import fleetscan
from fleetscan.errors import UsageError
from fleetscan.model.host import Host
from fleetscan.model.ids import Clock, SweepId
from fleetscan.model.outcome import HostOutcome, Outcome, outcome_of
from fleetscan.model.sweep import Selection, Sweep, SweepState
from fleetscan.probe.script import load_probe
from fleetscan.store.store import Store
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.local import run_local
from fleetscan.sweep.ports import RunTransport
from fleetscan.sweep.shard import ShardOptions
from fleetscan.sweep.visit import VisitOptions, Visitor
from fleetscan.sweep.writer import OutcomeWriter

_SWEEPS_LOOKED_AT = 100

Observer = Callable[[HostOutcome], None]
"""Told of every outcome when it is committed, from the writer's thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOptions:
    """Bounds of a sweep."""

    visit: VisitOptions
    shard: ShardOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """What a sweep gave.

    Attributes:
        outcomes: Count per outcome, of this run.
        interrupted: Whether it was ended before every host had an outcome.
    """

    sweep: Sweep
    outcomes: Counter[Outcome]
    interrupted: bool


def sweep_fleet(  # noqa: PLR0913 - every argument is one stage or one plain fact; a bag of them would hide that
    hosts: Sequence[Host],
    selection: Selection,
    *,
    store: Store,
    transport: RunTransport,
    options: SweepOptions,
    author: str,
    clock: Clock,
    observer: Observer,
    resume: bool = False,
) -> SweepResult:
    """Visit hosts and keep every outcome.

    Args:
        hosts: Whom to visit.
        selection: How they were chosen; kept with the sweep.
        store: Where outcomes go.
        transport: How hosts are reached.
        options: Bounds.
        author: Who sweeps.
        clock: Now.
        observer: Told of each committed outcome.
        resume: Continue the newest, interrupted sweep: hosts that have an outcome in it are not visited again.

    Raises:
        StoreBusyError: Another sweep works on this database.
        UsageError: There is nothing to resume.
        StoreError: An outcome could not be kept; what was committed before stays.
    """
    with store.sweep_lease():
        sweep = _reopen(store) if resume else _begin(store, hosts, selection, author, clock)
        visited = store.sweeps.visited_hosts(sweep.id) if resume else frozenset()
        remaining = [host for host in hosts if host.name not in visited]
        outcomes: Counter[Outcome] = Counter()

        def commit(batch: Sequence[HostOutcome]) -> None:
            store.save_outcomes(sweep.id, batch)

        def committed(batch: Sequence[HostOutcome]) -> None:
            for outcome in batch:
                outcomes[outcome_of(outcome)] += 1
                observer(outcome)

        known = KnownContents(store.contents.missing_contents, store.contents.read_contents)
        last_read_at = store.visits.last_read_at(host.name for host in remaining)
        visitor = Visitor(transport, load_probe(), known, clock, options.visit, last_read_at.get)
        done = False
        try:
            with OutcomeWriter(commit, committed) as writer:
                done = run_local(remaining, transport, visitor, writer.put, options.shard)
        finally:
            state = SweepState.COMPLETE if done else SweepState.INTERRUPTED
            sweep = store.sweeps.end_sweep(sweep.id, state, clock())
    return SweepResult(sweep=sweep, outcomes=outcomes, interrupted=not done)


def find_resumable(store: Store) -> Sweep:
    """Give the sweep that `--resume` continues.

    Raises:
        UsageError: The newest sweep is complete, or there is none.
    """
    sweep = store.sweeps.find_interrupted()
    if sweep is None:
        raise UsageError("there is no interrupted sweep to resume", hint="run `fleetscan sweep` without --resume")
    return sweep


def latest_sweep(store: Store, sweep_id: int | None) -> Sweep:
    """Give the sweep asked for, or the newest one that ended.

    Raises:
        UsageError: There is none.
    """
    if sweep_id is not None:
        return store.sweeps.read_sweep(SweepId(sweep_id))
    sweep = store.sweeps.latest_sweep((SweepState.COMPLETE, SweepState.INTERRUPTED))
    if sweep is None:
        raise UsageError("there is no sweep in this database yet", hint="run `fleetscan sweep` first")
    return sweep


def widest_recent_sweep(store: Store, sweep_id: int | None) -> Sweep:
    """Give the sweep asked for, or the newest one that asked for the whole inventory and went through.

    A proposal made from a sweep of a few hosts would make those few the measure of all; where there is no whole sweep,
    the newest one has to do.

    Raises:
        UsageError: There is none.
    """
    if sweep_id is None:
        for sweep in store.sweeps.list_sweeps(_SWEEPS_LOOKED_AT):
            if sweep.state is SweepState.COMPLETE and sweep.selection == Selection():
                return sweep
    return latest_sweep(store, sweep_id)


def _reopen(store: Store) -> Sweep:
    return store.sweeps.reopen_sweep(find_resumable(store).id)


def _begin(store: Store, hosts: Sequence[Host], selection: Selection, author: str, clock: Clock) -> Sweep:
    return store.sweeps.begin_sweep(
        selection,
        hosts=len(hosts),
        author=author,
        tool_version=fleetscan.__version__,
        probe_sha256=load_probe().sha256,
        started_at=clock(),
    )
