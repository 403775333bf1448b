"""What cannot be read, on real hosts: every failure is told for what it is, and nothing unread is called removed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.conftest import Lab, RunCli
from tests.live.project import Project, put_file

HIDDEN_UNITS = "/usr/local/lib/systemd/system"
HIDDEN_DROP_INS = "/etc/systemd/system/logrotate.service.d"
BACKUP = "backup.timer"
_HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"


@contextmanager
def new_host_key(lab: Lab, host: str) -> Iterator[str]:
    """Give a host another key, as a reinstallation would; yields its fingerprint."""
    lab.exec(host, "cp", "-a", _HOST_KEY, "/root/host_key")
    lab.exec(host, "sh", "-c", f"rm {_HOST_KEY} && ssh-keygen -q -t ed25519 -N '' -f {_HOST_KEY}")
    lab.exec(host, "systemctl", "reload", "ssh")
    try:
        yield fingerprint(lab, host)
    finally:
        lab.exec(host, "mv", "/root/host_key", _HOST_KEY)
        lab.exec(host, "sh", "-c", f"ssh-keygen -y -f {_HOST_KEY} >{_HOST_KEY}.pub")
        lab.exec(host, "systemctl", "reload", "ssh")


def fingerprint(lab: Lab, host: str) -> str:
    return lab.exec(host, "ssh-keygen", "-lf", f"{_HOST_KEY}.pub").stdout.split()[1].decode()


def test_hosts_that_fail_say_why_and_a_reboot_is_no_drift(lab: Lab, tmp_path: Path, run_cli: RunCli) -> None:
    frozen, killed, rekeyed, rebooted, rebooted_too, stranger = (host.name for host in lab.hosts)
    project = Project.start(tmp_path, lab, run_cli)
    project.enroll("--exclude", stranger)
    project.run("sweep", exits=1)  # a key that nobody enrolled is a finding
    assert project.outcomes() == dict.fromkeys((frozen, killed, rekeyed, rebooted, rebooted_too), "complete") | {
        stranger: "host key unknown"
    }
    assert fingerprint(lab, stranger) in told_of(project, stranger)
    project.approve()
    old_key = fingerprint(lab, rekeyed)

    lab.freeze(frozen)
    for host in (killed, rebooted, rebooted_too):
        lab.kill(host)
    for host in (rebooted, rebooted_too):
        lab.start(host)
    try:
        with new_host_key(lab, rekeyed) as new_key:
            project.run("sweep", exits=1)  # and so is one that changed
            assert project.outcomes() == {
                frozen: "timeout",
                killed: "unreachable",
                rekeyed: "host key changed",
                rebooted: "complete",
                rebooted_too: "complete",
                stranger: "host key unknown",
            }
            evidence = told_of(project, rekeyed)
            assert old_key in evidence
            assert new_key in evidence
            assert project.drift(exits=3) == set()
    finally:
        lab.thaw(frozen)
        lab.start(killed)

    project.enroll("--limit", stranger)
    project.run("sweep")
    assert set(project.outcomes().values()) == {"complete"}
    assert project.drift(exits=0) == set()


def told_of(project: Project, host: str) -> str:
    visit = project.visits()[host]
    assert visit["hint"]
    return " ".join([visit["reason"], *visit["evidence"]])


def test_an_account_that_may_not_read_all_gives_reasons_and_no_false_removal(
    lab: Lab, tmp_path: Path, run_cli: RunCli
) -> None:
    names = [host.name for host in lab.hosts]
    bereft = names[-1]
    for host in names:
        put_file(lab, host, f"{HIDDEN_UNITS}/{BACKUP}", "[Timer]\nOnCalendar=daily\n")
        put_file(lab, host, f"{HIDDEN_UNITS}/backup.service", "[Service]\nExecStart=/usr/local/bin/backup\n")
        put_file(lab, host, f"{HIDDEN_DROP_INS}/nice.conf", "[Service]\nNice=19\nExecStartPre=/bin/true\n")
        lab.exec(host, "chmod", "700", HIDDEN_UNITS, HIDDEN_DROP_INS)
        lab.exec(host, "systemctl", "daemon-reload")
    try:
        project = Project.start(tmp_path, lab, run_cli, user="deploy", sudo=True)
        project.enroll()
        project.run("sweep")
        visits = project.visits()
        assert {(v["outcome"], v["privilege"]) for v in visits.values()} == {("complete", "sudo")}
        project.approve()
        lab.exec(bereft, "sh", "-c", f"rm {HIDDEN_UNITS}/* && systemctl daemon-reload")

        project.fleet.write_inventory(user="viewer")
        project.run("sweep", exits=3)
        for visit in project.visits().values():
            assert (visit["outcome"], visit["privilege"], visit["login"]) == ("partial", "user", "viewer")
            gaps = {(gap["area"], gap["path"], gap["status"]) for gap in visit["gaps"]}
            assert {("files", path, "denied") for path in ("/root", HIDDEN_UNITS, HIDDEN_DROP_INS)} <= gaps
            assert all(gap["reason"] for gap in visit["gaps"])
        assert project.drift(exits=3) == set()
        said = project.run("drift", bereft, exits=3).stderr
        assert f"{bereft}: not compared: {BACKUP}" in said
        assert f"{bereft}: not compared: logrotate.timer" in said

        project.fleet.write_inventory(user="viewer", sudo=True)
        project.run("sweep", exits=3)
        for visit in project.visits().values():
            assert visit["outcome"] == "partial"
            assert "sudo -n was refused to viewer" in {gap["reason"] for gap in visit["gaps"]}
        assert project.drift(exits=3) == set()

        # the removal was real: who may read it sees it, and with root's own login nothing else differs
        project.fleet.write_inventory(user="root")
        project.run("sweep", "--fail-on", "critical")
        assert project.drift(exits=1) == {(bereft, "removed", "job", "system", BACKUP)}
    finally:
        for host in names:
            lab.exec(host, "rm", "-rf", HIDDEN_UNITS, HIDDEN_DROP_INS)
            lab.exec(host, "systemctl", "daemon-reload")
