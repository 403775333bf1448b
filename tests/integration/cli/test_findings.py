"""`fleetscan findings`, `exceptions` and `waves` on sweeps that lie in a database."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from fleetscan.bootstrap import utc_now
from tests.integration.cli.console import Console, assert_one_clear_line
from tests.integration.cli.judged_fleet import (
    BAD,
    GOOD,
    IMPLANT,
    LOST,
    REACHED,
    WORSE,
    judging_by_hand,
    start_project,
    sweep_again,
)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Console]:
    """Commands on a fleet with an implant on one host and an agent on five."""
    with judging_by_hand():
        console = start_project(tmp_path / "project")
        sweep_again(console, 1)
        yield console


def implant(run: Console, *words: str) -> dict[str, object]:
    (found,) = (item for item in run.read("findings", "list", *words) if item["name"] == "implant.timer")
    return found


def implant_id(run: Console) -> str:
    return str(implant(run)["id"])


# --- findings -------------------------------------------------------------------------------------------------------


def test_findings_are_listed_worst_first_with_why(run: Console) -> None:
    items = run.read("findings", "list")
    assert [item["severity"] for item in items] == ["critical"] + ["high"] * 5
    found = items[0]
    assert (found["host"], found["name"], found["owner_email"]) == (BAD, "implant.timer", "ana@example.org")
    assert found["rules"] == ["T-TMP", "T-NEW"]
    assert found["attack"] == ["T1053.006"]
    assert found["drift"] == ["added"]
    assert (found["state"], found["seen"], found["suppressed_by"]) == ("new", True, None)
    assert (found["prevalence_count"], found["prevalence_of_hosts"]) == (0, 11)
    assert found["hits"][0]["evidence"] == [
        {"text": "ExecStart=/tmp/x", "path": "/etc/systemd/system/x.service", "line": 2}
    ]
    table = run("findings", "list").out
    assert "implant.timer" in table
    assert "T-TMP +1" in table


@pytest.mark.parametrize(
    ("words", "hosts"),
    [
        (["--host", BAD], {BAD}),
        (["--host", "web0[12]", "--host", "web07"], {BAD, "web07"}),
        (["--host", "nobody"], set()),
        (["--rule", "T-TMP"], {BAD}),
        (["--rule", "T-NEW"], {BAD, *REACHED}),
        (["--min-severity", "critical"], {BAD}),
        (["--min-severity", "info"], {BAD, *REACHED}),
        (["--state", "new"], {BAD, *REACHED}),
        (["--state", "known", "--state", "returned"], set()),
        (["--state", "fixed"], set()),
        (["--sweep", "1"], set()),
    ],
)
def test_what_is_listed_can_be_narrowed(run: Console, words: list[str], hosts: set[str]) -> None:
    assert {item["host"] for item in run.read("findings", "list", *words)} == hosts


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--min-severity", "awful"], "no severity"),
        (["--state", "odd"], "no state"),
        (["--sweep", "99"], "99"),
    ],
)
def test_a_filter_that_means_nothing_is_a_usage_error(run: Console, words: list[str], told: str) -> None:
    answer = run("findings", "list", *words)
    assert answer.code == 2
    assert_one_clear_line(answer, told)


def test_states_follow_what_happens(run: Console) -> None:
    run("findings", "list")
    sweep_again(run, 2)
    assert implant(run)["state"] == "known"
    sweep_again(run, 3, None)
    assert BAD not in {item["host"] for item in run.read("findings", "list")}
    (fixed,) = run.read("findings", "list", "--state", "fixed")
    assert (fixed["host"], fixed["seen"], fixed["fixed_at"] is not None) == (BAD, False, True)
    sweep_again(run, 4)
    assert implant(run)["state"] == "returned"


def test_a_finding_is_shown_with_all_that_is_known_of_it(run: Console) -> None:
    answer = run("findings", "show", implant_id(run)[:6])
    assert answer.code == 0, answer.err
    text = " ".join(answer.out.split())
    assert text.startswith(f"critical {BAD} runs /tmp/x as root, daily")
    for word in ("T-TMP Title of T-TMP (critical)", "0 of 11 other comparable hosts", "opened", "added, compared with"):
        assert word in text, word
    assert "[/etc/systemd/system/x.service:2]" in text
    assert "opened by" not in text  # a sweep found it
    (record,) = run.read("findings", "show", implant_id(run))
    assert record["host"] == BAD


def test_a_finding_that_is_fixed_is_still_shown(run: Console) -> None:
    number = implant_id(run)
    sweep_again(run, 2, None)
    text = " ".join(run("findings", "show", number).out.split())
    assert "fixed, first seen" in text


@pytest.mark.parametrize("verb", ["show", "ack", "note"])
def test_an_id_that_nobody_has_is_one_clear_line(run: Console, verb: str) -> None:
    more = {"show": [], "ack": ["--reason", "x"], "note": ["x"]}[verb]
    answer = run("findings", verb, "0000ffff0000", *more)
    assert answer.code == 2
    assert_one_clear_line(answer, "0000ffff0000", "fleetscan findings list")
    assert run("findings", verb, "; drop", *more).code == 2


def test_an_acknowledgement_and_notes_stand_in_the_history(run: Console) -> None:
    number = implant_id(run)
    assert run("findings", "ack", number, "--reason", "SEC-1").code == 0
    assert run("findings", "note", number, "asked the owner").code == 0
    sweep_again(run, 2)
    found = implant(run)
    assert found["acknowledged_by"]
    assert "acknowledged" in run("findings", "list", "--host", BAD).out
    text = run("findings", "show", number).out
    assert "SEC-1" in text
    assert "asked the owner" in text
    assert run("findings", "ack", number, "--reason", "no", "--undo").code == 0
    assert implant(run)["acknowledged_by"] == ""
    assert run("findings", "ack", number, "--reason", "no", "--undo").code == 2


def test_a_finding_of_a_host_that_failed_since_stays_in_sight(run: Console) -> None:
    run("findings", "list")
    sweep_again(run, 2)
    sweep_again(run, 3, WORSE, lost=True)
    listed = run.read("findings", "list", "--host", LOST)
    assert [(item["rule"], item["seen"]) for item in listed] == [("FS-151", True)]
    sweep_again(run, 4, WORSE)
    assert run.read("findings", "list", "--host", LOST) == []


# --- exceptions -----------------------------------------------------------------------------------------------------


def test_an_exception_holds_a_finding_down_until_it_is_revoked(run: Console) -> None:
    number = implant_id(run)
    answer = run("exceptions", "add", number, "--reason", "a test", "--owner", "ben", "--ticket", "OPS-1")
    assert answer.code == 0, answer.err
    assert "exception 1 holds until" in answer.err
    assert BAD not in {item["host"] for item in run.read("findings", "list")}
    found = implant(run, "--min-severity", "info")
    assert (found["severity"], found["suppressed_by"]) == ("info", 1)
    assert any("a test (OPS-1), owner ben" in line for line in found["explained_by"])  # type: ignore[attr-defined]
    shown = " ".join(run("findings", "show", number).out.split())
    assert "suppressed by exception 1: `fleetscan exceptions show 1`" in shown
    (record,) = run.read("exceptions", "list")
    assert (record["unit"], record["host"], record["content"]) == ("implant.timer", BAD, found["content"])
    assert run("exceptions", "revoke", "1").code == 0
    assert implant(run)["severity"] == "critical"
    assert run.read("exceptions", "list") == []
    (old,) = run.read("exceptions", "list", "--all")
    assert (old["in_force"], old["revoked_by"] != "") == (False, True)
    assert run.read("exceptions", "show", "1") == [old]
    assert run("exceptions", "revoke", "1").code == 2


def test_other_content_comes_back_unless_any_was_accepted(run: Console) -> None:
    run("exceptions", "add", implant_id(run), "--reason", "this one")
    sweep_again(run, 2, WORSE)
    assert implant(run)["suppressed_by"] is None
    run("exceptions", "add", implant_id(run), "--reason", "whatever", "--any-content")
    assert implant(run, "--min-severity", "info")["suppressed_by"] == 2
    sweep_again(run, 3, IMPLANT)
    assert implant(run, "--min-severity", "info")["suppressed_by"] is not None


def test_an_exception_can_be_described_and_be_for_one_rule(run: Console) -> None:
    answer = run(
        "exceptions", "add", "--rule", "T-NEW", "--unit", "agent.*", "--group", "web", "--reason", "rolled out"
    )
    assert answer.code == 0, answer.err
    assert {item["host"] for item in run.read("findings", "list")} == {BAD}
    run("exceptions", "add", implant_id(run), "--rule", "T-TMP", "--reason", "only that")
    assert (implant(run)["severity"], implant(run)["rules"]) == ("high", ["T-NEW"])


def test_soon_is_told_before_it_is_over(run: Console) -> None:
    run("exceptions", "add", "--unit", "late.timer", "--reason", "later", "--expires", "90d")
    run("exceptions", "add", "--unit", "soon.timer", "--reason", "soon", "--expires", "5d")
    run("exceptions", "add", "--unit", "ever.timer", "--reason", "ever", "--expires", "never")
    assert [item["unit"] for item in run.read("exceptions", "expiring")] == ["soon.timer"]
    assert [item["unit"] for item in run.read("exceptions", "expiring", "--days", "100")] == [
        "soon.timer",
        "late.timer",
    ]
    assert len(run.read("exceptions", "list")) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--reason", "x"], "needs a rule, a unit or a content"),
        (["--reason", "x", "--host", "web*"], "needs a rule, a unit or a content"),
        (["--reason", "x", "--unit", "a", "--expires", "soon"], "no expiry"),
        (["--reason", "x", "--unit", "a", "--expires", "2001-01-01"], "expire"),
        (["abcdef", "--reason", "x"], "no finding begins"),
    ],
)
def test_an_exception_that_cannot_be_is_one_clear_line(run: Console, words: list[str], told: str) -> None:
    answer = run("exceptions", "add", *words)
    assert answer.code == 2
    assert_one_clear_line(answer, told)
    assert run.read("exceptions", "list", "--all") == []


def test_a_rule_that_does_not_speak_of_a_finding_cannot_be_accepted_for_it(run: Console) -> None:
    answer = run("exceptions", "add", implant_id(run), "--rule", "T-GONE", "--reason", "x")
    assert answer.code == 2
    assert_one_clear_line(answer, "T-GONE", "T-TMP")


def test_a_date_is_the_end_of_that_day(run: Console) -> None:
    day = (utc_now() + timedelta(days=40)).date()
    run("exceptions", "add", "--unit", "a", "--reason", "x", "--expires", day.isoformat())
    (record,) = run.read("exceptions", "list")
    assert record["expires_at"].startswith((day + timedelta(days=1)).isoformat())


# --- waves ----------------------------------------------------------------------------------------------------------


def test_a_wave_is_shown_once_and_approved_once(run: Console) -> None:
    (wave,) = run.read("waves", "list")
    assert (wave["name"], wave["standing"], len(wave["hosts"])) == ("agent.timer", "open", 5)
    assert {host["host"] for host in wave["hosts"]} == set(REACHED)
    shown = run("waves", "show", wave["id"][:6])
    assert shown.code == 0, shown.err
    assert "agent.timer is new on 5 hosts" in shown.err + shown.out
    answer = run("waves", "approve", wave["id"][:6], "--reason", "agent 2.4", "--ticket", "CHG-2")
    assert answer.code == 0, answer.err
    assert run.read("waves", "list") == []
    (approved,) = run.read("waves", "list", "--all")
    assert (approved["standing"], approved["id"]) == ("approved", wave["id"])
    assert {item["host"] for item in run.read("findings", "list")} == {BAD}
    assert {item["host"] for item in run.read("findings", "list", "--min-severity", "info")} == {BAD, *REACHED}
    (record,) = run.read("exceptions", "list")
    assert (record["kind"], record["ticket"]) == ("wave", "CHG-2")
    run("exceptions", "revoke", "1")
    assert len(run.read("waves", "list")) == 1


@pytest.mark.parametrize("words", [["show", "zzzz"], ["approve", "zzzz", "--reason", "x"]])
def test_a_wave_that_is_none_is_one_clear_line(run: Console, words: list[str]) -> None:
    answer = run("waves", *words)
    assert answer.code == 2
    assert_one_clear_line(answer, "no wave begins", "fleetscan waves list")


# --- documents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("findings", ["findings", "list", "--min-severity", "info"]),
        ("exceptions", ["exceptions", "list", "--all"]),
        ("waves", ["waves", "list", "--all"]),
    ],
)
def test_every_list_follows_its_published_schema(run: Console, name: str, words: list[str]) -> None:
    run("exceptions", "add", implant_id(run), "--reason", "x", "--expires", "never")
    schema = json.loads(run("schema", name).out)
    document = run(*words, "--format", "json").document
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []
    assert document["items"]
    published = list(schema["properties"]["items"]["items"]["properties"])
    assert all(list(item) == published for item in document["items"])
    lines = [json.loads(line) for line in run(*words, "--format", "jsonl").out.splitlines()]
    assert lines == document["items"]


def test_empty_lists_say_so(run: Console) -> None:
    assert "no findings in what was read" in run("findings", "list", "--host", GOOD[0]).err
    assert "no exceptions" in run("exceptions", "list").err
    assert run("findings", "list", "--host", GOOD[0]).code == 0
