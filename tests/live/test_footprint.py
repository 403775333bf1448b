"""A visit reads. What it leaves on a real host is what sshd and PAM leave for any login, and nothing else."""

from pathlib import Path

import pytest

from tests.live.conftest import Account, Lab, RunCli
from tests.live.footprint import Footprint, find_traces, log_in, read_journal, take_footprint
from tests.live.project import Project
from tests.live.traps import AWAY, trapped

UIDS = {"root": 0, "deploy": 1000, "viewer": 1001}  # as the lab makes them
_TRIES = 3


def visit_quietly(project: Project, lab: Lab, host: str, user: Account, *, sudo: bool) -> tuple[Footprint, Footprint]:
    """Visit between two looks at a host during which no timer of its own elapsed."""
    bare = "sudo -n true" if sudo else "true"
    # It waits for minutes before it runs the daily jobs, so no timer tells that they are about to write.
    lab.exec(host, "systemctl", "stop", "anacron.service")
    for _attempt in range(_TRIES):
        first = take_footprint(lab, host)
        log_in(lab, host, user, bare)
        before = take_footprint(lab, host)
        # Rules may speak of the traps, which are timers of no package; what counts is that nothing was compared.
        project.run("sweep", "--limit", host, "--fail-on", "critical", exits=3)
        after = take_footprint(lab, host)
        if first.fired == after.fired:
            # the visit took no job more than a login that does nothing
            assert after.jobs - before.jobs == before.jobs - first.jobs
            return before, after
    raise AssertionError("the host's own timers elapse too often to tell what a visit does")


@pytest.mark.parametrize(
    ("user", "sudo"), [("root", False), ("viewer", False), ("deploy", True)], ids=["root", "viewer", "sudo"]
)
def test_a_visit_writes_nothing_starts_nothing_and_springs_no_trap(
    lab: Lab, tmp_path: Path, run_cli: RunCli, user: Account, *, sudo: bool
) -> None:
    project = Project.start(tmp_path, lab, run_cli, user=user, sudo=sudo)
    watched = {host.suite: host.name for host in lab.hosts}  # one of each release
    project.enroll()
    for host in watched.values():
        with trapped(lab, host) as traps:
            before, after = visit_quietly(project, lab, host, user, sudo=sudo)

            assert find_traces(before, after) == set()
            assert read_journal(lab, host, before, UIDS[user]) == set()
            assert traps.sprung() == []
            assert len(before.files) > 5000
            assert "/var/lib/dpkg/status" in before.files

            visit = project.visits()[host]
            assert visit["outcome"] == "partial", visit["reason"]
            told = {(gap["scope"], gap["status"]) for gap in visit["gaps"]}
            assert told >= {(f"user:{name}", "not triggered") for name in ("away", "mounts", "system", "door", "deep")}


def test_what_a_visit_must_not_do_would_be_seen(lab: Lab) -> None:
    host = lab.hosts[0].name
    with trapped(lab, host) as traps:
        before = take_footprint(lab, host)
        lab.exec(host, "touch", "/var/tmp/left-behind")
        after = take_footprint(lab, host)
        assert find_traces(before, after) == {"/var/tmp", "/var/tmp/left-behind"}
        lab.exec(host, "rm", "/var/tmp/left-behind")

        before = take_footprint(lab, host)
        lab.exec(host, "systemd-run", "--quiet", "--unit=left-running", "sleep", "99")
        after = take_footprint(lab, host)
        assert any("left-running.service" in trace for trace in find_traces(before, after))
        assert any("left-running.service" in entry for entry in read_journal(lab, host, before, 0))
        assert after.jobs > before.jobs
        lab.exec(host, "systemctl", "stop", "left-running.service")

        assert traps.sprung() == []
        lab.exec(host, "timeout", "5", "cat", "/run/trap.program")
        lab.exec(host, "timeout", "-s", "KILL", "1", "setsid", "-w", "ls", f"{AWAY}/units", check=False)
        assert traps.sprung() == ["/run/trap.program", AWAY]
