"""The fleet under attack: enrolled, swept, accepted, then attacked in rounds."""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from tests.live.attacks.catalogue import CATALOGUE
from tests.live.attacks.dealing import ACCOUNTS, Target
from tests.live.attacks.household import CLEAR, FORGET, FURNISH
from tests.live.attacks.plant import Plant
from tests.live.attacks.planting import has_program, plant, run_lines, systemd_version, undo
from tests.live.attacks.said import Said, read_findings
from tests.live.attacks.table import render_table
from tests.live.attacks.verdict import Row, is_echo, judge
from tests.live.conftest import Lab, RunCli
from tests.live.project import Project

_FEW = 3
_READ = ("complete", "partial")
_SWEEP_ENDS = (0, 1, 3)
"""Clean, findings, or a host that was not read in full: the plain account's."""


def choose_plants() -> tuple[Plant, ...]:
    """Give all plants, or those that `FLEETSCAN_ATTACK_ONLY` names by patterns."""
    patterns = os.environ.get("FLEETSCAN_ATTACK_ONLY", "*").split()
    return tuple(plant for plant in CATALOGUE if any(fnmatchcase(plant.id, pattern) for pattern in patterns))


@dataclass(frozen=True, slots=True)
class Campaign:
    """A project of its own on the whole lab."""

    project: Project
    lab: Lab
    targets: tuple[Target, ...]
    past: dict[str, list[Plant]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    @contextmanager
    def begin(cls, folder: Path, lab: Lab, run_cli: RunCli) -> Iterator["Campaign"]:
        """Furnish the hosts, accept them as they are, and clear them in the end."""
        try:
            for host in lab.hosts:
                said = run_lines(lab, host.name, FORGET + FURNISH, strict=True)
                assert not said, f"{host.name}: {said}"
            campaign = cls(Project.start(folder, lab, run_cli), lab, tuple(_find_targets(lab)))
            campaign._configure()
            campaign.project.enroll()
            for _ in range(2):
                campaign.sweep()
            accept_fleet(campaign.project)
            yield campaign
        finally:
            for host in lab.hosts:
                run_lines(lab, host.name, CLEAR, strict=False)

    def _configure(self) -> None:
        accounts: dict[str, dict[str, object]] = {
            "root": {"user": "root"},
            "deploy": {"user": "deploy", "sudo": True},
            "viewer": {"user": "viewer"},
        }
        addresses = {host.name: host.address for host in self.lab.hosts}
        inventory = {
            "defaults": {"identity_file": str(self.lab.identity), "owner": "ops"},
            "owners": {"ops": {"name": "Ops", "email": "ops@example.org"}},
            "groups": {"web": {}},
            "hosts": {
                target.name: {"address": addresses[target.name], "groups": ["web"], **accounts[target.account]}
                for target in self.targets
            },
        }
        (self.project.fleet.path / "inventory.yaml").write_text(yaml.safe_dump(inventory))

    def sweep(self) -> list[Said]:
        """Visit all hosts, and give what is said of them above `info`."""
        done = self.project.run_cli("sweep", cwd=self.project.fleet.path, timeout_s=600)
        assert done.returncode in _SWEEP_ENDS, f"sweep ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        failed = {host: outcome for host, outcome in self.project.outcomes().items() if outcome not in _READ}
        assert not failed, failed
        return read_findings(self.project)

    def attack(self, number: int, plants: Mapping[str, Plant]) -> list[Row]:
        """Plant on every host what is meant for it, look, undo it, and look again."""
        by_name = {target.name: target for target in self.targets}
        notes: dict[str, str] = {}
        try:
            for host, planted in plants.items():
                notes[host] = plant(self.lab, host, planted)
            said = self.sweep()
        finally:
            for host, planted in plants.items():
                undo(self.lab, host, planted)
        told = [
            f for f in said if not is_echo(f, self.past[f.host]) or (f.host in plants and f.concerns(plants[f.host]))
        ]
        rows = [judge(planted, by_name[host], told, notes[host]) for host, planted in plants.items()]
        rows += [_unasked(finding, by_name) for finding in told if finding.host not in plants]
        for host, planted in plants.items():
            self.past[host].append(planted)
        after = [finding for finding in self.sweep() if not is_echo(finding, self.past[finding.host])]
        left = {host: [finding for finding in after if finding.host == host] for host in plants}
        rows = [replace(row, lingering=tuple(map(str, left.get(row.host, ())))) for row in rows]
        sys.stderr.write(f"round {number}\n{render_table(rows)}\n")
        return rows


def accept_fleet(project: Project) -> None:
    """Accept what the newest sweep saw; of a release of which there are less than three hosts, all of it."""
    by_suite: dict[str, list[str]] = defaultdict(list)
    outcomes = project.outcomes()
    for host in project.fleet.lab.hosts:
        if outcomes[host.name] == "complete":
            by_suite[host.suite].append(host.name)
    golden = [f"--golden={name}" for names in by_suite.values() for name in names if len(names) < _FEW]
    project.run("baseline", "propose", *golden)
    project.run("baseline", "approve", "--all-pending", "--reason", "the lab as it was furnished")


def _find_targets(lab: Lab) -> Iterator[Target]:
    needed = sorted({program for plant in CATALOGUE for program in plant.needs})
    for number, host in enumerate(lab.hosts):
        yield Target(
            name=host.name,
            suite=host.suite,
            account=ACCOUNTS[number % len(ACCOUNTS)],
            systemd=systemd_version(lab, host.name),
            programs=frozenset(program for program in needed if has_program(lab, host.name, program)),
        )


def _unasked(finding: Said, by_name: Mapping[str, Target]) -> Row:
    """Make a row of a finding on a host that had no plant in this round."""
    target = by_name[finding.host]
    return Row(
        plant="(none)",
        expected="",
        host=target.name,
        release=target.suite,
        account=target.account,
        result="found",
        extras=(str(finding),),
    )
