"""Calendar expressions: normal form and next elapses beside those of `systemd-analyze calendar`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from fleetscan.errors import ParseError
from fleetscan.systemd.cadence import next_runs
from fleetscan.systemd.calendar import normalise_calendar
from tests.live.oracle.calendars import BASE_TIME, CALENDARS
from tests.live.oracle.conftest import Oracle
from tests.live.oracle.differences import CALENDAR_DIFFERENCES
from tests.live.oracle.hosts import OracleHost

_ITERATIONS = 5
_ELAPSE = re.compile(r"(?:Next elapse|Iter(?:\.|ation) #\d+): \w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")
_EACH = """
i=0
while [ $# -gt 0 ]; do
  echo "@ $i"
  systemd-analyze calendar --iterations=5 --base-time="$0" -- "$1" 2>&1
  i=$((i + 1))
  shift
done
:
"""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a side makes of an expression; `normal` is empty when it refuses it."""

    normal: str
    elapses: tuple[str, ...] = ()


def ask_systemd(host: OracleHost, expressions: Iterable[str]) -> dict[str, Calendar]:
    asked = list(expressions)
    said = host.run("sh", "-c", _EACH, f"{BASE_TIME} UTC", *asked).decode()
    blocks = re.split(r"^@ \d+\n", said, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(asked)
    return dict(zip(asked, map(read_block, blocks), strict=True))


def read_block(text: str) -> Calendar:
    normal = re.search(r"Normalized form: (.*)", text)
    assert normal or "Failed to parse calendar" in text or "empty" in text, text
    return Calendar(normal[1], tuple(_ELAPSE.findall(text))) if normal else Calendar("")


def ask_ours(expression: str) -> Calendar:
    try:
        normal = normalise_calendar(expression)
    except ParseError:
        return Calendar("")
    after = datetime.fromisoformat(BASE_TIME).replace(tzinfo=UTC)
    return Calendar(normal, tuple(f"{run:%Y-%m-%d %H:%M:%S}" for run in next_runs(normal, after, "UTC", _ITERATIONS)))


def test_calendars_are_read_and_elapse_as_in_systemd(oracle: Oracle) -> None:
    assert len(set(CALENDARS)) >= 280
    in_units = {line for content in oracle.snapshot.contents.values() for line in read_schedules(content)}
    assert len(in_units) >= 15
    asked = sorted({*CALENDARS, *in_units})
    theirs = ask_systemd(oracle.host, asked)
    assert sum(1 for calendar in theirs.values() if calendar.normal) >= len(asked) // 2
    differing: dict[str, str] = {}
    for expression, calendar in theirs.items():
        ours = ask_ours(expression)
        for kind, equal in (
            ("calendar: normal form", ours.normal == calendar.normal),
            ("calendar: elapses", ours.elapses == calendar.elapses),
        ):
            is_expected = expression in CALENDAR_DIFFERENCES
            unequal = oracle.tally.expected if is_expected else oracle.tally.unexpected
            (oracle.tally.equal if equal else unequal)[oracle.release, kind] += 1
        if ours != calendar:
            differing[expression] = f"{expression!r}\n    ours   {ours}\n    theirs {calendar}"
    version = oracle.snapshot.facts.systemd_version
    expected = {e for e, (_name, (first, last)) in CALENDAR_DIFFERENCES.items() if first <= version <= last}
    assert differing.keys() - expected == set(), "\n".join(differing.values())
    assert expected - differing.keys() == set(), "these differences are expected and were not met"


def read_schedules(content: bytes) -> list[str]:
    found = re.findall(rb"^OnCalendar=(.+)$", content, flags=re.MULTILINE)
    return [text.decode().strip() for text in found if text.isascii() and b"\r" not in text and b"%" not in text]
