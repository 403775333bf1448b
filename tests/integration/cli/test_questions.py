"""The questions of an analyst by the command line, on an embedded fleet over real SSH."""

import hashlib
import zipfile
from collections.abc import Iterator

import jsonschema
import pytest

from tests.integration.cli.console import Console, assert_one_clear_line, open_site

_WIDTH = 80
_QUESTIONS = {
    "hunt": ("hunt", "--exec", "*", "--max-hosts", "2"),
    "history": ("history", "logrotate.timer"),
    "spread": ("spread", "dbus-cache-refresh.timer"),
    "timeline": ("timeline",),
    "differences": ("diff", "db-03", "db-04"),
}
"""A command for each kind of answer."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """Swept, broken into, and swept again."""
    with open_site(tmp_path_factory.mktemp("questions")) as site:
        assert site.console("sweep").code in (0, 3)
        site.running.plant()
        assert site.console("sweep").code == 1
        yield site.console


@pytest.mark.parametrize("schema", _QUESTIONS)
def test_an_answer_follows_its_published_schema(run: Console, schema: str) -> None:
    answer = run(*_QUESTIONS[schema], "--format", "json")
    assert answer.code == 0, answer.err
    assert answer.items
    jsonschema.validate(answer.document, run("schema", schema).document)


@pytest.mark.parametrize("schema", _QUESTIONS)
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_answer_has_as_many_lines_as_records(run: Console, schema: str, form: str) -> None:
    count = len(run.read(*_QUESTIONS[schema]))
    lines = run(*_QUESTIONS[schema], "--format", form).out.splitlines()
    assert len(lines) == count + (form == "csv")


@pytest.mark.parametrize("schema", _QUESTIONS)
def test_a_table_fits_a_narrow_terminal(run: Console, schema: str) -> None:
    answer = run(*_QUESTIONS[schema], env={"COLUMNS": str(_WIDTH)})
    assert answer.code == 0, answer.err
    assert answer.out.strip()
    assert max(map(len, answer.out.splitlines())) <= _WIDTH
    assert "\x1b" not in answer.out


def test_the_intruder_is_hunted_down_and_dated(run: Console) -> None:
    found = run.read("hunt", "--path", "/etc/systemd/system/dbus-cache-refresh.timer")
    assert found
    assert all(item["first_seen_at"] and item["provenance"] != "package, verified" for item in found)
    assert {item["host"] for item in found} == {item["host"] for item in run.read("spread", "dbus-cache-refresh")}


def test_hunting_counts_equal_things_once_in_a_table(run: Console) -> None:
    answer = run("hunt", "--path", "*/logrotate.timer")
    assert answer.code == 0
    assert answer.out.count("first seen") == 1
    assert " more" in answer.out
    assert "looked through 12 hosts" in answer.err


def test_nothing_found_is_no_all_clear_while_something_was_not_read(run: Console) -> None:
    assert run("hunt", "--exec", "surely nowhere").code == 0  # each host was read once
    answer = run("hunt", "--exec", "surely nowhere", "--sweep", "2")
    assert answer.code == 3
    assert "not read: " in answer.err


def test_what_changed_on_a_host_is_told_between_its_sweeps(run: Console) -> None:
    events = run.read("history", "db-03")
    assert (events[0]["event"], events[-1]["event"]) == ("first seen", "last seen")
    changed = {item["name"] for item in events[1:-1]}
    assert changed == {item["name"] for item in run.read("diff", "db-03@1..2") if item["kind"] != "not compared"}
    assert changed
    assert "@@" in run("history", "db-03", "--text").out


def test_the_timeline_is_narrowed_by_user_host_and_hours(run: Console) -> None:
    everything = run.read("timeline")
    assert {item["user"] for item in run.read("timeline", "--as", "root")} == {"root"}
    assert all(item["hosts"] == ["db-03"] for item in run.read("timeline", "db-03"))
    assert len(run.read("timeline", "--hours", "1")) <= len(everything)
    assert everything == sorted(everything, key=lambda item: item["next_at"])


def test_evidence_is_written_once_and_checks_itself(run: Console) -> None:
    finding = run.read("findings", "list")[0]
    answer = run("evidence", finding["id"], "--out", "case.zip", "--format", "json")
    assert answer.code == 0, answer.err
    jsonschema.validate(answer.document, run("schema", "evidence").document)
    path = run.folder / "case.zip"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == answer.items[0]["sha256"]
    with zipfile.ZipFile(path) as archive:
        for line in archive.read("SHA256SUMS").decode().splitlines():
            digest, name = line.split("  ", 1)
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    again = run("evidence", finding["id"], "--out", "case.zip")
    assert again.code == 2
    assert_one_clear_line(again, "there already")
    assert run("evidence", finding["id"], "--out", "again.zip").code == 0
    assert (run.folder / "again.zip").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hunt",), "nothing is hunted"),
        (("hunt", "--text", "("), "regular expression"),
        (("hunt", "--exec", "x", "--since", "yesterday"), "no date"),
        (("hunt", "--exec", "x", "--since", "2026-13-01"), "no date"),
        (("hunt", "--exec", "x", "--since", "1d", "--sweep", "1"), "together"),
        (("hunt", "--provenance", "good"), "no provenance"),
        (("hunt", "--sha256", "xyz"), "SHA-256"),
        (("history", "nothing.timer"), "ever had a unit"),
        (("history", "x", "--as", "cat"), "nothing that has a history"),
        (("spread", "nothing.timer"), "ever had a unit"),
        (("timeline", "nowhere-*"), "nowhere-*"),
        (("diff", "db-03"), "two states"),
        (("diff", "db-03", "nobody"), "never read"),
        (("evidence", "zzzz", "--out", "x.zip"), "zzzz"),
    ],
)
def test_what_cannot_be_answered_is_the_users_error(run: Console, words: tuple[str, ...], told: str) -> None:
    answer = run(*words)
    assert answer.code == 2, answer.err
    assert_one_clear_line(answer, told)
