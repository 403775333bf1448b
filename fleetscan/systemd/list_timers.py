"""`systemctl list-timers --all` of all eras, as JSON and as text."""

import re
from datetime import UTC, datetime, timedelta, timezone

from fleetscan.errors import ParseError
from fleetscan.model.ids import Scope, UnitName
from fleetscan.model.snapshot import TimerRow
from fleetscan.systemd.listing import load_objects, read_text, split_rows
from fleetscan.systemd.names import is_unit_name
from fleetscan.systemd.timespan import INFINITY_US

FIRST_JSON_VERSION = 246

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_US = 253_402_300_800 * 1_000_000  # year 10000
_EMPTY_CELLS = frozenset({"", "-", "n/a"})

# Cells are split by single spaces and hold spaces, and columns are right-aligned since 254: read from both ends.
_ROW = re.compile(r"(?P<times>.*?)\s(?P<unit>\S+\.timer)(?:\s+(?P<activates>\S.*))?\Z")
# The weekday follows the locale on old systems; the zone is missing when its name is too long. Past the year 9999
# systemd prints X for each digit.
_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}|XXXX-XX-XX) (?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}|XX:XX:XX)"
    r"(?: (?P<zone>[A-Z][A-Za-z]+|[+-][0-9]{2}(?:[0-9]{2})?))?(?=\s|\Z)"
)
_NEXT_IS_EMPTY = re.compile(r"\s*(?:-|n/a)(?:\s|\Z)")
_UTC_NAMES = frozenset({None, "UTC", "GMT"})


def parse_list_timers_json(data: bytes, *, systemd_version: int, scope: Scope) -> tuple[TimerRow, ...]:
    """Read the JSON form.

    Args:
        data: Standard output of `systemctl list-timers --all --output=json`.
        systemd_version: Major version of the host, 0 when unknown.
        scope: Whose manager was asked.

    Returns:
        Sorted by unit.

    Raises:
        ParseError: Not such a list (systemd before 246 prints none).

    Source:
        systemd's systemctl-list-units.c: `left` repeats `next`, and `passed` is monotonic since 254; both are ignored.
    """
    if 0 < systemd_version < FIRST_JSON_VERSION:
        raise ParseError(f"systemd {systemd_version} lists timers as text only", hint="read the text form")
    rows = []
    for item in load_objects(data):
        unit = _check_name(read_text(item, "unit"), 0)
        rows.append(
            TimerRow(
                scope=scope,
                unit=unit,
                activates=_read_activates(item.get("activates")),
                next_at=_read_instant(item.get("next"), "next"),
                last_at=_read_instant(item.get("last"), "last"),
            )
        )
    return tuple(sorted(rows, key=lambda row: row.unit))


def parse_list_timers_text(data: bytes, scope: Scope) -> tuple[TimerRow, ...]:
    """Read the text form, with or without header, footer, colours.

    Args:
        data: Standard output of `systemctl list-timers --all --full`, asked for with `TZ=UTC`.
        scope: Whose manager was asked.

    Returns:
        Sorted by unit. Times are exact to the second, in UTC; a time without a zone counts as UTC.

    Raises:
        ParseError: A line that is no row, a cut name, a zone that is not UTC, a footer that counts other rows.
    """
    rows = [_read_row(number, line, scope) for number, line in split_rows(data, "NEXT ")]
    return tuple(sorted(rows, key=lambda row: row.unit))


def _read_row(number: int, line: str, scope: Scope) -> TimerRow:
    match = _ROW.match(line)
    if match is None:
        raise ParseError("not a row of list-timers", line=number)
    times = list(_TIME.finditer(match["times"]))
    has_next = not _NEXT_IS_EMPTY.match(match["times"])
    if len(times) > 2 or (has_next and not times) or (not has_next and len(times) > 1):
        raise ParseError("cannot tell the times of this row", line=number)
    activates = [name for name in re.split(r",\s*|\s+", match["activates"] or "") if name not in _EMPTY_CELLS]
    return TimerRow(
        scope=scope,
        unit=_check_name(match["unit"], number),
        activates=tuple(_check_name(name, number) for name in activates),
        next_at=_read_time(times[0], number) if has_next else None,
        last_at=_read_time(times[-1], number) if len(times) > int(has_next) else None,
    )


def _read_time(match: re.Match[str], number: int) -> datetime | None:
    """Give the instant; None for one past the year 9999, which stands for never."""
    if "X" in match["date"]:
        return None
    try:
        local = datetime.fromisoformat(f"{match['date']}T{match['clock']}")
        return local.replace(tzinfo=_read_zone(match["zone"])).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ParseError(f"not a time in UTC: {match.group()[:60]!r}", line=number) from error


def _read_zone(name: str | None) -> timezone:
    if name in _UTC_NAMES or name is None:
        return UTC
    if name[0] in "+-":
        minutes = int(name[1:3]) * 60 + int(name[3:] or "0")
        return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes))
    raise ValueError(name)  # an abbreviation says no offset for sure (IST, CST)


def _read_activates(value: object) -> tuple[UnitName, ...]:
    """Read text, null, or (since 254, for several units) an array; older versions join several by a comma."""
    names: list[object]
    if isinstance(value, list):
        names = list(value)
    else:
        names = list(re.split(r",\s*", read_text({"activates": value}, "activates")))
    found = []
    for name in names:
        if not isinstance(name, str):
            raise ParseError("`activates` holds something else than text")
        if name not in _EMPTY_CELLS:
            found.append(_check_name(name, 0))
    return tuple(found)


def _read_instant(value: object, key: str) -> datetime | None:
    """Give microseconds since the epoch as an instant; 0, null, infinity and years past 9999 are never."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= INFINITY_US:
        raise ParseError(f"`{key}` is not a time in microseconds")
    return _EPOCH + timedelta(microseconds=value) if 0 < value < _END_US else None


def _check_name(name: str, number: int) -> UnitName:
    # Of a container's unit (`machine:unit`, only with --recursive) the colon is valid in names anyway.
    if not is_unit_name(name):
        raise ParseError(f"not a unit name: {name[:80]!r}", line=number)
    return UnitName(name)
