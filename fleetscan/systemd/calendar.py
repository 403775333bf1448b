"""Calendar expressions (`OnCalendar=`) read as systemd reads them."""

from dataclasses import replace

from fleetscan.systemd.calendar_reader import CalendarReader, refuse_calendar
from fleetscan.systemd.calendar_spec import MAX_YEAR, MIN_YEAR, CalendarSpec, Chain, Component, format_calendar
from fleetscan.systemd.timespan import MINUTE_US
from fleetscan.systemd.zone import is_zone_name

_ALL_WEEKDAYS = 7
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
        raise refuse_calendar(text)
    body, zone = _split_zone(text)
    raw = CalendarReader(_SHORTHANDS.get(body.lower(), body), zone, text).read()
    years = tuple(map(_fix_year, raw.years))
    is_valid = (
        _fits(years, MIN_YEAR, MAX_YEAR)
        and _fits(raw.months, 1, 12)
        and _fits(raw.days, 1, 31, end_of_month=raw.end_of_month)
        and _fits(raw.hours, 0, 23)
        and _fits(raw.minutes, 0, 59)
        and _fits(raw.microseconds, 0, MINUTE_US - 1)
    )
    if not is_valid:
        raise refuse_calendar(text)
    return replace(
        raw,
        weekdays=frozenset() if len(raw.weekdays) == _ALL_WEEKDAYS else raw.weekdays,
        years=_normalise(years),
        months=_normalise(raw.months),
        days=_normalise(raw.days),
        end_of_month=raw.end_of_month and bool(raw.days),
        hours=_normalise(raw.hours),
        minutes=_normalise(raw.minutes),
        microseconds=_normalise(raw.microseconds),
    )


def _split_zone(text: str) -> tuple[str, str]:
    if text[-4:].upper() == " UTC":
        return text[:-4], "UTC"
    body, space, word = text.rpartition(" ")
    if space and word[:1].isalpha() and is_zone_name(word):
        return body, word
    return text, ""


def _fits(chain: Chain, lowest: int, highest: int, *, end_of_month: bool = False) -> bool:
    for item in _normalise(chain):
        if end_of_month:
            # Days more than 28 before the end do not exist in every month. systemd lowers the limit again for each
            # further item of the list (seen in 252 and in the newest source); we refuse what it refuses.
            highest -= 3
        if not _component_fits(item, lowest, highest, end_of_month=end_of_month):
            return False
    return True


def _component_fits(item: Component, lowest: int, highest: int, *, end_of_month: bool) -> bool:
    """Tell whether a component lies in its field and a repetition happens at least once."""
    if not lowest <= item.start <= highest or item.repeat > highest - lowest:
        return False
    if item.stop >= 0:
        return lowest <= item.stop <= highest and item.start + item.repeat <= item.stop
    if end_of_month:
        return item.start - item.repeat >= lowest
    return item.start + item.repeat <= highest


def _normalise(chain: Chain) -> Chain:
    return tuple(sorted(set(map(_normalise_component, chain))))


def _normalise_component(item: Component) -> Component:
    start, stop, repeat = item.start, item.stop, item.repeat
    if stop > start and repeat > 0:
        stop -= (stop - start) % repeat
    if start == stop or (stop > start and repeat > 0 and start + repeat > stop):
        return Component(start)
    return Component(start, stop, repeat)


def _fix_year(item: Component) -> Component:
    return Component(_full_year(item.start), _full_year(item.stop), item.repeat)


def _full_year(year: int) -> int:
    if 0 <= year < 70:
        return year + 2000
    return year + 1900 if 70 <= year < 100 else year
