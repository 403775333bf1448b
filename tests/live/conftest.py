"""Fixtures of the live tests: a fleet of real systemd hosts, and the program run on it as a user would."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import pytest
import yaml

Account = Literal["root", "deploy", "viewer", "ops"]
LAB_SCRIPT = Path(__file__).parents[1] / "lab" / "fleet-lab.sh"
OWNERS = {
    "platform": {"name": "Platform team", "email": "platform@example.org"},
    "payments": {"name": "Payments team", "email": "payments@example.org"},
}


@dataclass(frozen=True, slots=True)
class LabHost:
    """One host of the lab; `suite` is the Debian release it runs."""

    name: str
    address: str
    suite: str


class Lab:
    """A running fleet. All methods raise `CalledProcessError` (with the script's words) when the lab refuses."""

    def __init__(self, listing: str) -> None:
        fleet = yaml.safe_load(listing)["fleet"]
        self.known_hosts = Path(fleet["known_hosts"])
        self.identity = Path(fleet["identity"])
        self.hosts = tuple(LabHost(h["name"], h["address"], h["suite"]) for h in fleet["hosts"])

    def exec(
        self, host: str, *command: str, stdin: bytes = b"", check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command inside a host as root, without SSH."""
        return run_lab("exec", host, *command, stdin=stdin, check=check)

    def freeze(self, host: str) -> None:
        """Hang a host: its port accepts and nothing answers."""
        run_lab("freeze", host)

    def thaw(self, host: str) -> None:
        """Let a frozen host go on."""
        run_lab("thaw", host)

    def kill(self, host: str) -> None:
        """Cut a host's power: its port refuses."""
        run_lab("kill", host)

    def start(self, host: str) -> None:
        """Boot a killed host from its disk; returns when it accepts logins."""
        run_lab("start", host)


class RunCli(Protocol):
    """See `run_cli`."""

    def __call__(
        self, *args: str, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float = 180
    ) -> subprocess.CompletedProcess[str]: ...


@dataclass(frozen=True, slots=True)
class FleetDir:
    """A working folder with an `inventory.yaml` of the whole lab.

    Hosts carry the groups `web` (their role) and the name of their release; owners alternate.
    """

    path: Path
    lab: Lab

    def write_inventory(self, *, user: Account = "root", sudo: bool = False) -> Path:
        """Write the inventory anew for another account."""
        inventory = {
            "defaults": {"user": user, "sudo": sudo, "identity_file": str(self.lab.identity), "owner": "platform"},
            "owners": OWNERS,
            "groups": {name: {} for name in ("web", *sorted({host.suite for host in self.lab.hosts}))},
            "hosts": {
                host.name: {
                    "address": host.address,
                    "groups": ["web", host.suite],
                    "owner": tuple(OWNERS)[number % len(OWNERS)],
                }
                for number, host in enumerate(self.lab.hosts)
            },
        }
        path = self.path / "inventory.yaml"
        path.write_text(yaml.safe_dump(inventory, sort_keys=False))
        return path


def run_lab(*args: str, stdin: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run the lab's script; its words on standard error go to the test's output."""
    done = subprocess.run([str(LAB_SCRIPT), *args], input=stdin, capture_output=True, check=False, timeout=1800)
    sys.stderr.write(done.stderr.decode(errors="replace"))
    if check:
        done.check_returncode()
    return done


def run_program(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float = 180
) -> subprocess.CompletedProcess[str]:
    """Run `fleetscan` as a user would: own process, nothing of this environment but the path, no terminal."""
    clean = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(cwd),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, "-m", "fleetscan", *args],
        cwd=cwd,
        env={**clean, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
        timeout=timeout_s,
    )


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A booted fleet, ended at the end of the session."""
    if os.environ.get("FLEETSCAN_LIVE") != "1":
        pytest.skip("set FLEETSCAN_LIVE=1 (make live) to boot real systemd hosts for this test")
    if os.geteuid() != 0:
        pytest.skip("live tests boot hosts with systemd-nspawn and need root: run make live as root")
    if running := os.environ.get("FLEETSCAN_LIVE_RUNNING"):
        # A fleet that stays up between runs, and of it only these hosts: for work on the live tests themselves.
        fleet = Lab(run_lab("list").stdout.decode())
        fleet.hosts = tuple(host for host in fleet.hosts if host.name in running.split())
        yield fleet
        return
    hosts = os.environ.get("FLEETSCAN_LIVE_HOSTS", "6")
    suites = os.environ.get("FLEETSCAN_LIVE_SUITES", "bookworm trixie").split()
    run_lab("down")
    try:
        yield Lab(run_lab("up", hosts, *suites).stdout.decode())
    finally:
        run_lab("down", check=False)


@pytest.fixture
def fleet_dir(tmp_path: Path, lab: Lab) -> FleetDir:
    """A folder of its own with an inventory for `root`; `write_inventory(user=…)` changes the account."""
    folder = FleetDir(tmp_path, lab)
    folder.write_inventory()
    return folder


@pytest.fixture
def run_cli() -> RunCli:
    """Give `run_program`: `run_cli("sweep", "--group", "web", cwd=fleet_dir.path)`."""
    return run_program
