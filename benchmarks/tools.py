"""The rows: ways to reach the same hosts, each a command that is run and measured."""

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.measure import Usage, run_measured
from benchmarks.servers import SimulatedFleet, find_program
from benchmarks.targets import Targets
from fleetscan.probe.contents import DONE
from fleetscan.probe.script import Terms, build_input, load_probe, remote_command
from fleetscan.store.schema import create_database

CURVE25519 = "curve25519-sha256"
_SENTINEL = "5e" * 16
_DEFAULT_KEX_SHARE = 5
"""OpenSSH's default key exchange is so costly that a fifth of the hosts has to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row in one round.

    Attributes:
        hosts: How many were visited.
        failed: How many of them did not give all that was asked for.
        cpu_ms: Scanner's CPU per host without the start of an interpreter; None where it cannot be told apart.
        run_cpu_ms: The same with it: everything that the operating system charged.
        fleet_cpu_ms: CPU per host of sshd and the remote commands; not the scanner's.
        notes: Figures of this row only.
    """

    row: str
    hosts: int
    failed: int
    cpu_ms: float | None
    run_cpu_ms: float
    fleet_cpu_ms: float
    wall_s: float
    notes: dict[str, float]


class Bench:
    """Runs rows on one fleet.

    Args:
        folder: Work folder.
        fleet: Its servers are running.
    """

    def __init__(self, folder: Path, fleet: SimulatedFleet) -> None:
        self._folder = folder
        self._fleet = fleet
        self._output = folder / "output"
        self._database = folder / "bench.db"
        self._empty = folder / "empty.db"
        create_database(f"sqlite:///{self._empty}")
        self._probe_input = folder / "probe.in"
        self._probe_input.write_bytes(build_input(load_probe(), _SENTINEL, Terms()) + DONE)
        fleet.targets.save(folder / "targets.json")
        fleet.watched.save(folder / "watched.json")
        self._inventory = folder / "inventory.yaml"
        self._inventory.write_text(_inventory(fleet.targets))
        for name, lines in (("curve25519", [f"KexAlgorithms {CURVE25519}"]), ("default", [])):
            (folder / f"ssh-{name}.conf").write_text(_ssh_config(fleet.targets, lines))

    @property
    def database_url(self) -> str:
        """The database of the last round."""
        return f"sqlite:///{self._database}"

    def run_round(self) -> list[Sample]:
        """Run every row once, in the order of the report."""
        rows = [
            self._ssh_true("curve25519"),
            self._ssh_probe("curve25519"),
            self._scan("transport", "fleetscan: connect, `true`"),
        ]
        shutil.copy(self._empty, self._database)
        for suffix in ("-wal", "-shm"):
            self._database.with_name(self._database.name + suffix).unlink(missing_ok=True)
        rows += [
            self._scan("first", "fleetscan: visit, first sweep"),
            self._scan("unchanged", "fleetscan: visit, unchanged"),
            self._command_line(),
            self._ssh_true("default"),
            self._ssh_probe("default"),
        ]
        return rows

    def negotiated(self) -> dict[str, str]:
        """Ask a server's log which key exchange and cipher each client got."""
        found: dict[str, str] = {}
        for client in ("curve25519", "default", "fleetscan"):
            self._fleet.log.write_text("")
            if client == "fleetscan":
                self._run([sys.executable, "-m", "benchmarks.scan", "transport", str(self._folder / "watched.json")])
            else:
                self._run_ssh(client, self._fleet.watched, ["true"])
            said = self._fleet.log.read_text()
            kex = re.search(r"kex: algorithm: (\S+)", said)
            cipher = re.search(r"kex: client->server cipher: (\S+)", said)
            name = client if client == "fleetscan" else f"ssh, {client} kex"
            found[name] = " with ".join(match[1] if match else "?" for match in (kex, cipher))
        return found

    def _ssh_true(self, kex: str) -> Sample:
        targets = self._some(kex)
        began_cpu_s = self._fleet.cpu_s()
        usage = self._run_ssh(kex, targets, ["true"])
        failed = 0 if usage.exit_status == 0 else len(targets.hosts)
        return self._sample(
            f"ssh by xargs: `true`, {kex} kex", targets, usage, failed, began_cpu_s, work_cpu_s=usage.cpu_s
        )

    def _ssh_probe(self, kex: str) -> Sample:
        """Run the probe by ssh. The shell that opens its input for each ssh costs about 0.5 ms of the result."""
        targets = self._some(kex)
        command = ["sh", "-c", f'exec ssh -F ssh-{kex}.conf "$0" "$COMMAND" < {self._probe_input.name}']
        began_cpu_s = self._fleet.cpu_s()
        usage = self._run(
            [*_xargs(targets), *command], given=_lines(targets), env={"COMMAND": remote_command(sudo=False)}
        )
        ends = usage.output.count(f"@{_SENTINEL} end ok".encode())
        failed = len(targets.hosts) - ends
        row = f"ssh by xargs: probe, {kex} kex"
        sample = self._sample(row, targets, usage, failed, began_cpu_s, work_cpu_s=usage.cpu_s)
        sample.notes["bytes_per_host"] = len(usage.output) / len(targets.hosts)
        return sample

    def _scan(self, mode: str, row: str) -> Sample:
        targets = self._fleet.targets
        began_cpu_s = self._fleet.cpu_s()
        usage = self._run(
            [sys.executable, "-m", "benchmarks.scan", mode, str(self._folder / "targets.json"), self.database_url]
        )
        report = json.loads(usage.output or b"{}")
        failed = len(targets.hosts) - report.get("outcomes", {}).get("complete", 0)
        sample = self._sample(row, targets, usage, failed, began_cpu_s, work_cpu_s=report.get("work_cpu_s"))
        for name in ("rss_mb", "bytes_per_host", "changed_hosts", "start_cpu_s"):
            if name in report:
                sample.notes[name] = report[name]
        return sample

    def _command_line(self) -> Sample:
        """Run `fleetscan sweep` as a user does, with the comparison of hosts and the printing behind it."""
        targets = self._fleet.targets
        options = ["--database", self.database_url, "--inventory", str(self._inventory)]
        began_cpu_s = self._fleet.cpu_s()
        usage = self._run(
            [
                sys.executable,
                "-m",
                "fleetscan",
                *options,
                "--quiet",
                "sweep",
                "--concurrency",
                str(targets.concurrency),
            ],
            env={"FLEETSCAN_KNOWN_HOSTS": targets.known_hosts},
        )
        failed = 0 if usage.exit_status in (0, 1) else len(targets.hosts)
        return self._sample(
            "`fleetscan sweep`, unchanged, judged", targets, usage, failed, began_cpu_s, work_cpu_s=None
        )

    def _some(self, kex: str) -> Targets:
        targets = self._fleet.targets
        if kex == "curve25519":
            return targets
        return targets.first(max(10, len(targets.hosts) // _DEFAULT_KEX_SHARE))

    def _run_ssh(self, kex: str, targets: Targets, command: list[str]) -> Usage:
        ssh = ["ssh", "-F", f"ssh-{kex}.conf", "{}", *command]
        return self._run([*_xargs(targets), "-I", "{}", *ssh], given=_lines(targets))

    def _run(self, command: list[str], *, given: str = "", env: dict[str, str] | None = None) -> Usage:
        here = {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
        return run_measured(command, self._output, given=given, env={**here, **(env or {})}, folder=self._folder)

    def _sample(
        self,
        row: str,
        targets: Targets,
        usage: Usage,
        failed: int,
        began_cpu_s: float,
        *,
        work_cpu_s: float | None,
    ) -> Sample:
        count = len(targets.hosts)
        if usage.exit_status != 0:
            said = usage.errors.decode(errors="replace").strip()[-300:]
            print(f"  {row}: exit status {usage.exit_status}: {said}", file=sys.stderr)
        return Sample(
            row=row,
            hosts=count,
            failed=failed,
            cpu_ms=None if work_cpu_s is None else work_cpu_s * 1000 / count,
            run_cpu_ms=usage.cpu_s * 1000 / count,
            fleet_cpu_ms=(self._fleet.cpu_s() - began_cpu_s) * 1000 / count,
            wall_s=usage.wall_s,
            notes={},
        )


def _xargs(targets: Targets) -> list[str]:
    find_program("ssh")
    return [find_program("xargs"), "-P", str(targets.concurrency), "-n", "1"]


def _lines(targets: Targets) -> str:
    return "".join(f"{address}\n" for address in targets.hosts.values())


def _ssh_config(targets: Targets, further: list[str]) -> str:
    lines = [
        f"User {targets.user}",
        f"Port {targets.port}",
        f"IdentityFile {targets.identity_file}",
        f"UserKnownHostsFile {targets.known_hosts}",
        "GlobalKnownHostsFile /dev/null",
        "StrictHostKeyChecking yes",
        "UpdateHostKeys no",
        "IdentitiesOnly yes",
        "IdentityAgent none",
        "BatchMode yes",
        "ControlMaster no",
        "LogLevel ERROR",
        *further,
    ]
    return "\n".join(lines) + "\n"


def _inventory(targets: Targets) -> str:
    content = {
        "defaults": {
            "user": targets.user,
            "port": targets.port,
            "identity_file": targets.identity_file,
            "owner": {"name": "Benchmark", "email": "benchmark@example.org"},
        },
        "groups": {role: {} for role in sorted(set(targets.roles.values()))},
        "hosts": {
            name: {"address": address, "groups": [targets.roles[name]]} for name, address in targets.hosts.items()
        },
    }
    return yaml.safe_dump(content, sort_keys=False)
