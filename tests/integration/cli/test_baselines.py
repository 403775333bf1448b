"""Baselines at the command line: proposed, shown, written to a file and read back, approved by two, taken back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import Artifact
from fleetscan.store.store import open_store
from tests.integration.cli.console import Console
from tests.stored_fleet import DAY, NOW, file, snapshot, sweep_day

TIMER = b"[Timer]\nOnCalendar=daily\n"
HOSTS = [HostName(f"web{number}") for number in range(1, 7)]
COHORT = "web/debian-12"


def timer(stem: str, command: str) -> dict[Artifact, bytes]:
    service = f"[Service]\nExecStart={command}\n".encode()
    folder = "/etc/systemd/system"
    return {file(f"{folder}/{stem}.timer", TIMER): TIMER, file(f"{folder}/{stem}.service", service): service}


def sweep(folder: Path, *timers: tuple[str, str], day: int = 0, odd: tuple[str, str] | None = None) -> None:
    with open_store(f"sqlite:///{folder}/fleetscan.db", clock=lambda: datetime.now(UTC)) as store:
        snapshots = []
        for host in HOSTS:
            more = (odd,) if odd is not None and host == HOSTS[0] else ()
            found = {a: text for stem, command in (*timers, *more) for a, text in timer(stem, command).items()}
            contents = {digest_bytes(text): text for text in found.values()}
            snapshots.append(snapshot(host, tuple(found), at=NOW + day * DAY, contents=contents))
        sweep_day(store, day, *snapshots)


@pytest.fixture
def run(project: Console) -> Console:
    """A project whose six hosts were read once; one of them has a timer of its own."""
    hosts = "".join(f"  {host}: {{}}\n" for host in HOSTS)
    members = ", ".join(HOSTS)
    text = "owners:\n  ana: {name: Ana, email: ana@example.org}\ndefaults:\n  user: scan\n  owner: ana\n"
    (project.folder / "inventory.yaml").write_text(f"{text}groups:\n  web:\n    hosts: [{members}]\nhosts:\n{hosts}")
    sweep(project.folder, ("backup", "/usr/bin/backup"), odd=("odd", "/usr/bin/odd"))
    return project


def test_a_proposal_says_what_is_out_and_why(run: Console) -> None:
    answer = run("baseline", "propose")
    assert answer.code == 0, answer.err
    assert "1 outlier left out" in answer.err
    assert "left out, too few hosts: job odd.timer (system), on 1 of 6 (web1)" in answer.err


def test_one_thing_of_a_proposal_is_shown_in_full(run: Console) -> None:
    run("baseline", "propose")
    answer = run("baseline", "show", "1", "odd.timer")
    assert answer.code == 0, answer.err
    for line in ("left out: too few hosts", "hosts: web1", "does: runs /usr/bin/odd as root, daily", "runs or reads:"):
        assert line in answer.out
    assert run("baseline", "show", "1", "other.timer").code == 2
    (record,) = run("baseline", "show", "1", "odd.timer", "--format", "json").items
    assert (record["accepted"], record["why"], record["forms"][0]["provenance"]) == (False, "too few hosts", "unknown")


def test_an_outlier_is_taken_in_by_name_and_the_difference_is_told(run: Console) -> None:
    run("baseline", "propose")
    assert run("baseline", "propose", "--accept", "odd.timer").code == 0
    (change,) = run("baseline", "diff", "1", "2", "--format", "json").items
    assert (change["kind"], change["name"]) == ("added", "odd.timer")
    answer = run("baseline", "propose", "--accept", "odd")
    assert (answer.code, "'odd'" in answer.err) == (2, True)


def test_a_file_comes_back_as_a_proposal_and_an_edit_that_lies_does_not(run: Console) -> None:
    run("baseline", "propose")
    run("baseline", "approve", "1", "--reason", "looked at")
    text = run("baseline", "export", COHORT).out
    (run.folder / "web.yaml").write_text(text)
    answer = run("baseline", "import", "web.yaml")
    assert (answer.code, answer.out) == (0, "2\n"), answer.err
    assert run("baseline", "diff", "1", "2", "--format", "json").items == []
    assert run("baseline", "export", "2").out == text.replace("version: 1\n", "")
    (run.folder / "web.yaml").write_text(text.replace("value: /usr/bin/backup", "value: /tmp/x"))
    refused = run("baseline", "import", "web.yaml")
    assert refused.code == 2
    assert "web.yaml:" in refused.err
    assert "does not fit" in refused.err


def test_with_two_approvers_one_is_not_enough(run: Console) -> None:
    run("baseline", "propose")
    approve = ("--approvers", "2", "baseline", "approve", "--all-pending", "--reason", "looked at", "--author")
    assert "another person must approve it" in run(*approve, "ana").out
    assert run(*approve, "Ana").code == 2
    assert "baseline 1 of web/debian-12 approved by ana and ben" in run(*approve, "ben").out
    (record,) = run("baseline", "list", "--format", "json").items
    assert [approval["author"] for approval in record["approvals"]] == ["ana", "ben"]


def test_an_older_version_is_brought_back(run: Console) -> None:
    for stem in ("one", "two"):
        run("baseline", "propose", *(("--accept", "odd.timer") if stem == "two" else ()))
        run("baseline", "approve", "--all-pending", "--reason", stem)
    answer = run("baseline", "rollback", COHORT, "--reason", "odd is not wanted")
    assert answer.code == 0, answer.err
    assert "baseline 3 of web/debian-12 holds what version 1 held" in answer.out
    assert run("baseline", "rollback", COHORT).code == 2
    assert run("baseline", "rollback", "db/debian-12", "--reason", "x").code == 2


def test_what_came_to_many_hosts_since_the_version_before_is_told(run: Console) -> None:
    run("baseline", "propose")
    run("baseline", "approve", "--all-pending", "--reason", "looked at")
    assert "compared with version 1: no differences" in run("baseline", "propose").err
    sweep(run.folder, ("backup", "/usr/bin/backup"), ("wave", "/opt/wave"), day=1)
    answer = run("baseline", "propose")
    assert "added: job wave.timer (system): runs /opt/wave as root, daily" in answer.err
    assert "fleetscan baseline diff 1 3" in answer.err


def test_a_review_without_a_terminal_is_refused_before_anything_is_computed(run: Console) -> None:
    answer = run("baseline", "propose", "--review", stdin="q\n")
    assert answer.code == 2
    assert "no terminal" in answer.err
    assert run("baseline", "list", "--format", "json").items == []
