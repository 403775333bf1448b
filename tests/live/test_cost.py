"""What a visit costs a host: CPU of the probe and bytes, by release and mode, at first and when nothing changed."""

import os
from pathlib import Path

import pytest

from tests.live.conftest import Account, Lab, RunCli
from tests.live.project import Project

MODES: tuple[tuple[str, Account, bool], ...] = (
    ("root", "root", False),
    ("sudo", "deploy", True),
    ("plain", "viewer", False),
)


def test_a_visit_to_an_unchanged_host_is_cheaper_than_the_first(
    lab: Lab, tmp_path: Path, run_cli: RunCli, capsys: pytest.CaptureFixture[str]
) -> None:
    releases = {host.name: host.suite for host in lab.hosts}
    lines = [f"load {os.getloadavg()[0]:.1f}", "release   mode     CPU s first  steady   bytes first   steady"]
    for mode, user, sudo in MODES:
        (tmp_path / mode).mkdir()
        project = Project.start(tmp_path / mode, lab, run_cli, user=user, sudo=sudo)
        project.enroll()
        project.run("sweep", "--concurrency", "1", exits=3)
        first = project.visits()
        project.run("sweep", "--concurrency", "1", exits=3)
        steady = project.visits()
        for host in sorted(first, key=lambda name: (releases[name], name)):
            cpu = [visits[host]["host_cpu_s"] for visits in (first, steady)]
            size = [visits[host]["bytes_received"] for visits in (first, steady)]
            lines.append(f"{releases[host]:10}{mode:8}{cpu[0]:12.2f}{cpu[1]:8.2f}{size[0]:14}{size[1]:9}")
            assert size[1] < size[0]
            assert cpu[1] < 2 * cpu[0]
    lines.append(f"load {os.getloadavg()[0]:.1f}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201  # the table is what a person runs this for
