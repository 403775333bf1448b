"""Progress of a sweep, for people at a terminal and for log files."""

import io

import pytest
from rich.console import Console

from fleetscan.cli.output import Terminal
from fleetscan.cli.progress import show_progress
from fleetscan.model.ids import HostName
from tests.stored_fleet import DB, WEB, failure, snapshot


def make_terminal(out: io.StringIO, *, is_terminal: bool = False, quiet: bool = False) -> Terminal:
    talk = Console(file=out, width=100, force_terminal=is_terminal, quiet=quiet, _environ={"TERM": "xterm"})
    return Terminal(out=talk, talk=talk)


def test_a_log_file_gets_one_line_at_the_end_of_a_short_sweep() -> None:
    out = io.StringIO()
    with show_progress(make_terminal(out), 3) as note:
        note(snapshot(WEB))
        note(failure(DB))
        assert out.getvalue() == ""
        note(snapshot(HostName("web2")))
    (line,) = out.getvalue().splitlines()
    assert line.startswith("sweep: 3 of 3 hosts, 0 partial, 1 failed, ")


def test_a_long_sweep_tells_of_itself_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("fleetscan.cli.progress.time.monotonic", lambda: now[0])
    out = io.StringIO()
    with show_progress(make_terminal(out), 100) as note:
        for second in range(25):
            now[0] = float(second)
            note(snapshot(HostName(f"web{second}")))
    assert [line.split(",")[0] for line in out.getvalue().splitlines()] == [
        "sweep: 11 of 100 hosts",
        "sweep: 21 of 100 hosts",
    ]


def test_a_terminal_sees_counts_and_keeps_no_trace_of_the_bar() -> None:
    out = io.StringIO()
    with show_progress(make_terminal(out, is_terminal=True), 2) as note:
        note(snapshot(WEB))
        note(failure(DB))
    shown = out.getvalue()
    assert "2/2" in shown
    assert "1 failed" in shown


def test_quiet_shows_nothing() -> None:
    out = io.StringIO()
    with show_progress(make_terminal(out, is_terminal=True, quiet=True), 1) as note:
        note(snapshot(WEB))
    assert out.getvalue() == ""
