"""The grammar of calendar expressions: text to parts, nothing judged yet."""

import re
from datetime import UTC, datetime, timedelta

from fleetscan.errors import ParseError
from fleetscan.systemd.calendar_spec import MAX_YEAR, CalendarSpec, Chain, Component
from fleetscan.systemd.timespan import SECOND_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT_MAX = 2**31 - 1
_MAX_COMPONENTS = 241
_WEEKDAY = re.compile(
    r"(?i:(?P<d0>mon(?:day)?)|(?P<d1>tue(?:sday)?)|(?P<d2>wed(?:nesday)?)|(?P<d3>thu(?:rsday)?)|(?P<d4>fri(?:day)?)"
    r"|(?P<d5>sat(?:urday)?)|(?P<d6>sun(?:day)?))(?=[-., ]|\Z)"
)
_DECIMAL = re.compile(r"([0-9]+)(?:(?<!\.)\.(?!\.)([0-9]*))?")
_WHOLE = re.compile(r"([0-9]+)()")
_AT = re.compile(r"@[ \t\n\v\f\r]*\+?0*([0-9]{1,12})\Z")


class CalendarReader:
    """One pass from left to right; `position` is the next character to read.

    Args:
        body: The expression without its zone.
        zone: The zone that was taken off, empty for none.
        text: The whole expression, for the error.
    """

    def __init__(self, body: str, zone: str, text: str) -> None:
        self._body = body
        self._zone = zone
        self._text = text
        self._position = 0

    def read(self) -> CalendarSpec:
        """Give the parts as written: not sorted, not checked for range.

        Raises:
            ParseError: The text does not follow the grammar.
        """
        if not self._body:
            raise self._refusal()
        weekdays = self._read_weekdays()
        if self._peek() == "@":
            return self._read_epoch(weekdays)
        years, months, days, end_of_month = self._read_date()
        hours, minutes, microseconds = self._read_time()
        return CalendarSpec(
            weekdays=weekdays,
            years=years,
            months=months,
            days=days,
            end_of_month=end_of_month and bool(days),
            hours=hours,
            minutes=minutes,
            microseconds=microseconds,
            zone=self._zone,
        )

    def _read_weekdays(self) -> frozenset[int]:
        days: set[int] = set()
        range_start = -1
        while True:
            match = _WEEKDAY.match(self._body, self._position)
            if match is None:
                if days:
                    raise self._refusal()
                return frozenset()
            day = int((match.lastgroup or "d0")[1:])
            if range_start > day:
                raise self._refusal()
            days.update(range(range_start if range_start >= 0 else day, day + 1))
            self._position = match.end()
            separator = self._peek()
            if separator in {"", " "}:
                break
            if separator == ",":
                range_start = -1
                self._position += 1
            else:
                if range_start >= 0 or (separator == "." and not self._body.startswith("..", self._position)):
                    raise self._refusal()
                range_start = day
                self._position += 2 if separator == "." else 1
            if self._peek() in {"", " "}:  # `Mon,` is allowed, `Mon..` is not
                if range_start >= 0:
                    raise self._refusal()
                break
        self._skip_spaces()
        return frozenset(days)

    def _read_epoch(self, weekdays: frozenset[int]) -> CalendarSpec:
        match = _AT.match(self._body, self._position)
        if match is None:
            raise self._refusal()
        try:
            at = _EPOCH + timedelta(seconds=int(match.group(1)))
        except OverflowError:
            raise self._refusal() from None
        if at.year > MAX_YEAR:
            raise self._refusal()
        return CalendarSpec(
            weekdays=weekdays,
            years=(Component(at.year),),
            months=(Component(at.month),),
            days=(Component(at.day),),
            hours=(Component(at.hour),),
            minutes=(Component(at.minute),),
            microseconds=(Component(at.second * SECOND_US),),
            zone="UTC",
        )

    def _read_date(self) -> tuple[Chain, Chain, Chain, bool]:
        if not self._peek():
            return (), (), (), False
        begin = self._position
        first = self._read_chain()
        if self._peek() in {"", ":"}:  # this was a time, not a date
            self._position = begin
            return (), (), (), False
        first_mark = self._take("-~")
        second = self._read_chain()
        if self._peek() in {"", " "}:
            self._skip_spaces()
            return (), first, second, first_mark == "~"
        second_mark = self._take("-~")
        third = self._read_chain()
        if first_mark == "~" or self._peek() not in {"", " "}:
            raise self._refusal()
        self._skip_spaces()
        return first, second, third, second_mark == "~"

    def _read_time(self) -> tuple[Chain, Chain, Chain]:
        midnight = (Component(0),)
        if not self._peek():
            return midnight, midnight, midnight
        hours = self._read_chain()
        self._take(":")
        minutes = self._read_chain()
        if not self._peek():
            return hours, minutes, midnight
        self._take(":")
        microseconds = self._read_chain(seconds=True)
        if self._peek():
            raise self._refusal()
        return hours, minutes, microseconds

    def _read_chain(self, *, seconds: bool = False) -> Chain:
        if self._peek() == "*":
            self._position += 1
            return (Component(0, -1, SECOND_US),) if seconds else ()
        items = [self._read_component(seconds=seconds)]
        while self._peek() == ",":
            self._position += 1
            items.append(self._read_component(seconds=seconds))
            if len(items) > _MAX_COMPONENTS:
                raise self._refusal()
        return tuple(items)

    def _read_component(self, *, seconds: bool) -> Component:
        step = SECOND_US if seconds else 1
        start = self._read_decimal(seconds=seconds)
        stop = -1
        repeat = 0
        if self._body.startswith("..", self._position):
            self._position += 2
            stop = self._read_decimal(seconds=seconds)
            repeat = step
        if self._peek() == "/":
            self._position += 1
            repeat = self._read_decimal(seconds=seconds)
            if repeat == 0:
                raise self._refusal()
        elif seconds and stop >= 0 and start + repeat > stop:  # without a step a range below one second has no meaning
            raise self._refusal()
        if self._peek() not in {"", " ", ",", "-", "~", ":"}:
            raise self._refusal()
        return Component(start, stop, repeat)

    def _read_decimal(self, *, seconds: bool) -> int:
        match = (_DECIMAL if seconds else _WHOLE).match(self._body, self._position)
        if match is None:
            raise self._refusal()
        digits = match.group(1).lstrip("0") or "0"
        if len(digits) > 10:  # more than any field holds; Python refuses to convert thousands of digits
            raise self._refusal()
        self._position = match.end()
        value = int(digits)
        if seconds:
            fraction = match.group(2)
            if fraction == "":
                raise self._refusal()
            value = value * SECOND_US + _read_fraction(fraction or "0")
        if value > _INT_MAX:
            raise self._refusal()
        return value

    def _peek(self) -> str:
        return self._body[self._position : self._position + 1]

    def _take(self, allowed: str) -> str:
        character = self._peek()
        if not character or character not in allowed:
            raise self._refusal()
        self._position += 1
        return character

    def _skip_spaces(self) -> None:
        while self._peek() == " ":
            self._position += 1

    def _refusal(self) -> ParseError:
        return refuse_calendar(self._text)


def _read_fraction(digits: str) -> int:
    """Give microseconds, rounded half up at the seventh digit as systemd does."""
    value = int(digits[:6].ljust(6, "0"))
    return value + 1 if digits[6:7] >= "5" else value


def refuse_calendar(text: str) -> ParseError:
    """Build the error for a text that is no calendar expression."""
    return ParseError(f"not a calendar expression: {text[:80]!r}")
