"""`fleetscan demo`: the whole journey in one command, in a folder of its own."""

from fleetscan.demo.intruder import TREE_TROUBLES
from tests.integration.cli.console import Console, assert_one_clear_line


def test_the_demo_finds_what_it_planted_and_leaves_a_project_behind(console: Console) -> None:
    answer = console("demo", "--out", "demo", "--hosts", "12")
    assert answer.code == 0, answer.err
    for planted in ("dbus-cache-refresh.timer", "desktop-index.timer", "logrotate.service", "apt-daily-upgrade.timer"):
        assert planted in answer.out
    for outcome in ("unreachable", "host key changed", "protocol error"):
        assert outcome in answer.err
    demo = Console(console.folder / "demo")
    assert (demo.folder / "report" / "index.html").is_file()
    assert len(list((demo.folder / "outbox").glob("*.eml"))) == 2
    assert len(demo.read("sweeps", "list")) == 2
    drifted = {item["host"] for item in demo.read("drift", "--min-severity", "low")}
    assert len(drifted) == len(TREE_TROUBLES)
    assert demo("drift").code == 1
    out_of_place = {
        (program["path"], program["presence"], program["verification"])
        for timer in demo.read("timers")
        for program in timer["programs"]
        if (program["presence"], program["verification"]) != ("found", "verified")
    }
    theirs = ("/home/deploy/.config/.desktop-index", "/home/deploy/.local/share/.index/run", "/var/tmp/.cache/upd")
    assert out_of_place == {(path, "found", "unowned") for path in theirs}


def test_the_demo_may_be_repeated_but_touches_no_other_folder(console: Console) -> None:
    (console.folder / "mine").mkdir()
    (console.folder / "mine" / "letter").write_text("dear")
    answer = console("demo", "--out", "mine")
    assert answer.code == 2
    assert_one_clear_line(answer, "mine")
    assert (console.folder / "mine" / "letter").read_text() == "dear"
    (console.folder / "taken").write_text("x")
    answer = console("demo", "--out", "taken")
    assert answer.code in (2, 4)
    assert_one_clear_line(answer, "taken")
    assert (console.folder / "taken").read_text() == "x"


def test_too_small_a_demo_is_a_usage_error(console: Console) -> None:
    assert console("demo", "--hosts", "3").code == 2
    assert list(console.folder.iterdir()) == []
