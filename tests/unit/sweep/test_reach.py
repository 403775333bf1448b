"""What jobs run is followed, hashed and read, and what cannot be looked at is a gap."""

from dataclasses import replace

import pytest

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM
from fleetscan.model.outcome import Outcome, outcome_of
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.probe.wire import Frame
from fleetscan.systemd.programs import MAX_PER_UNIT
from tests.unit.probe.frames import ETC, Entry, frame
from tests.unit.sweep.probed_host import FILES, TIMER, ProbedHost
from tests.unit.sweep.visits import snapshot

SCRIPT_TEXT = b"#!/bin/sh\necho backup\n"
DISK = {
    entry.path: entry
    for entry in (
        Entry(path="usr", type="d", mode="755"),
        Entry(path="usr/bin", type="d", mode="775", gid=50),
        Entry(path="usr/bin/backup", type="l", target="/opt/app/run"),
        Entry(path="opt", type="d", mode="755"),
        Entry(path="opt/app", type="d", mode="755", uid=1000, gid=1000),
        Entry(path="opt/app/run", data=SCRIPT_TEXT, mode="755"),
    )
}


async def test_what_a_job_runs_is_followed_hashed_and_read() -> None:
    host = ProbedHost(disk=DISK)
    found = await snapshot(host)
    (program,) = [artifact for artifact in found.artifacts if artifact.kind is ArtifactKind.PROGRAM]
    assert (program.name, program.target, program.sha256) == (
        "/usr/bin/backup",
        "/opt/app/run",
        digest_bytes(SCRIPT_TEXT),
    )
    assert program.property("links") == "/usr/bin/backup → /opt/app/run"
    assert program.property("exposed").split("\n") == ["/usr/bin root:50 0775", "/opt/app ann:ann 0755"]
    assert found.contents[digest_bytes(SCRIPT_TEXT)] == SCRIPT_TEXT
    assert outcome_of(found) is Outcome.COMPLETE


async def test_what_a_unit_names_beyond_the_limit_is_a_gap() -> None:
    lines = "".join(f"ExecStartPre=/opt/{number}\n" for number in range(MAX_PER_UNIT + 1))
    service = f"[Service]\n{lines}ExecStart=/usr/bin/backup\n".encode()
    found = await snapshot(ProbedHost(files={f"{ETC}/backup.timer": TIMER, f"{ETC}/backup.service": service}))
    (gap,) = found.coverage.gaps
    assert (gap.area, gap.status, gap.path) == (Area.PROGRAMS, ReadStatus.TRUNCATED, f"/{ETC}/backup.service")
    assert outcome_of(found) is Outcome.PARTIAL


async def test_a_binary_is_hashed_and_its_bytes_stay_on_the_host() -> None:
    binary = replace(DISK["opt/app/run"], data=b"\x7fELF and more")
    found = await snapshot(ProbedHost(disk={**DISK, binary.path: binary}))
    (program,) = [artifact for artifact in found.artifacts if artifact.kind is ArtifactKind.PROGRAM]
    assert program.sha256 == digest_bytes(binary.data)
    assert program.sha256 not in found.contents


async def test_a_program_that_is_not_there_is_absent_and_no_gap() -> None:
    found = await snapshot(ProbedHost())
    (program,) = [artifact for artifact in found.artifacts if artifact.kind is ArtifactKind.PROGRAM]
    assert (program.name, program.properties) == ("/usr/bin/backup", (("state", "absent"),))
    assert outcome_of(found) is Outcome.COMPLETE


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        (Entry(path="opt", type="!", mode="700"), ReadStatus.DENIED),
        (Entry(path="opt", type="~", target="autofs"), ReadStatus.NOT_TRIGGERED),
        (replace(DISK["opt/app/run"], hashed=False), ReadStatus.DENIED),
    ],
)
async def test_a_program_that_cannot_be_looked_at_is_a_gap(changed: Entry, status: ReadStatus) -> None:
    found = await snapshot(ProbedHost(disk={**DISK, changed.path: changed}))
    (gap,) = found.coverage.gaps
    assert (gap.area, gap.status, gap.path) == (Area.PROGRAMS, status, "/usr/bin/backup")
    assert outcome_of(found) is Outcome.PARTIAL


async def test_a_unit_that_is_linked_from_elsewhere_is_read() -> None:
    text = b"[Service]\nExecStart=/opt/app/run\n"
    linked = Entry(path=f"{ETC}/evil.service", type="l", target="/opt/app/evil.service")
    disk = {**DISK, "opt/app/evil.service": Entry(path="opt/app/evil.service", data=text)}
    host = ProbedHost(links=(linked,), disk=disk)
    found = await snapshot(host)
    assert found.contents[digest_bytes(text)] == text
    assert "/opt/app/evil.service" in {a.name for a in found.artifacts if a.kind is ArtifactKind.FILE}
    assert outcome_of(found) is Outcome.COMPLETE
    assert {a.name for a in found.artifacts if a.kind is ArtifactKind.PROGRAM} == {"/usr/bin/backup", "/opt/app/run"}


async def test_a_link_that_dangles_is_no_gap() -> None:
    linked = Entry(path=f"{ETC}/gone.service", type="l", target="/opt/app/gone.service")
    assert outcome_of(await snapshot(ProbedHost(links=(linked,), disk=DISK))) is Outcome.COMPLETE


async def test_a_folder_of_drop_ins_that_is_linked_from_elsewhere_is_read() -> None:
    text = b"[Service]\nExecStartPost=/opt/app/run\n"
    linked = Entry(path=f"{ETC}/backup.service.d", type="l", target="/opt/app/conf")
    disk = {
        **DISK,
        "opt/app/conf": Entry(path="opt/app/conf", type="d"),
        "opt/app/conf/a.conf": Entry(path="opt/app/conf/a.conf", data=text),
        "opt/app/conf/readme": Entry(path="opt/app/conf/readme", data=b"no drop-in"),
    }
    found = await snapshot(ProbedHost(links=(linked,), disk=disk))
    assert found.contents[digest_bytes(text)] == text
    assert outcome_of(found) is Outcome.COMPLETE
    assert {a.name for a in found.artifacts if a.kind is ArtifactKind.PROGRAM} == {"/usr/bin/backup", "/opt/app/run"}


async def test_a_linked_folder_with_a_drop_in_that_cannot_be_read_is_a_gap() -> None:
    linked = Entry(path=f"{ETC}/backup.service.d", type="l", target="/opt/app")
    closed = Entry(path="opt/app/a.conf", data=b"x", hashed=False)
    found = await snapshot(ProbedHost(links=(linked,), disk={**DISK, closed.path: closed}))
    assert ("/opt/app/a.conf", ReadStatus.DENIED) in {(gap.path, gap.status) for gap in found.coverage.gaps}


async def test_environment_files_that_a_pattern_names_are_found() -> None:
    service = b"[Service]\nEnvironmentFile=-/opt/app/*.env\nExecStart=/opt/app/run\n"
    disk = {**DISK, "opt/app/a.env": Entry(path="opt/app/a.env", data=b"A=1\n")}
    host = ProbedHost(files={**FILES, f"{ETC}/backup.service": service}, disk=disk)
    found = await snapshot(host)
    assert [a.name for a in found.artifacts if a.kind is ArtifactKind.ENVIRONMENT] == ["/opt/app/a.env"]
    assert outcome_of(found) is Outcome.COMPLETE


async def test_a_pattern_is_a_gap_where_its_folder_cannot_be_listed_and_none_where_there_is_no_folder() -> None:
    service = b"[Service]\nEnvironmentFile=-/opt/app/*.env\nEnvironmentFile=-/opt/none/*.env\nExecStart=/opt/app/run\n"
    closed = {**DISK, "opt/app": Entry(path="opt/app", type="!", mode="700")}
    found = await snapshot(ProbedHost(files={**FILES, f"{ETC}/backup.service": service}, disk=closed))
    gaps = [gap for gap in found.coverage.gaps if gap.reason.startswith("EnvironmentFile")]
    assert [(gap.area, gap.path) for gap in gaps] == [(Area.PROGRAMS, "/opt/app/*.env")]


async def test_what_system_and_user_link_to_is_read_as_the_system_has_it() -> None:
    text = b"[Service]\nExecStart=/opt/app/run\n"
    links = tuple(
        Entry(path=f"{folder}/x.service", type="l", target="/opt/app/x.service")
        for folder in (ETC, "home/ann/.config/systemd/user")
    )
    disk = {**DISK, "opt/app/x.service": Entry(path="opt/app/x.service", data=text)}
    found = await snapshot(ProbedHost(links=links, disk=disk))
    assert [a.scope for a in found.artifacts if a.name == "/opt/app/x.service"] == [SYSTEM]
    assert found.contents[digest_bytes(text)] == text


async def test_variables_are_told_of_every_path_that_leads_to_an_environment_file() -> None:
    class Telling(ProbedHost):
        def _answer_paths(self, verb: str, reader: str, asked: list[str], sentinel: str) -> tuple[Frame, ...]:
            if verb != "variables":
                return super()._answer_paths(verb, reader, asked, sentinel)
            return (frame("variables", f"{sentinel[:6]} opt/app/env//\n:A\n", scope=reader),)

    service = b"[Service]\nEnvironmentFile=/opt/app/env\nEnvironmentFile=/opt/env\nExecStart=/opt/app/run\n"
    disk = {
        **DISK,
        "opt/app/env": Entry(path="opt/app/env", data=b"A=1\n"),
        "opt/env": Entry(path="opt/env", type="l", target="app/env"),
    }
    found = await snapshot(Telling(files={**FILES, f"{ETC}/backup.service": service}, disk=disk))
    told = {a.name: a.property("variables") for a in found.artifacts if a.kind is ArtifactKind.ENVIRONMENT}
    assert told == {"/opt/app/env": "A", "/opt/env": "A"}


async def test_what_an_account_may_lead_elsewhere_is_read_with_that_accounts_rights() -> None:
    host = ProbedHost(disk=DISK)
    await snapshot(host)
    asked = [request.split()[:2] for request in host.requests if request.startswith((b"stat", b"hash", b"fetch"))]
    # /opt/app belongs to ann (1000): root follows the way, and only she looks at what lies behind
    assert [b"hash", b"1000"] in asked
    assert [b"hash", b"-"] not in asked


async def test_what_belongs_to_root_all_the_way_is_read_by_root() -> None:
    disk = {**DISK, "opt/app": replace(DISK["opt/app"], uid=0, gid=0)}
    host = ProbedHost(disk=disk)
    await snapshot(host)
    assert [request.split()[1] for request in host.requests if request.startswith(b"hash")] == [b"-"]


async def test_a_linked_folder_that_an_account_may_lead_elsewhere_is_listed_with_that_accounts_rights() -> None:
    linked = Entry(path=f"{ETC}/backup.service.d", type="l", target="/opt/app/conf")
    host = ProbedHost(links=(linked,), disk={**DISK, "opt/app/conf": Entry(path="opt/app/conf", type="d")})
    await snapshot(host)
    assert [request.split()[1] for request in host.requests if request.startswith(b"list")] == [b"1000"]


async def test_a_folder_of_environment_files_of_an_account_is_listed_with_that_accounts_rights() -> None:
    service = b"[Service]\nEnvironmentFile=-/opt/app/*.env\nExecStart=/usr/bin/backup\n"
    host = ProbedHost(files={**FILES, f"{ETC}/backup.service": service}, disk=DISK)
    await snapshot(host)
    assert [request.split()[1] for request in host.requests if request.startswith(b"list")] == [b"1000"]
