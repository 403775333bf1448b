"""A host that is too much for one visit: the visit ends in time, tells what it left out, and is right in what it tells.

500 accounts with units, 5,000 unit files, 100 MB of text, a line of 1 MiB, folders of 20,000 links: all on one host.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fleetscan.model.coverage import MAX_ALIKE
from tests.live.budget import HUGE_FILES, crowded
from tests.live.conftest import Lab, RunCli
from tests.live.project import Project

CAP_BYTES = 64 * 1024 * 1024  # `max_output_bytes`, in docs/guide/settings.md


def sweep_measured(project: Project, host: str) -> int:
    """Sweep, and give the most memory that the scanner held at a time, in KiB."""
    command = [sys.executable, "-m", "fleetscan", "sweep", "--limit", host]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(project.fleet.path), "LC_ALL": "C.UTF-8"}
    said = project.fleet.path / "sweep.log"
    with (
        said.open("wb") as log,
        subprocess.Popen(
            command, cwd=project.fleet.path, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as process,
    ):
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert "Traceback" not in said.read_text(errors="replace")
    return usage.ru_maxrss


def stock_timers(project: Project, host: str) -> dict[str, tuple[Any, ...]]:
    """Give what is told of each timer of the system that this test did not plant."""
    return {
        item["unit"]: (item["activates"], item["schedule"], tuple(item["executes"]))
        for item in project.items("timers", host)
        if item["scope"] == "system" and not planted(item["unit"])
    }


def planted(name: str) -> bool:
    """Tell whether a unit or an account is one that `crowded` brings."""
    return name.startswith(("bulk", "line", "many", "huge", "own"))


def test_a_host_beyond_all_bounds_is_read_in_part_in_time_and_never_told_wrong(
    lab: Lab, tmp_path: Path, run_cli: RunCli
) -> None:
    host = lab.hosts[0].name
    project = Project.start(tmp_path, lab, run_cli)
    project.enroll("--limit", host)
    plain_kib = sweep_measured(project, host)
    assert project.outcomes() == {host: "complete"}
    project.approve()
    before = stock_timers(project, host)
    assert len(before) > 4

    with crowded(lab, host):
        crowded_kib = sweep_measured(project, host)
        visit = project.visits()[host]
        print(f"{visit['duration_s']} s, {visit['bytes_received']} bytes, {plain_kib} and {crowded_kib} KiB")  # noqa: T201
        # It ended by itself, told what it had, and took no more than it said it would.
        assert visit["outcome"] == "partial", visit["reason"]
        assert visit["bytes_received"] <= CAP_BYTES
        assert crowded_kib < 8 * plain_kib
        # Each thing that is too much is told, in few words.
        assert len(visit["gaps"]) < 2 * MAX_ALIKE
        told = {(gap["area"], gap["scope"], gap["status"]) for gap in visit["gaps"]}
        assert ("content", "system", "too large") in told
        assert ("files", "user:bulk0", "truncated") in told
        assert ("unit files", "system", "truncated") in told
        oversize = {gap["path"] for gap in visit["gaps"] if gap["status"] == "too large"}
        assert oversize >= {f"/etc/systemd/system/huge{number}.service" for number in range(HUGE_FILES)}
        assert "/etc/systemd/system/line.service" in oversize
        # What was read is right, and what was not is not told as gone.
        assert stock_timers(project, host) == before
        drift = project.drift(exits=1)
        assert {kind for _host, kind, *_rest in drift} == {"added"}, [item for item in drift if item[1] != "added"]
        assert [(kind, name) for _host, _drift, kind, _scope, name in drift if not planted(name)] == []
        assert ("bulk2499.timer" in {name for *_rest, name in drift}) or "programs" in {area for area, *_rest in told}

    sweep_measured(project, host)
    assert project.outcomes() == {host: "complete"}
    assert project.drift(exits=0) == set()
