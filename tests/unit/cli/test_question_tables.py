"""Tables of answers: whatever a host named its things, nothing of it steers the terminal."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from rich.console import Console

from fleetscan.cli import diff, history, hunt, spread, timeline
from fleetscan.cli.host_names import count_hosts, name_hosts
from fleetscan.cli.output import Format, Terminal
from fleetscan.export.change_records import ChangeRecord, DiffRecord, TargetChangeRecord
from fleetscan.export.question_records import (
    DifferenceRecord,
    HistoryRecord,
    HuntRecord,
    MatchRecord,
    SpreadRecord,
    TimelineRecord,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVIL = "\x1b[31m\u202e\n[bold]\udc80" + "w" * 5000
CHANGE = ChangeRecord(unit=EVIL, section=EVIL, key=EVIL, before=(EVIL,), after=(EVIL,), path=EVIL, line=3)
TARGET = TargetChangeRecord(path=EVIL, before=EVIL, after=EVIL)
DIFF = DiffRecord(path=EVIL, lines=(f"+{EVIL}",) * 100, truncated=False)


def hunted() -> HuntRecord:
    return HuntRecord(
        host=EVIL,
        subject="job",
        scope=EVIL,
        name=EVIL,
        units=(EVIL,),
        summary=EVIL,
        user=EVIL,
        schedule=EVIL,
        provenance="",
        matches=(MatchRecord(criterion="text", text=EVIL, path=EVIL, line=1),) * 5,
        first_seen_at=NOW,
        last_seen_at=NOW,
        sweep=1,
        present=False,
        prevalence_count=1,
        prevalence_of_hosts=2,
    )


def told() -> HistoryRecord:
    return HistoryRecord(
        host=EVIL,
        at=NOW,
        before_at=NOW,
        event="changed",
        subject="job",
        scope=EVIL,
        name=EVIL,
        sentence=EVIL,
        present=True,
        changes=(CHANGE,) * 6,
        targets=(TARGET,) * 6,
        diffs=(DIFF,),
    )


def differing() -> DifferenceRecord:
    return DifferenceRecord(
        before=EVIL,
        after=EVIL,
        kind="changed",
        subject="generator",
        scope=EVIL,
        name=EVIL,
        sentence=EVIL,
        changes=(CHANGE,),
        targets=(TARGET,),
        diffs=(DIFF,),
    )


def planned() -> TimelineRecord:
    return TimelineRecord(
        next_at=NOW,
        latest_next_at=NOW.replace(hour=3),
        basis="repeats",
        runs=1,
        more_runs=True,
        times=(NOW,),
        zone=EVIL,
        delay=EVIL,
        scope=EVIL,
        name=EVIL,
        activates=EVIL,
        user=EVIL,
        schedule=EVIL,
        executes=(EVIL,) * 4,
        hosts=(EVIL, "web-02"),
    )


def arrived() -> SpreadRecord:
    return SpreadRecord(
        rank=1,
        host=EVIL,
        day="2026-03-01",
        first_seen_at=NOW,
        last_absent_at=None,
        last_seen_at=NOW,
        present=False,
        paths=(EVIL,),
        total=1,
        of_hosts=1,
    )


PRINTERS: dict[str, Callable[[Terminal], None]] = {
    "hunt": lambda t: hunt._print_hunt(t, Format.TABLE, [hunted()]),
    "history": lambda t: history._print_history(t, Format.TABLE, [told()]),
    "changes": lambda t: history._print_changes(t, [told()]),
    "timeline": lambda t: timeline._print_timeline(t, Format.TABLE, [planned()]),
    "spread": lambda t: spread._print_spread(t, Format.TABLE, [arrived()]),
    "beginning": lambda t: spread._say_beginning(t, [arrived()]),
    "diff": lambda t: diff.print_difference(t, differing(), with_text=True),
}


@pytest.mark.parametrize("name", PRINTERS)
def test_hostile_names_are_spelled_out(name: str) -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, markup=False, emoji=False, highlight=False)
    PRINTERS[name](Terminal(out=console, talk=console))
    shown = out.getvalue()
    assert "\\x1b[31m" in shown.replace("\n", "").replace(" ", "")
    assert all(char.isprintable() or char == "\n" for char in shown)


@pytest.mark.parametrize("name", ["hunt", "history", "changes", "timeline", "diff"])
def test_a_row_of_endless_text_stays_a_row(name: str) -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, markup=False, emoji=False, highlight=False)
    PRINTERS[name](Terminal(out=console, talk=console))
    assert len(out.getvalue().splitlines()) < 700
    assert max(map(len, out.getvalue().splitlines())) <= 80


def test_many_hosts_are_named_in_part() -> None:
    assert name_hosts(["a", "b"]) == "a, b"
    assert name_hosts(list("abcdef")) == "a, b, c, d and 2 more"
    assert (count_hosts(1), count_hosts(2)) == ("1 host", "2 hosts")
