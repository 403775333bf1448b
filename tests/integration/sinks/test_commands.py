"""`fleetscan export` and `fleetscan send` on sweeps that lie in a database, with receivers on loopback."""

import csv
import io
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import update

from fleetscan.export.encode import json_schema
from fleetscan.store.tables import DeliveryRow
from tests.integration.cli.console import Console, assert_one_clear_line
from tests.integration.cli.judged_fleet import (
    BAD,
    LOST,
    NAMES,
    database_of,
    judging_by_hand,
    start_project,
    sweep_again,
)
from tests.integration.sinks.receivers import HttpReceiver, Request, serve_syslog

SARIF = json.loads((Path(__file__).parents[2] / "unit" / "export" / "sarif-2.1.0-subset.json").read_text())
TOKEN = "s3cret-token-0123456789"
ENV = {"FLEETSCAN_SECRET_GRC": TOKEN}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Console]:
    """Commands on a fleet with an implant on one host, an agent on five, and one that was not read."""
    with judging_by_hand():
        console = start_project(tmp_path / "project")
        sweep_again(console, 1, lost=True)
        yield console


def set_sinks(run: Console, port: int, syslog_port: int = 1) -> None:
    (run.folder / "fleetscan.toml").write_text(
        f"""
        [[sinks]]
        name = "grc"
        kind = "http"
        url = "http://127.0.0.1:{port}/api"
        template = "securitm-findings.json.j2"
        token = "env:FLEETSCAN_SECRET_GRC"
        batch = 50
        tries = 1
        timeout_s = 5
        [[sinks]]
        name = "siem"
        kind = "syslog"
        host = "127.0.0.1"
        port = {syslog_port}
        tries = 1
        timeout_s = 5
        """
    )


# --- export -----------------------------------------------------------------------------------------------------------


def test_json_follows_the_published_schema_and_new_only_leaves_out_what_is_known(run: Console) -> None:
    document = run("export", "json").document
    jsonschema.validate(document, json_schema("findings"))
    assert BAD in {item["host"] for item in document["items"]}
    assert {item["state"] for item in document["items"]} == {"new"}
    sweep_again(run, 2)
    known = run("export", "json").items
    assert {item["state"] for item in known} == {"known", "fixed"}
    assert {item["host"] for item in known if item["state"] == "fixed"} == {LOST}
    assert run("export", "json", "--new-only").items == []


def test_lines_and_tables_have_one_row_a_finding(run: Console) -> None:
    count = len(run("export", "json").items)
    assert count > 0
    for form in ("jsonl", "cef", "leef", "ocsf", "hec"):
        lines = run("export", form).out.splitlines()
        assert len(lines) == count, form
    rows = list(csv.DictReader(io.StringIO(run("export", "csv").out)))
    assert len(rows) == count
    table = run("export", "template", "--template", "securitm-findings.csv.j2").out
    assert len(list(csv.DictReader(io.StringIO(table)))) == count


def test_severities_below_are_left_out(run: Console) -> None:
    items = run("export", "json", "--min-severity", "critical").items
    assert all(item["severity"] == "critical" for item in items)
    assert len(items) < len(run("export", "json", "--min-severity", "info").items)


def test_sarif_is_valid_and_tells_what_was_fixed(run: Console) -> None:
    assert run("export", "sarif").code == 0
    sweep_again(run, 2, text=None)
    document = run("export", "sarif").document
    jsonschema.Draft7Validator(SARIF).validate(document)
    absent = [r for r in document["runs"][0]["results"] if r["baselineState"] == "absent"]
    assert {result["properties"]["host"] for result in absent} == {BAD, LOST}


def test_metrics_count_hosts_that_were_not_read(run: Console) -> None:
    out = run.folder / "fleetscan.prom"
    answer = run("export", "prometheus", "--out", str(out))
    assert (answer.code, answer.out) == (0, "")
    text = out.read_text()
    assert f'fleetscan_hosts{{outcome="complete"}} {len(NAMES) - 1}\n' in text
    assert 'fleetscan_hosts{outcome="host key changed"} 1\n' in text
    findings = re.findall(r'fleetscan_findings\{severity="\w+",state="new"\} (\d+)', text)
    assert sum(map(int, findings)) == len(run("export", "json", "--min-severity", "info").items)
    assert [path.name for path in run.folder.glob(".fleetscan.prom*")] == []
    assert out.stat().st_mode & 0o777 == 0o644
    assert LOST not in text, "names of hosts would make a series each"


def test_a_file_that_cannot_be_written_stays_as_it_was(run: Console) -> None:
    assert_one_clear_line(run("export", "csv", "--out", str(run.folder / "nosuch" / "x.csv")), "cannot write")
    (run.folder / "taken").mkdir()
    assert_one_clear_line(run("export", "csv", "--out", str(run.folder / "taken")), "cannot write")
    assert [path.name for path in run.folder.glob(".taken*")] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("xml",), "there is no format 'xml'"),
        (("json", "--min-severity", "loud"), "'loud' is no severity"),
        (("template",), "belong together"),
        (("json", "--template", "slack.json.j2"), "belong together"),
    ],
)
def test_wrong_words_are_told(run: Console, words: tuple[str, ...], told: str) -> None:
    answer = run("export", *words)
    assert answer.code == 2
    assert_one_clear_line(answer, told)


# --- send -------------------------------------------------------------------------------------------------------------


def test_all_sinks_are_told_once(run: Console, receiver: HttpReceiver) -> None:
    with serve_syslog() as server:
        set_sinks(run, receiver.port, server.port)
        first = run("send", "--format", "json", env=ENV)
        assert first.code == 0, first.err
        again = run("send", "--format", "json", env=ENV)
    jsonschema.validate(first.document, json_schema("sinks"))
    count = len(run("export", "json").items)
    assert [(item["sink"], item["queued"], item["delivered"]) for item in first.items] == [
        ("grc", count, count),
        ("siem", count, count),
    ]
    assert [(item["delivered"], item["sent"], item["waiting"]) for item in again.items] == [(0, count, 0)] * 2
    [request] = receiver.taken
    assert len(json.loads(request.body)["vulnerabilities"]) == len(server.messages) == count
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_one_sink_that_is_down_does_not_keep_the_other_and_the_exit_code_says_so(
    run: Console, receiver: HttpReceiver
) -> None:
    receiver.always = 503
    with serve_syslog() as server:
        set_sinks(run, receiver.port, server.port)
        answer = run("send", env=ENV)
    assert answer.code == 4
    assert "503" in answer.out
    assert server.messages
    receiver.always = 200
    assert run("send", "grc", "--retry", env=ENV).code == 0
    [request] = receiver.taken
    assert len(json.loads(request.body)["vulnerabilities"]) == len(server.messages)


def test_status_tells_what_waits_and_why_without_sending(run: Console, receiver: HttpReceiver) -> None:
    set_sinks(run, receiver.port)
    assert "grc" in run("send", "--status").out
    receiver.always = 401
    run("send", "grc", env=ENV)
    asked = len(receiver.requests)
    [grc, siem] = run("send", "--status", "--format", "json").items
    assert (grc["waiting"] > 0, grc["sent"], grc["queued"]) == (True, 0, 0)
    assert "refused the login (401)" in grc["error"]
    assert datetime.fromisoformat(grc["due_at"]) > datetime.now(UTC)
    assert (siem["waiting"], siem["error"]) == (0, "")
    assert len(receiver.requests) == asked
    (run.folder / "fleetscan.toml").write_text('[[sinks]]\nname="x"\nkind="syslog"\nhost="127.0.0.1"\n')
    assert [(item["sink"], item["kind"]) for item in run("send", "--status", "--format", "json").items] == [
        ("x", "syslog"),
        ("grc", ""),
    ]


def test_a_dry_run_needs_no_secret_and_sends_nothing(run: Console, receiver: HttpReceiver) -> None:
    set_sinks(run, receiver.port)
    answer = run("send", "grc", "--dry-run")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["vulnerabilities"]
    assert receiver.requests == []
    assert [item["waiting"] for item in run("send", "--status", "--format", "json").items] == [0, 0]


def test_an_older_sweep_can_be_told(run: Console, receiver: HttpReceiver) -> None:
    run("findings", "list")
    sweep_again(run, 2, text=None)
    set_sinks(run, receiver.port)
    assert run("send", "grc", "--sweep", "1", env=ENV).code == 0
    assert receiver.taken == [], "nothing was wrong in the first sweep"


def test_no_secret_comes_out_in_any_way(run: Console, receiver: HttpReceiver) -> None:
    receiver.echo = True
    set_sinks(run, receiver.port)
    said = ""
    for receiver.always in (400, 401, 404, 500, "reset", 200):
        answer = run("--verbose", "send", "grc", "--retry", env=ENV)
        said += answer.out + answer.err
    said += run("send", "--status", "--format", "json").out + run("config", "show").out
    assert TOKEN not in said
    assert all(TOKEN.encode() not in path.read_bytes() for path in run.folder.glob("fleetscan.db*"))
    assert any(TOKEN in request.headers["Authorization"] for request in receiver.requests)


def test_a_missing_secret_and_a_missing_sink_are_told(run: Console, receiver: HttpReceiver) -> None:
    answer = run("send")
    assert answer.code == 2
    assert_one_clear_line(answer, "no sink is set up")
    set_sinks(run, receiver.port)
    assert_one_clear_line(run("send", "nosuch"), "there is no sink 'nosuch'")
    unset = run("send", "grc")
    assert unset.code == 4
    assert "FLEETSCAN_SECRET_GRC is not set" in unset.out
    assert receiver.requests == []


def test_a_run_that_is_killed_while_a_receiver_works_loses_nothing(tmp_path: Path, receiver: HttpReceiver) -> None:
    console = start_project(tmp_path / "project")
    sweep_again(console, 1)
    set_sinks(console, receiver.port)
    victim: list[subprocess.Popen[str]] = []

    def kill(_: Request) -> int:
        os.kill(victim[0].pid, signal.SIGKILL)
        victim[0].wait()
        return 500

    receiver.manners = [kill]
    with console.start("send", "grc", env=ENV) as started:
        victim.append(started)
        started.communicate(timeout=120)
    assert started.returncode == -signal.SIGKILL
    [grc, _] = console("send", "--status", "--format", "json").items
    assert grc["sending"] > 0
    with database_of(console) as store, store._database.write() as connection:
        connection.execute(update(DeliveryRow).values(due_at=datetime.now(UTC)))  # its claim has run out
    assert console("send", "grc", env=ENV).code == 0
    [request] = receiver.taken
    assert len(json.loads(request.body)["vulnerabilities"]) == grc["sending"]
