"""Processes of timer units that are not what their units say."""

import pytest

from fleetscan.analyse.processes import find_odd_processes
from fleetscan.model.ids import SYSTEM, UnitName
from fleetscan.model.snapshot import UnitProcess


def process(executable: str, unit: str = "a.service", pid: int = 7) -> UnitProcess:
    return UnitProcess(
        scope=SYSTEM,
        unit=UnitName(unit),
        pid=pid,
        parent_pid=1,
        user="root",
        started_at=None,
        command="x",
        executable=executable,
    )


@pytest.mark.parametrize(
    ("executable", "odd"),
    [
        ("/usr/bin/python3", False),
        ("", False),
        ("/opt/tmp/x", False),
        ("/usr/bin/python3 (deleted)", True),
        ("/memfd:x (deleted)", True),
        ("/memfd:x", True),
        ("/tmp/x", True),
        ("/var/tmp/.y/z", True),
        ("/dev/shm/x", True),
        ("/run/user/0/x", True),
        ("/tmpfiles", False),
    ],
)
def test_deleted_in_memory_and_temporary_programs_are_odd(executable: str, *, odd: bool) -> None:
    assert bool(find_odd_processes([process(executable)])) is odd


def test_odd_processes_are_told_by_unit() -> None:
    found = find_odd_processes([process("/tmp/x"), process("/tmp/y", pid=8), process("/tmp/z", "b.service")])
    assert {unit: len(group) for unit, group in found.items()} == {"a.service": 2, "b.service": 1}


def test_a_crowd_of_processes_that_an_update_explains_does_not_hide_another() -> None:
    crowd = [process("/usr/bin/python3 (deleted)", pid=pid) for pid in range(100, 200)]
    found = find_odd_processes([*crowd, process("/memfd:x (deleted)", pid=999)])
    assert found[UnitName("a.service")][0].pid == 999
