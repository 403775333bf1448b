"""Calendar expressions (`OnCalendar=`) read as systemd reads them."""

import re
from datetime import UTC, datetime, timedelta

from fleetscan.errors import ParseError
from fleetscan.systemd.calendar_spec import MAX_YEAR, MIN_YEAR, CalendarSpec, Chain, Component, format_calendar
from fleetscan.systemd.timespan import MINUTE_US, SECOND_US
from fleetscan.systemd.zone import is_zone_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT_MAX = 2**31 - 1
_MAX_COMPONENTS = 241
_ALL_WEEKDAYS = 7
_WEEKDAY = re.compile(
    r"(?i:(?P<d0>mon(?:day)?)|(?P<d1>tue(?:sday)?)|(?P<d2>wed(?:nesday)?)|(?P<d3>thu(?:rsday)?)|(?P<d4>fri(?:day)?)"
    r"|(?P<d5>sat(?:urday)?)|(?P<d6>sun(?:day)?))(?=[-., ]|\Z)"
)
_DECIMAL = re.compile(r"([0-9]+)(?:(?<!\.)\.(?!\.)([0-9]*))?")
_WHOLE = re.compile(r"([0-9]+)()")
_AT = re.compile(r"@[ \t\n\v\f\r]*\+?([0-9]{1,12})\Z")
_SHORTHANDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    **dict.fromkeys(("annually", "yearly", "anually"), "*-01-01 00:00:00"),
    **dict.fromkeys(("biannually", "bi-annually", "semiannually", "semi-annually"), "*-01,07-01 00:00:00"),
}


def normalise_calendar(text: str) -> str:
    """Give the form that `systemd-analyze calendar` prints as "Normalized form".

    Raises:
        ParseError: systemd would refuse the text. Zone abbreviations that only the host's own zone makes valid (`MSK`
            on a host in Moscow) are refused too, because the zone of the host is not known here.

    Source:
        systemd.time(7), "Calendar events".
    """
    return format_calendar(parse_calendar(text))


def parse_calendar(text: str) -> CalendarSpec:
    """Read a calendar expression into its normalised parts.

    Raises:
        ParseError: As `normalise_calendar`.
    """
    if not text.isascii() or "\0" in text:
        raise _refusal(text)
    body, zone = _split_zone(text)
    return _Reader(_SHORTHANDS.get(body.lower(), body), zone, text).read()


def _split_zone(text: str) -> tuple[str, str]:
    if text[-4:].upper() == " UTC":
        return text[:-4], "UTC"
    body, space, word = text.rpartition(" ")
    if space and word[:1].isalpha() and is_zone_name(word):
        return body, word
    return text, ""


class _Reader:
    """One pass from left to right; `position` is the next character to read."""

    def __init__(self, body: str, zone: str, text: str) -> None:
        self.body = body
        self.zone = zone
        self.text = text
        self.position = 0

    def read(self) -> CalendarSpec:
        if not self.body:
            raise self.refusal()
        weekdays = self.read_weekdays()
        if self.peek() == "@":
            return self.read_epoch(weekdays)
        years, months, days, end_of_month = self.read_date()
        hours, minutes, microseconds = self.read_time()
        return CalendarSpec(
            weekdays=weekdays,
            years=self.normalise(tuple(map(_fix_year, years)), MIN_YEAR, MAX_YEAR),
            months=self.normalise(months, 1, 12),
            days=self.normalise(days, 1, 28 if end_of_month else 31, end_of_month=end_of_month),
            end_of_month=end_of_month and bool(days),
            hours=self.normalise(hours, 0, 23),
            minutes=self.normalise(minutes, 0, 59),
            microseconds=self.normalise(microseconds, 0, MINUTE_US - 1),
            zone=self.zone,
        )

    def read_weekdays(self) -> frozenset[int]:
        days: set[int] = set()
        range_start = -1
        while True:
            match = _WEEKDAY.match(self.body, self.position)
            if match is None:
                if days:
                    raise self.refusal()
                return frozenset()
            day = int((match.lastgroup or "d0")[1:])
            if range_start > day:
                raise self.refusal()
            days.update(range(range_start if range_start >= 0 else day, day + 1))
            self.position = match.end()
            separator = self.peek()
            if separator in {"", " "}:
                break
            if separator == ",":
                range_start = -1
                self.position += 1
            else:
                if range_start >= 0 or (separator == "." and not self.body.startswith("..", self.position)):
                    raise self.refusal()
                range_start = day
                self.position += 2 if separator == "." else 1
            if self.peek() in {"", " "}:  # `Mon,` is allowed, `Mon..` is not
                if range_start >= 0:
                    raise self.refusal()
                break
        self.skip_spaces()
        return frozenset() if len(days) == _ALL_WEEKDAYS else frozenset(days)

    def read_epoch(self, weekdays: frozenset[int]) -> CalendarSpec:
        match = _AT.match(self.body, self.position)
        if match is None:
            raise self.refusal()
        try:
            at = _EPOCH + timedelta(seconds=int(match.group(1)))
        except OverflowError:
            raise self.refusal() from None
        if at.year > MAX_YEAR:
            raise self.refusal()
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

    def read_date(self) -> tuple[Chain, Chain, Chain, bool]:
        if not self.peek():
            return (), (), (), False
        begin = self.position
        first = self.read_chain()
        if self.peek() in {"", ":"}:  # this was a time, not a date
            self.position = begin
            return (), (), (), False
        first_mark = self.take("-~")
        second = self.read_chain()
        if self.peek() in {"", " "}:
            self.skip_spaces()
            return (), first, second, first_mark == "~"
        second_mark = self.take("-~")
        third = self.read_chain()
        if first_mark == "~" or self.peek() not in {"", " "}:
            raise self.refusal()
        self.skip_spaces()
        return first, second, third, second_mark == "~"

    def read_time(self) -> tuple[Chain, Chain, Chain]:
        midnight = (Component(0),)
        if not self.peek():
            return midnight, midnight, midnight
        hours = self.read_chain()
        self.take(":")
        minutes = self.read_chain()
        if not self.peek():
            return hours, minutes, midnight
        self.take(":")
        microseconds = self.read_chain(seconds=True)
        if self.peek():
            raise self.refusal()
        return hours, minutes, microseconds

    def read_chain(self, *, seconds: bool = False) -> Chain:
        if self.peek() == "*":
            self.position += 1
            return (Component(0, -1, SECOND_US),) if seconds else ()
        items = [self.read_component(seconds=seconds)]
        while self.peek() == ",":
            self.position += 1
            items.append(self.read_component(seconds=seconds))
            if len(items) > _MAX_COMPONENTS:
                raise self.refusal()
        return tuple(items)

    def read_component(self, *, seconds: bool) -> Component:
        step = SECOND_US if seconds else 1
        start = self.read_decimal(seconds=seconds)
        stop = -1
        repeat = 0
        if self.body.startswith("..", self.position):
            self.position += 2
            stop = self.read_decimal(seconds=seconds)
            repeat = step
        if self.peek() == "/":
            self.position += 1
            repeat = self.read_decimal(seconds=seconds)
            if repeat == 0:
                raise self.refusal()
        elif seconds and stop >= 0 and start + repeat > stop:  # without a step a range below one second has no meaning
            raise self.refusal()
        if self.peek() not in {"", " ", ",", "-", "~", ":"}:
            raise self.refusal()
        return Component(start, stop, repeat)

    def read_decimal(self, *, seconds: bool) -> int:
        match = (_DECIMAL if seconds else _WHOLE).match(self.body, self.position)
        if match is None or len(match.group(1).lstrip("0")) > 10:
            raise self.refusal()
        self.position = match.end()
        value = int(match.group(1))
        if seconds:
            fraction = match.group(2)
            if fraction == "":
                raise self.refusal()
            value = value * SECOND_US + _read_fraction(fraction or "0")
        if value > _INT_MAX:
            raise self.refusal()
        return value

    def normalise(self, chain: Chain, lowest: int, highest: int, *, end_of_month: bool = False) -> Chain:
        items = sorted({_normalise_component(item) for item in chain})
        for item in items:
            fits = lowest <= item.start <= highest and item.repeat <= highest - lowest
            if item.stop >= 0:
                fits = fits and lowest <= item.stop <= highest and item.start + item.repeat <= item.stop
            elif end_of_month:
                fits = fits and item.start - item.repeat >= lowest
            else:
                fits = fits and item.start + item.repeat <= highest
            if not fits:
                raise self.refusal()
        return tuple(items)

    def peek(self) -> str:
        return self.body[self.position : self.position + 1]

    def take(self, allowed: str) -> str:
        character = self.peek()
        if not character or character not in allowed:
            raise self.refusal()
        self.position += 1
        return character

    def skip_spaces(self) -> None:
        while self.peek() == " ":
            self.position += 1

    def refusal(self) -> ParseError:
        return _refusal(self.text)


def _normalise_component(item: Component) -> Component:
    start, stop, repeat = item.start, item.stop, item.repeat
    if stop > start and repeat > 0:
        stop -= (stop - start) % repeat
    if start == stop or (stop > start and 0 < repeat and start + repeat > stop):
        return Component(start)
    return Component(start, stop, repeat)


def _fix_year(item: Component) -> Component:
    return Component(_full_year(item.start), _full_year(item.stop), item.repeat)


def _full_year(year: int) -> int:
    if 0 <= year < 70:
        return year + 2000
    return year + 1900 if 70 <= year < 100 else year


def _read_fraction(digits: str) -> int:
    """Give microseconds, rounded half up at the seventh digit as systemd does."""
    value = int(digits[:6].ljust(6, "0"))
    return value + 1 if digits[6:7] >= "5" else value


def _refusal(text: str) -> ParseError:
    return ParseError(f"not a calendar expression: {text[:80]!r}")
