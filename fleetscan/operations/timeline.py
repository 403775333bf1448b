"""What runs when: the runs of all timers in the next hours, equal jobs of many hosts together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from fleetscan.export.question_records import TimelineRecord
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName, Scope
from fleetscan.model.snapshot import RuntimeState
from fleetscan.model.unit import Job
from fleetscan.operations.hunt_states import ContentCache, SharedState, share_states
from fleetscan.operations.timeline_runs import UTC_ZONE, Runs, Window, find_runs, index_rows, is_running, tell_delay
from fleetscan.store.state_periods import StatePeriod
from fleetscan.store.store import Store
from fleetscan.systemd.jobs import build_jobs
from fleetscan.systemd.triggers import describe_triggers

MAX_TIMES = 48
"""Times of one job that are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineOptions:
    """What is asked about.

    Attributes:
        window: When.
        wants_host: Which hosts.
        wants_user: As whom; jobs whose account is not known are left out when anything but all is wanted.
    """

    window: Window
    wants_host: Callable[[HostName], bool]
    wants_user: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Runs, the earliest first.

    Attributes:
        hosts: How many hosts were looked at.
        partial: Those of which something was not read, which may be a timer.
        oldest_at: When the oldest of the states was seen; None without any host.
    """

    records: tuple[TimelineRecord, ...]
    hosts: int
    partial: tuple[HostName, ...]
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Same:
    """What makes jobs of two hosts the same for a reader of a timeline."""

    scope: Scope
    name: str
    activates: str
    user: str
    schedule: str
    executes: tuple[str, ...]
    delay: str
    zone: str
    basis: str


@dataclass(slots=True)
class _Group:
    first: Runs
    latest_next_at: datetime
    hosts: list[HostName] = field(default_factory=list)


def build_timeline(store: Store, options: TimelineOptions) -> Timeline:
    """Compute the runs from the newest state of each host; equal states are understood once."""
    periods = [p for p in store.periods.list_periods(current=True) if options.wants_host(p.visit.host)]
    groups: dict[_Same, _Group] = {}
    contents = ContentCache(store)
    for state in share_states(_without_coverage(periods)):
        jobs = _read_jobs(store, state, contents, options)
        for host, runtime in _runtimes(store, state):
            _add_host(groups, host, runtime, jobs, options.window)
    records = [_record(same, group) for same, group in groups.items()]
    return Timeline(
        records=tuple(sorted(records, key=lambda record: (record.next_at, record.scope, record.name, record.hosts))),
        hosts=len(periods),
        partial=tuple(p.visit.host for p in periods if not p.visit.coverage.is_complete),
        oldest_at=min((period.last_seen_at for period in periods), default=None),
    )


@dataclass(frozen=True, slots=True)
class _Timed:
    job: Job
    zone: str
    delay: str
    schedule: str


def _without_coverage(periods: list[StatePeriod]) -> Iterator[StatePeriod]:
    """Leave out what was not read: it decides nothing about when a job runs that was."""
    for period in periods:
        yield replace(period, visit=replace(period.visit, coverage=Coverage()))


def _read_jobs(store: Store, state: SharedState, contents: ContentCache, options: TimelineOptions) -> list[_Timed]:
    artifacts = store.visits.read_artifacts(state.key.manifest)
    jobs = build_jobs(state.key.facts, artifacts, contents.read)
    zone = state.key.facts.zone or UTC_ZONE
    return [
        _Timed(job, zone, tell_delay(job.timer), describe_triggers(job.triggers))
        for job in jobs
        if job.triggers and is_running(job) and options.wants_user(job.run_as)
    ]


def _runtimes(store: Store, state: SharedState) -> Iterator[tuple[HostName, RuntimeState]]:
    hosts = [period.visit.host for period in state.periods]
    found = dict(store.visits.runtimes(hosts))
    for host in hosts:
        yield host, found.get(host, RuntimeState())


def _add_host(
    groups: dict[_Same, _Group], host: HostName, runtime: RuntimeState, jobs: list[_Timed], window: Window
) -> None:
    rows = index_rows(runtime.timers)
    for timed in jobs:
        job = timed.job
        runs = find_runs(job, rows.get((job.scope, job.timer.name)), timed.zone, window)
        if runs is None:
            continue
        same = _Same(
            scope=job.scope,
            name=job.name,
            activates=job.activates.name if job.activates is not None else "",
            user=job.run_as,
            schedule=timed.schedule,
            executes=tuple(command.raw for command in job.commands),
            delay=timed.delay,
            zone=timed.zone,
            basis=runs.basis,
        )
        group = groups.setdefault(same, _Group(runs, runs.times[0]))
        group.hosts.append(host)
        group.latest_next_at = max(group.latest_next_at, runs.times[0])
        if runs.times[0] < group.first.times[0]:
            group.first = runs


def _record(same: _Same, group: _Group) -> TimelineRecord:
    return TimelineRecord(
        next_at=group.first.times[0],
        latest_next_at=group.latest_next_at,
        basis=same.basis,
        runs=len(group.first.times),
        more_runs=group.first.is_cut,
        times=group.first.times[:MAX_TIMES],
        zone=same.zone,
        delay=same.delay,
        scope=same.scope,
        name=same.name,
        activates=same.activates,
        user=same.user,
        schedule=same.schedule,
        executes=same.executes,
        hosts=tuple(sorted(group.hosts)),
    )
