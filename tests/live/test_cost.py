"""What a visit costs a host: CPU of the probe and bytes, by release and mode, at first and when nothing changed."""

import os
from pathlib import Path

import pytest

from tests.live.conftest import Account, Lab, RunCli
from tests.live.project import Project

# Name, account, sudo, and the exit code of a sweep: 3 where not all may be read.
MODES: tuple[tuple[str, Account, bool, int], ...] = (
    ("root", "root", False, 0),
    ("sudo", "deploy", True, 0),
    ("plain", "viewer", False, 3),
)


def test_a_visit_to_an_unchanged_host_is_cheaper_than_the_first(
    lab: Lab, tmp_path: Path, run_cli: RunCli, capsys: pytest.CaptureFixture[str]
) -> None:
    releases = {host.name: host.suite for host in lab.hosts}
    lines = [f"load {os.getloadavg()[0]:.1f}", "release   mode     CPU s first  steady   bytes first   steady"]
    for mode, user, sudo, exits in MODES:
        (tmp_path / mode).mkdir()
        project = Project.start(tmp_path / mode, lab, run_cli, user=user, sudo=sudo)
        project.enroll()
        project.run("sweep", "--concurrency", "1", exits=exits)
        first = project.visits()
        project.run("sweep", "--concurrency", "1", exits=exits)
        steady = project.visits()
        for host in sorted(first, key=lambda name: (releases[name], name)):
            cpu = [visits[host]["host_cpu_s"] for visits in (first, steady)]
            size = [visits[host]["bytes_received"] for visits in (first, steady)]
            lines.append(f"{releases[host]:10}{mode:8}{cpu[0]:12.2f}{cpu[1]:8.2f}{size[0]:14}{size[1]:9}")
            assert cpu[1] < 2 * cpu[0]
        # The first host of a release sends the contents; the others of it have nothing new even at first.
        assert sum(v["bytes_received"] for v in steady.values()) < sum(v["bytes_received"] for v in first.values())
    lines.append(f"load {os.getloadavg()[0]:.1f}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201  # the table is what a person runs this for
