"""A user's folder on the live fleet: set up once, then driven by the command line only."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.conftest import Account, FleetDir, Lab, RunCli

Items = list[dict[str, Any]]
Drifted = set[tuple[str, str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Project:
    """Runs the program and checks its exit code; what it printed is in the error of a failing check."""

    fleet: FleetDir
    run_cli: RunCli

    @classmethod
    def start(cls, folder: Path, lab: Lab, run_cli: RunCli, *, user: Account = "root", sudo: bool = False) -> "Project":
        """Run `init` in a new folder and put the lab into its inventory."""
        project = cls(FleetDir(folder, lab), run_cli)
        project.run("init")
        for host in lab.hosts:  # what other tests ran is in the journal, and would be told as short-lived
            lab.exec(host.name, "sh", "-c", "journalctl --rotate --vacuum-time=1s >/dev/null 2>&1 || true")
        project.fleet.write_inventory(user=user, sudo=sudo)
        return project

    def run(self, *args: str, exits: int = 0) -> subprocess.CompletedProcess[str]:
        done = self.run_cli(*args, cwd=self.fleet.path)
        assert done.returncode == exits, f"{args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def items(self, *args: str, exits: int = 0) -> Items:
        """Run a command that lists, and give its records."""
        document = json.loads(self.run(*args, "--format", "json", exits=exits).stdout)
        assert document["schema"].startswith("fleetscan.")
        items: Items = document["items"]
        return items

    def enroll(self, *args: str) -> None:
        """Accept keys that stand in a list made on the side of the hosts, not from the network."""
        listed = subprocess.run(
            ["ssh-keygen", "-lf", str(self.fleet.lab.known_hosts)], capture_output=True, text=True, check=True
        )
        prints = self.fleet.path / "fingerprints.txt"
        prints.write_text(listed.stdout)
        self.run("hosts", "enroll", "--yes", "--fingerprints", str(prints), *args)

    def approve(self) -> None:
        """Take what the newest sweep saw for normal."""
        self.run("baseline", "propose")
        self.run("baseline", "approve", "--all-pending", "--reason", "the lab as it was booted")

    def drift(self, *, exits: int) -> Drifted:
        """Give (host, kind of drift, kind of thing, scope, name) of everything that drifted, however slightly."""
        return {
            (item["host"], item["kind"], item["subject"], item["scope"], item["name"])
            for item in self.items("drift", "--fail-on", "info", exits=exits)
        }

    def visits(self) -> dict[str, dict[str, Any]]:
        """Give the visits of the newest sweep by host."""
        return {item["host"]: item for item in self.items("sweeps", "show")}

    def outcomes(self) -> dict[str, str]:
        """Give what became of each host in the newest sweep."""
        return {host: visit["outcome"] for host, visit in self.visits().items()}


def put_file(lab: Lab, host: str, path: str, text: str, *, owner: str = "root") -> None:
    """Write a file on a host, and the folders above it."""
    lab.exec(host, "sh", "-c", 'umask 022; mkdir -p "${0%/*}" && cat >"$0"', path, stdin=text.encode())
    if owner != "root":
        lab.exec(host, "chown", "-R", f"{owner}:{owner}", f"/home/{owner}/.config")
