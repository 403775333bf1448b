"""A visit reads. What it leaves on a real host is what sshd and PAM leave for any login, and nothing else."""

import re
import time
from pathlib import Path

from tests.live.conftest import Lab, RunCli
from tests.live.project import Project

LINGERING = [b"user@1000.service"]
# Each is written by sshd, PAM, logind or the journal for every login, whatever the login does.
_LOGIN_TRACES = re.compile(
    r"/var/log(/.*)?"  # journal, auth.log, wtmp, btmp, lastlog
    r"|/run/log/journal(/.*)?"
    r"|/var/lib/(wtmpdb|lastlog)(/.*)?"  # what replaces wtmp and lastlog since trixie
    r"|/run(/utmp|/motd\.dynamic)?"  # pam_motd replaces its file in /run
    r"|/run/user"  # pam_systemd makes a folder for the login in it, gone again after the logout
    r"|/run/systemd/(sessions|users|transient|units|inhibit|journal)(/.*)?"
)
_CENTRE = "for d in / /run /tmp /dev/shm; do find $d -xdev -printf '%p\\t%y %m %U %s %T@ %C@\\n'; done"


def list_files(lab: Lab, host: str) -> dict[str, str]:
    """Give type, mode, owner, size and both times of every file on every file system that can be written."""
    lines = lab.exec(host, "sh", "-c", _CENTRE).stdout.decode("utf-8", "backslashreplace").splitlines()
    return dict(line.split("\t", 1) for line in lines)


def touched_since(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Give paths that are new, gone or different, without the traces of any login."""
    different = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return {path for path in different if not _LOGIN_TRACES.fullmatch(path)}


def list_units(lab: Lab, host: str) -> set[str]:
    """Give all units in memory with their states."""
    said = lab.exec(host, "systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager").stdout.decode()
    return {" ".join(line.split()[:4]) for line in said.splitlines()}


def await_logout(lab: Lab, host: str, *, deadline_s: float = 60) -> None:
    """Wait until nobody is logged in and all user managers but that of the lingering account have ended.

    A process that a visit left behind would keep its session, and with it the manager, for ever.
    """
    end = time.monotonic() + deadline_s
    listing = ("systemctl", "list-units", "--plain", "--no-legend", "--no-pager", "user@*.service", "session-*.scope")
    while (units := [line.split()[0] for line in lab.exec(host, *listing).stdout.splitlines()]) != LINGERING:
        assert time.monotonic() < end, units
        time.sleep(0.2)  # logind has no event for this that can be waited for from outside


def test_a_visit_leaves_no_file_no_unit_and_no_user_manager(lab: Lab, tmp_path: Path, run_cli: RunCli) -> None:
    project = Project.start(tmp_path, lab, run_cli)
    project.enroll()
    watched = [host.name for host in lab.hosts[:2]]  # one of each release
    for host in watched:
        await_logout(lab, host)
    files = {host: list_files(lab, host) for host in watched}
    units = {host: list_units(lab, host) for host in watched}

    project.run("sweep")

    for host in watched:
        assert len(files[host]) > 5000
        await_logout(lab, host)
        assert touched_since(files[host], list_files(lab, host)) == set()
        assert list_units(lab, host) == units[host]

    seen = list_files(lab, watched[0])
    lab.exec(watched[0], "touch", "/tmp/left-behind")
    assert touched_since(seen, list_files(lab, watched[0])) == {"/tmp", "/tmp/left-behind"}
    lab.exec(watched[0], "rm", "/tmp/left-behind")
