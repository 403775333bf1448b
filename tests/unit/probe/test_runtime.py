"""What runs and what the logs tell, as one: evidence, and a gap for what is not there."""

import json
from collections.abc import Sequence

import pytest

from fleetscan.model.coverage import SUPPLEMENTARY, Area, Gap, ReadStatus
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.people import People
from fleetscan.probe.runtime import RuntimeEvidence, read_runtime
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import by_section, frame

PEOPLE = People({0: "root", 1000: "ann"}, {}, {}, {}, ())
SECTIONS = ("processes", "journal", "audit-log", "audit-rules")
TIMER = Artifact(kind=ArtifactKind.LOADED, scope=SYSTEM, name="backup.timer", properties=(("Unit", "backup.service"),))
PROCESS = "b 1700000000\np 31 1 0 0\ng /system.slice/%s\ne /bin/a\nc a\n"
STARTED = {
    "__REALTIME_TIMESTAMP": "1700000001000000",
    "MESSAGE_ID": "39f53479d3a045ac8e11786248231fbf",
    "MESSAGE": "Started /bin/true.",
}
RECORD = json.dumps({**STARTED, "UNIT": "run-u1.service", "_PID": "1"})
AUDITED = "type=SERVICE_START msg=audit(1700000000.000:1): pid=1 msg='unit=run-u0 comm=\"systemd\"'"
RULE = "file -w /etc/systemd/system -p wa"


def read(*given: Frame, only_given: bool = False, files: Sequence[Artifact] = ()) -> RuntimeEvidence:
    frames = {} if only_given else {section: frame(section) for section in SECTIONS}
    frames |= {one.section: one for one in given}
    return read_runtime(by_section(frames), PEOPLE, [TIMER, *files])


def test_a_host_of_which_nothing_is_to_be_told_has_no_gap() -> None:
    assert read(frame("audit-log", "absent")) == RuntimeEvidence()


def test_processes_traces_and_rules_are_told() -> None:
    found = read(
        frame("processes", PROCESS % "backup.service"),
        frame("journal", RECORD),
        frame("audit-log", AUDITED),
        frame("audit-rules", RULE),
    )
    assert [process.unit for process in found.processes] == ["backup.service"]
    assert [trace.unit for trace in found.traces] == ["run-u0.service", "run-u1.service"]
    assert [rule.name for rule in found.artifacts] == ["-w /etc/systemd/system -p wa"]
    assert found.gaps == ()


def test_a_process_of_a_service_that_no_timer_starts_is_left_out() -> None:
    assert read(frame("processes", PROCESS % "nginx.service")).processes == ()


@pytest.mark.parametrize(
    ("scope", "path", "is_transient"),
    [
        (user_scope("ann"), "/home/ann/.config/systemd/user/sync@.timer", False),
        (user_scope("ann"), "/home/ann/.config/systemd/user/sync@a.timer", False),
        (GLOBAL_USER, "/etc/systemd/user/sync@.timer", False),
        (user_scope("ann"), "/run/user/1000/systemd/transient/sync@a.timer", True),
        (user_scope("ann"), "/home/ann/.config/systemd/user/timers.target.wants/sync@a.timer", True),
        (user_scope("bob"), "/home/bob/.config/systemd/user/sync@a.timer", True),
        (SYSTEM, "/etc/systemd/system/sync@a.timer", True),
    ],
)
def test_a_unit_of_a_user_that_has_a_file_is_no_transient_one(scope: Scope, path: str, is_transient: bool) -> None:
    record = json.dumps({**STARTED, "USER_UNIT": "sync@a.timer", "_PID": "7", "_UID": "1000"})
    file = Artifact(kind=ArtifactKind.FILE, scope=scope, name=path)
    assert len(read(frame("journal", record), files=[file]).traces) == is_transient


@pytest.mark.parametrize(
    ("section", "area"),
    [("processes", Area.PROCESSES), ("journal", Area.JOURNAL), ("audit-log", Area.AUDIT), ("audit-rules", Area.AUDIT)],
)
@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("denied", ReadStatus.DENIED),
        ("missing", ReadStatus.MISSING_TOOL),
        ("truncated", ReadStatus.TRUNCATED),
        ("timeout", ReadStatus.TIMED_OUT),
        ("failed-1", ReadStatus.FAILED),
    ],
)
def test_a_section_that_ended_badly_is_a_gap(section: str, area: Area, status: str, told: ReadStatus) -> None:
    (gap,) = read(frame(section, status=status)).gaps
    assert (gap.area, gap.status, gap.scope, gap.path) == (area, told, None, None)
    assert gap.reason


def test_what_came_of_a_section_that_ended_badly_is_evidence() -> None:
    found = read(frame("journal", RECORD, status="denied"))
    assert len(found.traces) == 1
    assert [gap.status for gap in found.gaps] == [ReadStatus.DENIED]


def test_sections_that_never_arrived_are_gaps_of_areas_that_only_add_evidence() -> None:
    gaps = read(only_given=True).gaps
    assert [gap.area for gap in gaps] == [Area.PROCESSES, Area.JOURNAL, Area.AUDIT, Area.AUDIT]
    assert {gap.area for gap in gaps} <= SUPPLEMENTARY


def test_a_section_that_cannot_be_understood_is_a_gap() -> None:
    assert read(frame("processes", "?")).gaps == (
        Gap(
            Area.PROCESSES,
            None,
            ReadStatus.FAILED,
            None,
            "section processes cannot be understood: line 1: unknown line '?'",
        ),
    )


@pytest.mark.parametrize(("section", "area"), [("journal", Area.JOURNAL), ("audit-log", Area.AUDIT)])
def test_records_that_cannot_be_understood_are_counted_in_a_gap(section: str, area: Area) -> None:
    (gap,) = read(frame(section, "{\n{\n")).gaps
    assert (gap.area, gap.reason) == (area, "2 records of the log cannot be understood")
