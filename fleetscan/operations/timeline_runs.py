"""When one job runs on one host in the time that is asked about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from fleetscan.errors import ParseError
from fleetscan.model.ids import UnitName
from fleetscan.model.snapshot import TimerRow
from fleetscan.model.unit import EffectiveUnit, Job, LoadState, Trigger
from fleetscan.systemd.cadence import CALENDAR, REPEATING, next_runs, shortest_interval_s
from fleetscan.systemd.directive_kinds import parse_boolean
from fleetscan.systemd.names import is_template

MAX_RUNS = 1000
"""Runs of one job that are counted."""

BY_CALENDAR = "calendar"
BY_MANAGER = "list-timers"
BY_INTERVAL = "repeats"
UTC_ZONE = "UTC"
"""What systemd takes where a host has no time zone of its own."""

_SPANS_FROM_ZERO = "0"


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant to another, both aware; the first does not count."""

    after: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs in a window.

    Attributes:
        times: Ascending, at least one, at most `MAX_RUNS`.
        is_cut: Whether there are more.
        basis: `calendar`, `list-timers` or `repeats`.
    """

    times: tuple[datetime, ...]
    is_cut: bool
    basis: str


def is_running(job: Job) -> bool:
    """Tell whether a timer is at work, or would be after the next start, as far as any view tells."""
    if job.timer.load is LoadState.MASKED or job.state.enabled.startswith("masked") or is_template(job.timer.name):
        return False
    if job.state.active:
        return job.state.active == "active"
    return job.state.listed is True or job.state.enabled.startswith("enabled") or bool(job.links)


def find_runs(job: Job, row: TimerRow | None, zone: str, window: Window) -> Runs | None:
    """Give the runs of a job in a window, None for none.

    Calendars are computed, since what `list-timers` said is one run only and as old as the visit. What is no calendar
    is known from there alone: the run that it named, and where the timer repeats, those after it at its interval.

    Args:
        job: Any.
        row: What the host's manager said of it.
        zone: IANA name of the host's zone.
        window: When.
    """
    calendars = tuple(dict.fromkeys(t.normal for t in job.triggers if t.directive == CALENDAR and t.normal))
    times = {at for calendar in calendars for at in _calendar_runs(calendar, zone, window)}
    basis = BY_CALENDAR
    spans = [trigger for trigger in job.triggers if trigger.directive != CALENDAR]
    if row is not None and row.next_at is not None and spans:
        told = set(_span_runs(row.next_at, spans, window))
        if told and not times:
            basis = BY_INTERVAL if len(told) > 1 or row.next_at not in told else BY_MANAGER
        times |= told
    if not times:
        return None
    ordered = sorted(times)
    return Runs(tuple(ordered[:MAX_RUNS]), len(ordered) >= MAX_RUNS, basis)


def tell_delay(timer: EffectiveUnit) -> str:
    """Give the random delay that a manager may add to each run, as it is written; empty for none."""
    stated = timer.values("Timer", "RandomizedDelaySec")
    value = stated[-1].value if stated else ""
    if value in ("", _SPANS_FROM_ZERO):
        return ""
    fixed = timer.values("Timer", "FixedRandomDelay")
    return f"{value}, always the same" if fixed and parse_boolean(fixed[-1].value) else value


def index_rows(rows: Iterable[TimerRow]) -> Mapping[tuple[str, UnitName], TimerRow]:
    """Give rows of list-timers by scope and unit."""
    return {(row.scope, row.unit): row for row in rows}


@lru_cache(maxsize=4096)  # a fleet has few distinct schedules and zones
def _calendar_runs(calendar: str, zone: str, window: Window) -> tuple[datetime, ...]:
    try:
        runs = next_runs(calendar, window.after, zone, MAX_RUNS)
    except ParseError:  # a host may name any zone; systemd takes UTC for one that it does not know
        runs = next_runs(calendar, window.after, UTC_ZONE, MAX_RUNS)
    return tuple(run for run in runs if run <= window.until)


def _span_runs(next_at: datetime, triggers: Iterable[Trigger], window: Window) -> Iterable[datetime]:
    if window.after < next_at <= window.until:
        yield next_at
    interval_s = shortest_interval_s(trigger for trigger in triggers if trigger.directive in REPEATING)
    if interval_s is None or next_at > window.until:
        return
    interval = timedelta(seconds=interval_s)
    skipped = max(0, (window.after - next_at) // interval)
    at = next_at + (skipped + 1) * interval
    for _ in range(MAX_RUNS):
        if at > window.until:
            return
        if at > window.after:
            yield at
        at += interval
