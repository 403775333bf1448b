"""When the demo's timers ran and will run. Knows exactly the expressions that the demo's units use."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from oncalendar import OnCalendar

UPTIME = timedelta(days=9, hours=4)
"""How long the demo's hosts have been up."""

NORMAL_FORMS = {
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "minutely": "*-*-* *:*:00",
    "*-*-* 6,18:00": "*-*-* 06,18:00:00",
    "*-*-* 6:00": "*-*-* 06:00:00",
    "*-*-* 07..23:30": "*-*-* 07..23:30:00",
    "*:00/10": "*-*-* *:00/10:00",
    "*:0/15": "*-*-* *:00/15:00",
    "00:00": "*-*-* 00:00:00",
    "00:07:00": "*-*-* 00:07:00",
    "Sun *-*-* 03:10:00": "Sun *-*-* 03:10:00",
    "Sat *-*-* 04:00:00": "Sat *-*-* 04:00:00",
    "*-*-* 01:30:00": "*-*-* 01:30:00",
    "*-*-* 03,15:20:00": "*-*-* 03,15:20:00",
    "hourly": "*-*-* *:00:00",
}
"""As `systemd-analyze calendar` normalises them: a fixed table, so that the demo does not lean on our parser."""

_UNITS_S = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_NAMES_S = (("w", 604800), ("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Runs:
    """The next and the last run of a timer; None where there is none."""

    next_at: datetime | None
    last_at: datetime | None


def parse_span(text: str) -> int:
    """Give the seconds of a simple systemd time span such as `12h`, `100min` or `60`."""
    parts = re.findall(r"(\d+)\s*([a-z]*)", text)
    return sum(int(number) * _UNITS_S[unit] for number, unit in parts)


def format_span(seconds: int) -> str:
    """Write seconds as systemd prints a time span: `1h 40min`; `0` for none."""
    words = []
    for name, size in _NAMES_S:
        number, seconds = divmod(seconds, size)
        if number:
            words.append(f"{number}{name}")
    return " ".join(words) or "0"


def plan_calendar(expression: str, delay_s: int, seed: str, now: datetime) -> Runs:
    """Work out a calendar timer's runs; each host gets its own share of the random delay, from `seed`."""
    following, previous = _neighbours(expression, now)
    share = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") % delay_s if delay_s else 0
    return Runs(following + timedelta(seconds=share), previous)


def plan_monotonic(on_boot_s: int, on_active_s: int, now: datetime) -> Runs:
    """Work out the runs of a timer with OnBootSec= and OnUnitActiveSec=."""
    first = now - UPTIME + timedelta(seconds=on_boot_s)
    every = timedelta(seconds=on_active_s)
    last = first + every * ((now - first) // every)
    return Runs(last + every, last)


@lru_cache(maxsize=256)
def _neighbours(expression: str, now: datetime) -> tuple[datetime, datetime]:
    """Give the first elapse after `now` and the last one not after it."""
    following: datetime = next(OnCalendar(expression, now))
    for hours in (1, 24, 24 * 7, 24 * 32):
        before = None
        for at in OnCalendar(expression, now - timedelta(hours=hours)):
            if at > now:
                break
            before = at
        if before is not None:
            return following, before
    raise ValueError(f"{expression} does not elapse once a month")
