"""The dates on which a calendar expression elapses: which exist, how close together, on what share of days."""

from collections.abc import Iterator
from datetime import date, timedelta

from fleetscan.systemd.calendar_spec import MAX_YEAR, MIN_YEAR, CalendarSpec, Chain

_SAMPLE_START = 2024
_SAMPLE_YEARS = 28  # weekdays and leap years repeat after 28 years


def chain_values(chain: Chain, lowest: int, highest: int) -> list[int]:
    """Give the values of a field, ascending, without repeats."""
    if not chain:
        return list(range(lowest, highest + 1))
    return sorted({value for item in chain for value in item.values(highest)})


def can_match_a_day(spec: CalendarSpec) -> bool:
    """Tell whether any date up to systemd's last year fits; false for the 30th of February."""
    return next(_days(spec, MIN_YEAR, MAX_YEAR), None) is not None


def shortest_day_gap(spec: CalendarSpec) -> int | None:
    """Give the fewest days between two dates that fit; None when fewer than two do."""
    shortest: int | None = None
    earlier: date | None = None
    for day in _days(spec, _SAMPLE_START, _SAMPLE_YEARS):
        if earlier is not None:
            gap = (day - earlier).days
            shortest = gap if shortest is None else min(shortest, gap)
            if shortest == 1:
                break
        earlier = day
    return shortest


def share_of_days(spec: CalendarSpec) -> float:
    """Give the share of days that fit, 0 to 1, over the years that the expression names."""
    years = min(_SAMPLE_YEARS, len(chain_values(spec.years, MIN_YEAR, MAX_YEAR)))
    return min(1.0, sum(1 for _ in _days(spec, _SAMPLE_START, _SAMPLE_YEARS)) / (years * 365.25))


def _days(spec: CalendarSpec, first_year: int, limit: int) -> Iterator[date]:
    """Walk the dates of at most `limit` years: the named ones, else from `first_year` on."""
    months = chain_values(spec.months, 1, 12)
    years = chain_values(spec.years, MIN_YEAR if spec.years else first_year, MAX_YEAR)
    for year in years[:limit]:
        for month in months:
            begin = date(year, month, 1)
            length = (date(year + month // 12, month % 12 + 1, 1) - begin).days
            for day in _days_of_month(spec, length):
                found = begin + timedelta(days=day - 1)
                if not spec.weekdays or found.weekday() in spec.weekdays:
                    yield found


def _days_of_month(spec: CalendarSpec, length: int) -> list[int]:
    if not spec.end_of_month:
        return [day for day in chain_values(spec.days, 1, 31) if day <= length]
    days: set[int] = set()
    for item in spec.days:
        # `~01..07/2` steps from the seventh last day to the last; without an end, `~07/2` does the same.
        begin = length + 1 - (item.stop if item.stop >= 0 else item.start)
        end = length + 1 - item.start if item.stop >= 0 else length
        days.update(range(begin, end + 1, item.repeat) if item.repeat else (begin,))
    return sorted(day for day in days if day >= 1)
