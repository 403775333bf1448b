"""How often a timer fires, and when next."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise

from oncalendar import TzIterator

from fleetscan.errors import ParseError
from fleetscan.model.unit import Trigger
from fleetscan.systemd.calendar import parse_calendar
from fleetscan.systemd.calendar_days import can_match_a_day, chain_values, share_of_days, shortest_day_gap
from fleetscan.systemd.calendar_spec import CalendarSpec, Component, format_calendar
from fleetscan.systemd.timespan import DAY_US, INFINITY_US, MINUTE_US, SECOND_US, parse_timespan
from fleetscan.systemd.zone import load_zone

CALENDAR = "OnCalendar"
REPEATING = frozenset({"OnUnitActiveSec", "OnUnitInactiveSec"})
"""Spans that start again with every run; the other spans fire once."""

_HOUR_US = 60 * MINUTE_US
_MAX_OFFSETS = 1000


def next_runs(calendar_normal: str, after: datetime, zone: str, count: int) -> tuple[datetime, ...]:
    """Compute when a calendar expression elapses next.

    Args:
        calendar_normal: A calendar expression, normal form or not.
        after: Aware; only later instants are given.
        zone: IANA name of the host's zone, for expressions without a zone of their own.
        count: How many at most.

    Returns:
        Aware UTC, ascending; fewer than `count` when the expression ends. Local times that a change of the clock
        skips do not elapse, and repeated ones elapse once, as in systemd. `RandomizedDelaySec=` is not known here.

    Raises:
        ParseError: The expression or the zone is not valid.
    """
    spec = parse_calendar(calendar_normal)
    rules = load_zone(spec.zone or zone)
    if rules is None:
        raise ParseError(f"not a time zone: {zone[:80]!r}")
    if not can_match_a_day(spec):
        return ()
    # The library walks minutes; seconds are added here because it knows no fractions of them.
    minutely = format_calendar(replace(spec, microseconds=(Component(0),), zone=""))
    here = after.astimezone(rules)
    this_minute = here.replace(second=0, microsecond=0, fold=0)
    passed_us = here.second * SECOND_US + here.microsecond
    runs = (
        _settle(minute + timedelta(microseconds=offset_us), here)
        for minute in TzIterator(minutely, this_minute - timedelta(seconds=1))
        for offset_us in spec.offsets_us(passed_us if minute == this_minute else 0)
    )
    after_utc = after.astimezone(UTC)
    return tuple(islice((run for run in runs if run > after_utc), count))


def shortest_interval_s(triggers: Iterable[Trigger]) -> int | None:
    """Give the shortest time between two runs that one of the triggers asks for.

    Returns:
        Whole seconds, rounded down, at least 1; None when nothing repeats. Triggers are judged one by one: two daily
        lines an hour apart give a day.
    """
    intervals = [us for us in map(_interval_us, triggers) if us is not None]
    return max(1, min(intervals) // SECOND_US) if intervals else None


def runs_a_day(triggers: Iterable[Trigger]) -> float:
    """Give the average number of runs a day, all triggers added up.

    Spans after the last activation count as if the run itself took no time. Runs within one minute are counted up to
    1000.
    """
    return sum(_runs_a_day(*key) for key in {(t.directive, t.normal) for t in triggers})


def _settle(local: datetime, here: datetime) -> datetime:
    """Give the instant of a local time; in a repeated hour the first, unless that was over when we looked."""
    first = local.astimezone(UTC)
    if here.fold and first <= here.astimezone(UTC):
        return local.replace(fold=1).astimezone(UTC)
    return first


def _interval_us(trigger: Trigger) -> int | None:
    if trigger.directive == CALENDAR and trigger.normal:
        return _calendar_interval_us(parse_calendar(trigger.normal))
    return _span_us(trigger.directive, trigger.normal)


@lru_cache(maxsize=4096)  # a fleet has few distinct schedules, and this walks 28 years of dates
def _runs_a_day(directive: str, normal: str) -> float:
    if directive == CALENDAR and normal:
        spec = parse_calendar(normal)
        hours, minutes = chain_values(spec.hours, 0, 23), chain_values(spec.minutes, 0, 59)
        runs = len(hours) * len(minutes) * sum(1 for _ in islice(spec.offsets_us(), _MAX_OFFSETS))
        return runs * share_of_days(spec)
    span_us = _span_us(directive, normal)
    return DAY_US / span_us if span_us else 0.0


def _span_us(directive: str, normal: str) -> int | None:
    if directive not in REPEATING or not normal:
        return None
    span_us = parse_timespan(normal)
    return span_us if 0 < span_us < INFINITY_US else None


def _calendar_interval_us(spec: CalendarSpec) -> int | None:
    offsets = list(islice(spec.offsets_us(), _MAX_OFFSETS))
    first, last, gap = _widen(0, 0, None, offsets, 1)
    first, last, gap = _widen(first, last, gap, chain_values(spec.minutes, 0, 59), MINUTE_US)
    first, last, gap = _widen(first, last, gap, chain_values(spec.hours, 0, 23), _HOUR_US)
    day_gap = shortest_day_gap(spec)
    if day_gap is None:
        return gap if can_match_a_day(spec) else None
    over_night = day_gap * DAY_US - (last - first)
    return over_night if gap is None else min(gap, over_night)


def _widen(first: int, last: int, gap: int | None, values: list[int], unit_us: int) -> tuple[int, int, int | None]:
    """Step from one field to the next larger: first and last instant in it, and the shortest gap inside."""
    for earlier, later in pairwise(values):
        between = (later - earlier) * unit_us - (last - first)
        gap = between if gap is None else min(gap, between)
    return values[0] * unit_us + first, values[-1] * unit_us + last, gap
