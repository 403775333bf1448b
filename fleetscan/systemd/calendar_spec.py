"""A calendar expression in its parts, and systemd's normal form of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

from fleetscan.systemd.timespan import MINUTE_US, SECOND_US

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIN_YEAR = 1970
MAX_YEAR = 2199
"""systemd stops looking for a next elapse after this year."""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """One item of a list such as `8..18/2`; `stop` is -1 without a range, `repeat` 0 without repetition."""

    start: int
    stop: int = -1
    repeat: int = 0

    def values(self, largest: int) -> range:
        """Give the values up to and with `largest`, ascending."""
        if self.repeat <= 0:
            return range(self.start, self.start + 1)
        return range(self.start, (self.stop if self.stop >= 0 else largest) + 1, self.repeat)


Chain = tuple[Component, ...]
"""Sorted, without repeats; empty means any value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSpec:
    """A valid, normalised calendar expression.

    Attributes:
        weekdays: Monday is 0; empty means any.
        end_of_month: Days count from the end of the month, 1 is the last.
        microseconds: Within the minute, so seconds times a million.
        zone: `UTC` or an IANA name; empty means the zone of the host.
    """

    weekdays: frozenset[int] = frozenset()
    years: Chain = ()
    months: Chain = ()
    days: Chain = ()
    end_of_month: bool = False
    hours: Chain = ()
    minutes: Chain = ()
    microseconds: Chain = ()
    zone: str = ""

    def offsets_us(self, from_us: int = 0) -> Iterator[int]:
        """Give the microseconds of a minute at which it elapses, from `from_us` on: ascending, no repeats, lazily."""
        last = -1
        for offset in merge(*(_tail(c.values(MINUTE_US - 1), from_us) for c in self.microseconds)):
            if offset != last:
                yield offset
            last = offset


def _tail(values: range, lowest: int) -> range:
    """Give the values that are not below `lowest`, without walking: there may be millions."""
    return values[max(0, -((values.start - lowest) // values.step)) :]


def format_calendar(spec: CalendarSpec) -> str:
    """Print a calendar expression in normal form, as `systemd-analyze calendar` does."""
    weekdays = f"{_format_weekdays(spec.weekdays)} " if spec.weekdays else ""
    date = f"{_format_chain(spec.years, 4)}-{_format_chain(spec.months, 2)}"
    date += ("~" if spec.end_of_month else "-") + _format_chain(spec.days, 2)
    time = f"{_format_chain(spec.hours, 2)}:{_format_chain(spec.minutes, 2)}:{_format_seconds(spec.microseconds)}"
    return f"{weekdays}{date} {time}" + (f" {spec.zone}" if spec.zone else "")


def _format_weekdays(weekdays: frozenset[int]) -> str:
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    # Two neighbours are a list, three or more a range.
    return ",".join(
        WEEKDAYS[run[0]]
        if len(run) == 1
        else (".." if len(run) > 2 else ",").join((WEEKDAYS[run[0]], WEEKDAYS[run[-1]]))
        for run in runs
    )


def _format_chain(chain: Chain, width: int) -> str:
    if not chain:
        return "*"
    parts = []
    for item in chain:
        text = f"{item.start:0{width}d}"
        if item.stop > 0:
            text += f"..{item.stop:0{width}d}"
        if item.repeat > 0 and not (item.stop > 0 and item.repeat == 1):
            text += f"/{item.repeat}"
        parts.append(text)
    return ",".join(parts)


def _format_seconds(chain: Chain) -> str:
    if any(c.start == 0 and c.stop < 0 and c.repeat == SECOND_US for c in chain):
        return "*"
    parts = []
    for item in chain:
        text = _format_decimal(item.start, 2)
        if item.stop > 0:
            text += ".." + _format_decimal(item.stop, 2)
        if item.repeat > 0 and not (item.stop > 0 and item.repeat == SECOND_US):
            text += "/" + _format_decimal(item.repeat, 1)
        parts.append(text)
    return ",".join(parts)


def _format_decimal(value_us: int, width: int) -> str:
    seconds, below = divmod(value_us, SECOND_US)
    return f"{seconds:0{width}d}" + (f".{below:06d}" if below else "")
