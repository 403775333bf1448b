"""Tables, talk, log lines and errors: nothing from a host steers a terminal, nothing is wider than it should be."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from fleetscan.cli import faults
from fleetscan.cli.clock import show_relative, show_time
from fleetscan.cli.logs import set_up_logs
from fleetscan.cli.options import selection_flags
from fleetscan.cli.output import Column, Format, Terminal, open_terminal, print_records
from fleetscan.cli.pipe import PipeConsole, ReaderGoneError
from fleetscan.errors import InventoryError, StoreError
from fleetscan.export.records import NoticeRecord

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
COLUMNS: list[Column[NoticeRecord]] = [Column("to", lambda r: r.recipient), Column("subject", lambda r: r.subject)]


def record(subject: str) -> NoticeRecord:
    return NoticeRecord(recipient="a@example.org", subject=subject, notice="sent", detail="")


def render(subject: str, width: int = 80) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, highlight=False, markup=False, emoji=False)
    terminal = Terminal(out=console, talk=console)
    print_records(terminal, Format.TABLE, "notices", [record(subject)], COLUMNS, empty="none")
    terminal.say(subject)
    return out.getvalue()


@given(st.text(st.characters(), max_size=60))
def test_no_text_of_a_host_reaches_the_terminal_unprintable(text: str) -> None:
    shown = render(text)
    assert all(line.isprintable() for line in shown.split("\n"))


def test_markup_and_emoji_codes_are_plain_text() -> None:
    shown = render("[red]x[/red] :warning: [link=http://example.org]y[/link]")
    assert "[red]x[/red] :warning: [link=http://example.org]y[/link]" in shown


def test_a_long_cell_is_folded_and_not_cut() -> None:
    lines = render("".join(f"{number:04d}" for number in range(100)), width=60).splitlines()
    table = lines[:-1]
    assert max(map(len, table)) <= 60
    assert "".join(line[15:].strip() for line in table[2:]).endswith("00980099")


def test_a_cell_of_many_lines_says_how_many_are_left_out() -> None:
    assert "… 5 more" in render("\n".join(map(str, range(15))))


def test_an_empty_table_is_talk_and_an_empty_list_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = open_terminal(quiet=False, color="never")
    print_records(terminal, Format.TABLE, "notices", [], COLUMNS, empty="nothing here")
    assert capsys.readouterr() == ("", "nothing here\n")
    print_records(terminal, Format.JSONL, "notices", [], COLUMNS, empty="nothing here")
    assert capsys.readouterr() == ("", "")
    print_records(terminal, Format.CSV, "notices", [], COLUMNS, empty="nothing here")
    assert capsys.readouterr() == ("recipient,subject,notice,detail\n", "")


def test_quiet_silences_talk_and_not_data(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = open_terminal(quiet=True, color="never")
    terminal.say("hello")
    print_records(terminal, Format.TABLE, "notices", [record("s")], COLUMNS, empty="")
    out, err = capsys.readouterr()
    assert "a@example.org" in out
    assert err == ""


def test_a_closed_pipe_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(len(text))

    with pytest.raises(ReaderGoneError):
        PipeConsole(file=Closed()).print("x")


@pytest.fixture
def _logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("_logs")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=40))
def test_a_log_line_is_one_line_whatever_it_tells(text: str) -> None:
    for form in ("text", "json"):
        stream = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "stderr", stream)
            set_up_logs("debug", form)
            logging.getLogger("fleetscan.x").warning("host said %s", text)
        said = stream.getvalue()
        assert said.endswith("\n")
        assert said[:-1].isprintable()
        if form == "json":
            assert json.loads(said)["message"] == f"host said {text}"


@pytest.mark.usefixtures("_logs")
def test_a_logged_exception_stays_inside_its_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("warning", "json")
    try:
        int("bad")
    except ValueError:
        logging.getLogger("fleetscan.x").exception("it failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["exception"]


@pytest.mark.usefixtures("_logs")
def test_packets_are_never_logged(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("debug", "text")
    logging.getLogger("asyncssh").debug("user scanner")
    logging.getLogger("sqlalchemy.engine").info("SELECT")
    assert capsys.readouterr().err == ""


def test_an_error_is_one_line_and_a_hint_with_hostile_text_spelled_out(capsys: pytest.CaptureFixture[str]) -> None:
    faults.print_error(StoreError("cannot\nread \x1b[31m", hint="try\u202e"))
    assert capsys.readouterr().err == "error: cannot\\nread \\x1b[31m\nhint: try\\u202e\n"


def test_all_faults_of_an_inventory_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    faults.print_error(InventoryError("2 faults", faults=("a.yaml:1: x", "a.yaml:2: y"), hint="see the example"))
    assert capsys.readouterr().err.splitlines() == [
        "error: 2 faults",
        "  a.yaml:1: x",
        "  a.yaml:2: y",
        "hint: see the example",
    ]


def test_commas_and_repetition_both_separate_choices() -> None:
    flags = selection_flags(["web,db", "mail"], None, ["a,,b"])
    assert flags == {"groups": ("web", "db", "mail"), "limit": (), "exclude": ("a", "b")}


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (timedelta(seconds=5), "in 5s"),
        (timedelta(minutes=-3), "3min ago"),
        (timedelta(hours=2), "in 2h"),
        (timedelta(days=-9), "9d ago"),
        (timedelta(), "in 0s"),
    ],
)
def test_distances_are_said_in_one_unit(distance: timedelta, text: str) -> None:
    assert show_relative(NOW + distance, NOW) == text
    assert show_relative(None, NOW) == "-"


def test_no_time_is_a_dash() -> None:
    assert show_time(None) == "-"
    assert show_time(NOW).startswith("2026-0")
