"""Four ways to visit a real host: root, sudo by the generated rule, a plain account, a key with a forced command.

What is planted is what `fleetscan doctor` prints, put where it says. Nothing is left behind.
"""

import hashlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.conftest import Lab, LabHost, RunCli
from tests.live.project import Project, put_file

PROBE = "/usr/local/libexec/fleetscan-probe"
SUDOERS = "/etc/sudoers.d/fleetscan"
SYSTEM, FOR_ALL, CLOSED = "/etc/systemd/system", "/usr/local/lib/systemd/user", "/opt/modes"
ALL_USERS = "/etc/systemd/user"
KEYS = {"root": "/root/.ssh/authorized_keys", "viewer": "/home/viewer/.ssh/authorized_keys"}
NO_HEADER = 64
_WRITE = 'umask 077; cat >"$0.new" && chmod "$1" "$0.new" && mv "$0.new" "$0"'


@dataclass(frozen=True, slots=True)
class Modes:
    """A project whose inventory changes from test to test, on two hosts of different releases."""

    project: Project
    lab: Lab
    hosts: tuple[LabHost, ...]

    def configure(
        self,
        *,
        identity: Path | None = None,
        thrice: bool = False,
        first: str = "",
        role: str = "web",
        **settings: object,
    ) -> None:
        """Write the inventory anew: the same hosts, visited in another way.

        With `thrice` the first host stands in it three times: a cohort in which things can be missed. `first` is the
        account for the first entry, when that is another one; `role` makes another cohort.
        """
        named = {host.name: host.address for host in self.hosts}
        if thrice:
            named = {f"same{number}": self.hosts[0].address for number in range(3)}
        inventory: dict[str, Any] = {
            "defaults": {"identity_file": str(identity or self.lab.identity), "owner": "ops", **settings},
            "owners": {"ops": {"name": "Ops", "email": "ops@example.org"}},
            "groups": {role: {}},
            "hosts": {name: {"address": address, "groups": [role]} for name, address in named.items()},
        }
        if first:
            inventory["hosts"]["same0"]["user"] = first
        (self.project.fleet.path / "inventory.yaml").write_text(yaml.safe_dump(inventory))

    def diagnose(self, *, exits: int) -> dict[str, dict[str, Any]]:
        return {item["host"]: item for item in self.project.items("doctor", exits=exits)}

    def sweep(self, *, exits: int = 3) -> dict[str, dict[str, Any]]:
        self.project.run("sweep", exits=exits)  # 3 without a baseline: two hosts are too few to compare
        return self.project.visits()

    def write(self, path: str, data: bytes, mode: str) -> None:
        """Write a file on all hosts in one step, as root's."""
        for host in self.hosts:
            self.lab.exec(host.name, "sh", "-c", _WRITE, path, mode, stdin=data)

    def remove(self, *paths: str) -> None:
        for host in self.hosts:
            self.lab.exec(host.name, "rm", "-f", *paths)


def lines_for(diagnosis: dict[str, Any], place: str) -> list[str]:
    """Give the lines that the doctor says belong to a place."""
    (step,) = [step for step in diagnosis["steps"] if place in step["where"]]
    lines: list[str] = step["lines"]
    return lines


@pytest.fixture
def modes(lab: Lab, tmp_path: Path, run_cli: RunCli) -> Modes:
    project = Project.start(tmp_path, lab, run_cli)
    made = Modes(project, lab, lab.hosts[:2])
    made.configure(user="root")
    project.enroll()
    return made


@pytest.fixture
def installed(modes: Modes) -> Iterator[None]:
    """Install the probe as the doctor says: its own two lines."""
    first, second = lines_for(modes.diagnose(exits=0)[modes.hosts[0].name], "on the scanner")
    assert first == "fleetscan --quiet probe show > fleetscan-probe"
    shown = modes.project.run("--quiet", "probe", "show").stdout.encode()
    for host in modes.hosts:
        put_file(modes.lab, host.name, "/root/fleetscan-probe", shown.decode())
        modes.lab.exec(host.name, "sh", "-c", f"cd /root && {second} && rm fleetscan-probe")
        status = modes.lab.exec(host.name, "stat", "-c", "%U %G %a", PROBE).stdout
        assert status == b"root root 755\n"
    yield
    modes.remove(PROBE)


@contextmanager
def sudo_rule(modes: Modes, rule: str) -> Iterator[None]:
    """Put one line into a file of sudoers."""
    modes.write(SUDOERS, f"{rule}\n".encode(), "0440")
    try:
        for host in modes.hosts:
            modes.lab.exec(host.name, "visudo", "-cf", SUDOERS)
        yield
    finally:
        modes.remove(SUDOERS)


@contextmanager
def forced_key(modes: Modes, account: str, line: str) -> Iterator[None]:
    """Add one line to an account's authorized_keys, and put the file back."""
    before = {h.name: modes.lab.exec(h.name, "cat", KEYS[account]).stdout for h in modes.hosts}
    add = 'cat >>"$0"'
    for host in modes.hosts:
        modes.lab.exec(host.name, "sh", "-c", add, KEYS[account], stdin=f"{line}\n".encode())
    try:
        yield
    finally:
        for host in modes.hosts:
            modes.lab.exec(host.name, "sh", "-c", 'cat >"$0"', KEYS[account], stdin=before[host.name])


def make_key(folder: Path) -> Path:
    """Make a key that no host knows."""
    path = folder / "id_modes"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "modes", "-f", str(path)], check=True)
    return path


def ssh(modes: Modes, identity: Path, account: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """Log in with OpenSSH's own client, as somebody who holds the key would."""
    options = ("IdentitiesOnly=yes", "BatchMode=yes", f"UserKnownHostsFile={modes.lab.known_hosts}")
    words = [word for option in options for word in ("-o", option)]
    target = f"{account}@{modes.hosts[0].address}"
    return subprocess.run(
        ["ssh", "-F", "none", "-i", str(identity), *words, target, *command],
        input="id; echo pwned\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )


def test_root_reads_all(modes: Modes) -> None:
    for item in modes.diagnose(exits=0).values():
        assert (item["outcome"], item["login"], item["privilege"]) == ("complete", "root", "root")
        assert {r["extent"] for r in item["readings"] if not r["supplementary"]} == {"read"}
        assert item["remedy_kind"] == "narrow"


def test_a_plain_account_is_told_what_it_cannot_read_and_the_line_that_helps(modes: Modes) -> None:
    modes.configure(user="viewer")
    rule = ""
    for item in modes.diagnose(exits=3).values():
        assert (item["outcome"], item["login"], item["privilege"]) == ("partial", "viewer", "user")
        extents = {reading["area"]: reading["extent"] for reading in item["readings"]}
        assert extents["files"] == "in part"
        assert extents["unit files"] == extents["linger"] == "read"
        assert item["remedy_kind"] == "raise"
        (rule,) = lines_for(item, SUDOERS)
        assert shlex.split(rule)[:3] == ["viewer", "ALL=(root)", "NOPASSWD:"]
    out = modes.project.run("doctor", exits=3).stdout
    assert rule in out.splitlines()
    assert "/root" in out


@pytest.mark.usefixtures("installed")
def test_sudo_raises_the_installed_probe_by_the_generated_rule_and_nothing_else(modes: Modes, tmp_path: Path) -> None:
    modes.configure(user="viewer")
    plain = modes.diagnose(exits=3)[modes.hosts[0].name]
    (rule,) = lines_for(plain, SUDOERS)
    assert lines_for(plain, "the inventory") == ["probe: installed", "sudo: true"]
    modes.configure(user="viewer", probe="installed", sudo=True)

    assert {v["privilege"] for v in modes.sweep().values()} == {"user"}  # no rule yet: sudo refuses
    with sudo_rule(modes, rule):
        for item in modes.diagnose(exits=0).values():
            assert (item["outcome"], item["login"], item["privilege"]) == ("complete", "root", "sudo")
            assert item["remedy"] == ""
        assert {v["privilege"] for v in modes.sweep().values()} == {"sudo"}
        for command in ("sh -c id", "id", f"{PROBE} x", f"-u deploy {PROBE}"):
            assert ssh(modes, modes.lab.identity, "viewer", f"sudo -n {command}").returncode == 1

        key = make_key(tmp_path)
        (line,) = lines_for(plain, "authorized_keys of viewer")
        own = " ".join(key.with_name(key.name + ".pub").read_text().split()[:2])
        theirs = " ".join(modes.lab.identity.with_name(modes.lab.identity.name + ".pub").read_text().split()[:2])
        assert theirs in line
        with forced_key(modes, "viewer", line.replace(theirs, own)):
            modes.configure(user="viewer", probe="installed", sudo=True, identity=key)
            assert {v["outcome"] for v in modes.sweep().values()} == {"complete"}
            assert_only_the_probe_answers(modes, key, "viewer")

        # One byte more: sudo's digest does not fit, so the file runs without rights, and the scanner refuses to listen.
        changed = modes.lab.exec(modes.hosts[0].name, "cat", PROBE).stdout + b"#\n"
        modes.configure(user="viewer", probe="installed", sudo=True)
        modes.write(PROBE, changed, "0755")
        for item in modes.diagnose(exits=3).values():
            assert (item["outcome"], item["remedy_kind"]) == ("protocol error", "install")
            assert f"there: sha256 {hashlib.sha256(changed).hexdigest()}" in item["evidence"]


@pytest.mark.usefixtures("installed")
def test_a_forced_command_lets_the_key_do_nothing_but_collect(modes: Modes, tmp_path: Path) -> None:
    key = make_key(tmp_path)
    public = " ".join(key.with_name(key.name + ".pub").read_text().split()[:2])
    line = f'restrict,command="{PROBE}" {public} fleetscan'
    told = lines_for(modes.diagnose(exits=0)[modes.hosts[0].name], "authorized_keys of root")
    assert [text.split(" ")[0] for text in told] == [line.split(" ", maxsplit=1)[0]]

    with forced_key(modes, "root", line):
        modes.configure(user="root", probe="installed", identity=key)
        for item in modes.diagnose(exits=0).values():
            assert (item["outcome"], item["login"], item["privilege"]) == ("complete", "root", "root")
            assert item["remedy"] == ""
        assert {v["outcome"] for v in modes.sweep().values()} == {"complete"}
        assert_only_the_probe_answers(modes, key, "root")

        modes.configure(user="root", identity=key)  # the inventory forgets that the probe lies there
        for item in modes.diagnose(exits=3).values():
            assert item["outcome"] == "protocol error"
            assert "probe: installed" in " ".join(item["evidence"]) + item["hint"]

        modes.configure(user="root", probe="installed", identity=key)
        for host in modes.hosts:
            modes.lab.exec(host.name, "chmod", "0775", PROBE)
        for item in modes.diagnose(exits=3).values():
            assert "others than root may change" in item["reason"]


def assert_only_the_probe_answers(modes: Modes, key: Path, account: str) -> None:
    """Whatever is asked for, in whatever way, what runs is the probe, and it ends because it got no header."""
    for command in (("id",), (), ("exec /bin/sh",), ("-s", "sftp")):
        said = ssh(modes, key, account, *command)
        assert "uid=" not in said.stdout + said.stderr, (command, said)
        assert "pwned" not in said.stdout.replace("echo pwned", ""), (command, said)
        assert said.returncode == NO_HEADER, (command, said)
    forwarded = ssh(modes, key, account, "-W", "127.0.0.1:22")
    assert "SSH-2.0" not in forwarded.stdout
    assert "administratively prohibited" in forwarded.stderr


def _plant_what_only_root_sees(lab: Lab, host: str) -> None:
    """Put jobs on a host of which an ordinary account misses a file, a drop-in, a program, or everything."""
    units = {
        "modes-file": "ExecStart=/bin/true",
        "modes-dropped": "ExecStart=/bin/true",
        "modes-program": f"ExecStart={CLOSED}/run\nEnvironmentFile={CLOSED}/env",
    }
    for stem, service in units.items():
        put_file(lab, host, f"{SYSTEM}/{stem}.timer", "[Timer]\nOnCalendar=daily\n")
        put_file(lab, host, f"{SYSTEM}/{stem}.service", f"[Service]\n{service}\n")
    lab.exec(host, "chmod", "0600", f"{SYSTEM}/modes-file.service")
    put_file(lab, host, f"{SYSTEM}/modes-dropped.service.d/10.conf", "[Service]\nUser=games\n")
    lab.exec(host, "chmod", "0700", f"{SYSTEM}/modes-dropped.service.d")
    put_file(lab, host, f"{CLOSED}/run", "#!/bin/sh\nexit 0\n")
    put_file(lab, host, f"{CLOSED}/env", "A=1\n")
    lab.exec(host, "chmod", "-R", "u=rwX,go=", CLOSED)
    put_file(lab, host, f"{FOR_ALL}/modes-all.timer", "[Timer]\nOnCalendar=daily\n")
    put_file(lab, host, f"{FOR_ALL}/modes-all.service", "[Service]\nExecStart=/bin/true\n")
    lab.exec(host, "chmod", "0700", FOR_ALL)
    # Two timers that start another service than their namesake, which only their closed files say.
    put_file(lab, host, f"{SYSTEM}/modes-other.timer", "[Timer]\nOnCalendar=daily\n")
    put_file(lab, host, f"{SYSTEM}/modes-other.timer.d/10.conf", "[Timer]\nUnit=modes-odd.service\n")
    lab.exec(host, "chmod", "0700", f"{SYSTEM}/modes-other.timer.d")
    put_file(lab, host, f"{SYSTEM}/modes-odd.service", "[Service]\nExecStart=/bin/true\n")
    put_file(lab, host, f"{ALL_USERS}/modes-each.timer", "[Timer]\nOnCalendar=daily\nUnit=modes-even.service\n")
    lab.exec(host, "chmod", "0600", f"{ALL_USERS}/modes-each.timer")
    put_file(lab, host, f"{ALL_USERS}/modes-even.service", "[Service]\nExecStart=/bin/true\n")
    put_file(lab, host, "/root/.config/systemd/user/modes-own.timer", "[Timer]\nOnCalendar=daily\n")
    lab.exec(host, "systemctl", "daemon-reload")


def _remove_it(lab: Lab, host: str) -> None:
    paths = f"{SYSTEM}/modes-* {ALL_USERS}/modes-* {CLOSED} {FOR_ALL} /root/.config/systemd"
    lab.exec(host, "sh", "-c", f"rm -rf {paths}; rmdir /root/.config; systemctl daemon-reload", check=False)


def test_a_visit_with_fewer_rights_takes_nothing_for_removed_or_changed(modes: Modes) -> None:
    host = modes.hosts[0].name
    _remove_it(modes.lab, host)
    _plant_what_only_root_sees(modes.lab, host)
    try:
        modes.configure(user="root", thrice=True)
        modes.sweep(exits=0)
        modes.project.approve()
        modes.sweep(exits=0)
        assert modes.project.drift(exits=0) == set()

        modes.configure(user="viewer", thrice=True)
        assert {(v["privilege"], v["outcome"]) for v in modes.sweep().values()} == {("user", "partial")}
        assert modes.project.drift(exits=3) == set()

        for first, others in (("root", "viewer"), ("viewer", "root")):  # by peers, in a cohort without a baseline
            modes.configure(user=others, first=first, thrice=True, role="mixed")
            modes.sweep()
            assert modes.project.drift(exits=3) == set()

        # The same things, really gone or changed and read as root, are told: the silence above was not deafness.
        modes.configure(user="root", thrice=True)
        modes.lab.exec(host, "rm", "-r", f"{SYSTEM}/modes-dropped.service.d", f"{FOR_ALL}/modes-all.timer")
        modes.lab.exec(host, "systemctl", "daemon-reload")
        modes.project.run("sweep", "--fail-on", "info", exits=1)
        assert {(where, kind, name) for where, kind, _, _, name in modes.project.drift(exits=1)} >= {
            (f"same{number}", kind, name)
            for number in range(3)
            for kind, name in (("removed", "modes-all.timer"), ("changed", "modes-dropped.timer"))
        }
    finally:
        _remove_it(modes.lab, host)
