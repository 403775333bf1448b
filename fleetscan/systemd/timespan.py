"""Time spans as systemd reads and prints them: `1h 30min`, `infinity`, bare numbers as seconds."""

import re

from fleetscan.errors import ParseError

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_US = 24 * 60 * MINUTE_US
INFINITY_US = 2**64 - 1
"""`infinity`: systemd's largest unsigned 64-bit number stands for "never"."""

_GREEK_MU = "\u03bc"
_GREEK_MU_SINCE = 248  # not by 247, by 252
_WHITESPACE = " \t\n\r"
_SIGNED_MAX = 2**63 - 1
_MONTH_US = 2_629_800 * SECOND_US
_YEAR_US = 31_557_600 * SECOND_US

# In systemd's order: the first suffix that fits wins, so longer words stand before their own beginnings.
_SUFFIXES: tuple[tuple[str, int], ...] = (
    ("seconds", SECOND_US),
    ("second", SECOND_US),
    ("sec", SECOND_US),
    ("s", SECOND_US),
    ("minutes", MINUTE_US),
    ("minute", MINUTE_US),
    ("min", MINUTE_US),
    ("months", _MONTH_US),
    ("month", _MONTH_US),
    ("M", _MONTH_US),
    ("msec", 1000),
    ("ms", 1000),
    ("m", MINUTE_US),
    ("hours", 60 * MINUTE_US),
    ("hour", 60 * MINUTE_US),
    ("hr", 60 * MINUTE_US),
    ("h", 60 * MINUTE_US),
    ("days", DAY_US),
    ("day", DAY_US),
    ("d", DAY_US),
    ("weeks", 7 * DAY_US),
    ("week", 7 * DAY_US),
    ("w", 7 * DAY_US),
    ("years", _YEAR_US),
    ("year", _YEAR_US),
    ("y", _YEAR_US),
    ("usec", 1),
    ("us", 1),
    (f"{_GREEK_MU}s", 1),
    ("\u00b5s", 1),  # micro sign
)
_PRINTED: tuple[tuple[str, int], ...] = (
    ("y", _YEAR_US),
    ("month", _MONTH_US),
    ("w", 7 * DAY_US),
    ("d", DAY_US),
    ("h", 60 * MINUTE_US),
    ("min", MINUTE_US),
    ("s", SECOND_US),
    ("ms", 1000),
    ("us", 1),
)
# strtoll(3) reads the number: it passes over more kinds of space than systemd itself, and takes a plus
_NUMBER = re.compile(r"(?:[ \t\n\v\f\r]*(?P<whole>\+?[0-9]+))?(?P<dot>\.(?P<fraction>[0-9]*))?")
_SPACES = re.compile(r"[ \t\n\r]*")


def parse_timespan(text: str, systemd_version: int = 0) -> int:
    """Read a time span; a number without a unit counts seconds.

    Args:
        text: Of a directive.
        systemd_version: Major version, 0 for a current one: up to 247 the Greek letter makes no microseconds.

    Returns:
        Microseconds, or `INFINITY_US` for `infinity`.

    Raises:
        ParseError: systemd would refuse the text.

    Source:
        systemd.time(7), "Parsing time spans".
    """
    stripped = text.strip(_WHITESPACE)
    if 0 < systemd_version < _GREEK_MU_SINCE and _GREEK_MU in stripped:
        raise _refusal(text)
    if stripped == "infinity":
        return INFINITY_US
    if not stripped:
        raise ParseError("a time span is empty")
    total = 0
    position = 0
    while position < len(stripped):
        number = _NUMBER.match(stripped, position)
        if number is None or not number.group():
            raise _refusal(text)
        after_number = number.end()
        after_spaces = _skip_spaces(stripped, after_number)
        position, unit_us = _read_unit(stripped, after_spaces)
        if position == after_number and position < len(stripped):  # `12.34.56`, `5x`
            raise _refusal(text)
        total += _scale(number.group("whole"), number.group("fraction"), unit_us, text)
        if total >= INFINITY_US:
            raise _refusal(text)
        position = _skip_spaces(stripped, position)
    return total


def format_timespan(span_us: int) -> str:
    """Print microseconds in systemd's own way, `1h 30min`, `1.500000s`, `0`, `infinity`.

    Args:
        span_us: 0 to `INFINITY_US`; anything larger is printed as infinity, anything negative as 0.
    """
    if span_us >= INFINITY_US:
        return "infinity"
    if span_us <= 0:
        return "0"
    parts: list[str] = []
    rest = span_us
    for suffix, unit_us in _PRINTED:
        if rest < unit_us:
            continue
        whole, below = divmod(rest, unit_us)
        if below and rest < MINUTE_US:
            digits = len(str(unit_us)) - 1
            parts.append(f"{whole}.{below:0{digits}d}{suffix}")
            break
        parts.append(f"{whole}{suffix}")
        rest = below
        if not rest:
            break
    return " ".join(parts)


def _skip_spaces(text: str, position: int) -> int:
    match = _SPACES.match(text, position)
    return match.end() if match else position


def _read_unit(text: str, position: int) -> tuple[int, int]:
    for suffix, unit_us in _SUFFIXES:
        if text.startswith(suffix, position):
            return position + len(suffix), unit_us
    return position, SECOND_US


def _scale(whole: str | None, fraction: str | None, unit_us: int, text: str) -> int:
    digits = (whole or "").lstrip("+0") or "0"
    if fraction == "" or len(digits) > 19:  # `3.`, `3.sec`; 19 digits hold every signed 64-bit number
        raise _refusal(text)
    value = int(digits)
    if value > _SIGNED_MAX or value >= INFINITY_US // unit_us:
        raise _refusal(text)
    total = value * unit_us
    step = unit_us // 10
    for digit in fraction or "":
        if not step:
            break
        total += int(digit) * step
        step //= 10
    return total


def _refusal(text: str) -> ParseError:
    return ParseError(f"not a time span: {text[:80]!r}")
