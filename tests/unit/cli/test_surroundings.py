"""The line about what surrounds the jobs of a host."""

import io
from datetime import UTC, datetime

from rich.console import Console

from fleetscan.cli.output import Terminal
from fleetscan.cli.surroundings import print_surroundings
from fleetscan.export.job_records import DisagreementRecord
from fleetscan.export.surroundings import SurroundingsRecord, TraceRecord


def said(**things: tuple[object, ...]) -> list[str]:
    nothing: dict[str, tuple[object, ...]] = dict.fromkeys(SurroundingsRecord.__dataclass_fields__, ())
    out = io.StringIO()
    console = Console(file=out, width=200, markup=False, emoji=False, highlight=False)
    record = SurroundingsRecord(**{**nothing, **things})  # type: ignore[arg-type]  # one value for each list
    print_surroundings(Terminal(out=console, talk=console), record)
    return out.getvalue().splitlines()


def test_nothing_out_of_the_ordinary_is_not_a_word_worth() -> None:
    assert said() == []


def test_only_what_is_not_zero_is_counted_and_then_named() -> None:
    trace = TraceRecord(
        source="journal",
        at=datetime(2026, 3, 1, tzinfo=UTC),
        unit="run-u7.service",
        command="/tmp/x\x1b[31m",
        user="eve",
        event="started",
    )
    differ = DisagreementRecord(kind="memory and file differ", unit="a.timer", detail="old")
    first, *rest = said(unowned=("/opt/x", "/opt/y"), disagreements=(differ,), traces=(trace,))
    assert first == "2 programs of no package · 1 disagreement of views · 1 trace of a transient unit"
    assert rest[:3] == [
        "  programs of no package: /opt/x",
        "  programs of no package: /opt/y",
        "  disagreement of views: a.timer: memory and file differ: old",
    ]
    assert "journal: started run-u7.service by eve /tmp/x\\x1b[31m" in rest[3]


def test_many_are_named_in_part() -> None:
    lines = said(mounts=tuple(f"/etc/systemd/{number}" for number in range(9)))
    assert len(lines) == 7
    assert lines[-1].endswith("4 more; --format json gives all")
