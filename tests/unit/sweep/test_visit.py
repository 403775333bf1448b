"""Every end of a visit is an outcome: a snapshot with its gaps, or a failure with its reason."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from fleetscan.errors import StoreError, VisitError
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.host import Host
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome, Outcome, outcome_of
from fleetscan.model.snapshot import ArtifactKind, HostSnapshot
from fleetscan.probe.script import ProbeScript, load_probe, remote_command
from fleetscan.probe.wire import Frame
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.reach import Reach
from fleetscan.sweep.visit import VisitOptions, Visitor
from fleetscan.systemd.programs import MAX_PER_UNIT
from tests.fakes import FakeHost, FakeStreams, FakeTransport, Program, reply
from tests.unit.probe.frames import ETC, Entry, encode, frame
from tests.unit.sweep.probed_host import FILES, NOW, SERVICE, TIMER, Lines, ProbedHost, host_named

HOST = host_named()
SCRIPT = ProbeScript(b"# a probe\n", Sha256("ab" * 32))


WantedContents = Callable[[Iterable[Sha256]], frozenset[Sha256]]


def everything(hashes: Iterable[Sha256]) -> frozenset[Sha256]:
    return frozenset(hashes)


def visitor(
    transport: FakeTransport,
    script: ProbeScript,
    wanted: WantedContents = everything,
    options: VisitOptions | None = None,
) -> Visitor:
    known = KnownContents(wanted, lambda _hashes: {})
    return Visitor(transport, script, known, lambda: NOW, options or VisitOptions())


async def visit(
    given: Program | FakeHost,
    *,
    host: Host = HOST,
    wanted: WantedContents = everything,
    options: VisitOptions | None = None,
) -> HostOutcome:
    script = given if isinstance(given, FakeHost) else FakeHost(given)
    transport = FakeTransport({host.name: script})
    outcome = await Visitor(
        transport, SCRIPT, KnownContents(wanted, lambda _hashes: {}), lambda: NOW, options or VisitOptions()
    ).visit(host)
    assert transport.open_sessions == 0
    return outcome


async def snapshot(given: Program, *, wanted: WantedContents = everything) -> HostSnapshot:
    outcome = await visit(given, wanted=wanted)
    assert isinstance(outcome, HostSnapshot), outcome
    return outcome


async def failure(given: Program | FakeHost, *, host: Host = HOST, options: VisitOptions | None = None) -> HostFailure:
    outcome = await visit(given, host=host, options=options)
    assert isinstance(outcome, HostFailure), outcome
    assert outcome.started_at == NOW
    return outcome


async def test_a_host_that_answers_everything_is_complete() -> None:
    found = await snapshot(ProbedHost())
    assert outcome_of(found) is Outcome.COMPLETE
    assert (found.host, found.taken_at, found.host_key) == ("web-01", NOW, FakeHost().host_key)
    assert found.contents == {digest_bytes(data): data for data in FILES.values()}
    assert found.runtime.host_cpu_s == pytest.approx(0.33)
    assert found.runtime.bytes_received > 0


async def test_a_gap_makes_a_visit_partial() -> None:
    found = await snapshot(ProbedHost(changed={"timers_text": None, "timers_json": None}))
    assert outcome_of(found) is Outcome.PARTIAL
    assert found.coverage.hides(Area.TIMERS, found.artifacts[0].scope)


# /usr, /usr/bin and /usr/bin/backup, which the service runs
LOOK = b"stat - 3"
# of the unit files, which the probe knows by itself
OWNERS = b"packages 0"


async def test_only_contents_that_are_wanted_cross_the_wire() -> None:
    host = ProbedHost()
    found = await snapshot(host, wanted=lambda hashes: frozenset(hashes) - {digest_bytes(TIMER)})
    assert host.requests == [b"fetch 2", LOOK, OWNERS, b"done"]
    assert found.contents == {digest_bytes(SERVICE): SERVICE}
    assert outcome_of(found) is Outcome.COMPLETE


async def test_nothing_is_fetched_when_all_is_known() -> None:
    host = ProbedHost()
    found = await snapshot(host, wanted=lambda _: frozenset())
    assert (host.requests, found.contents, outcome_of(found)) == ([OWNERS, b"done"], {}, Outcome.COMPLETE)


async def test_a_file_that_changes_while_it_is_read_is_a_gap_and_the_others_are_kept() -> None:
    host = ProbedHost(read={f"{ETC}/backup.timer": b"[Timer]\nOnCalendar=hourly and longer\n"})
    found = await snapshot(host)
    assert host.requests == [b"fetch 1 2", b"fetch 1", b"fetch 2", LOOK, OWNERS, b"done"]
    assert found.contents == {digest_bytes(SERVICE): SERVICE}
    (gap,) = found.coverage.gaps
    assert (gap.area, gap.status, gap.path) == (Area.CONTENT, ReadStatus.CHANGED, f"/{ETC}/backup.timer")
    assert outcome_of(found) is Outcome.PARTIAL


async def test_an_answer_to_another_question_is_not_believed() -> None:
    class Confused(ProbedHost):
        def _answer(self, request: bytes) -> Frame:
            return frame("content", super()._answer(request).payload, scope="7")

    found = await snapshot(Confused())
    assert found.contents == {}
    assert {gap.status for gap in found.coverage.gaps} == {ReadStatus.CHANGED}


async def test_what_a_login_shell_prints_is_skipped() -> None:
    found = await snapshot(ProbedHost(before=b"Welcome!\n\x1b]0;title\x07no line end"))
    assert outcome_of(found) is Outcome.COMPLETE


async def test_a_visit_whose_probe_does_not_tell_its_cost_is_complete() -> None:
    found = await snapshot(ProbedHost(after=b""))
    assert found.runtime.host_cpu_s is None
    assert outcome_of(found) is Outcome.COMPLETE


@pytest.mark.parametrize("sudo", [False, True])
async def test_the_probe_is_started_with_the_rights_that_the_inventory_asks_for(sudo: bool) -> None:
    host = ProbedHost()
    await visit(host, host=host_named(sudo=sudo))
    assert host.commands == [remote_command(sudo=sudo)]
    assert host.headers[0].endswith(b" sudo=%d seconds=36" % sudo)


async def test_each_visit_has_a_sentinel_of_its_own() -> None:
    host = ProbedHost()
    await snapshot(host)
    await snapshot(host)
    assert len({header.split(b" ")[2] for header in host.headers}) == 2


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (reply(b"This account is currently not available.\n", status=1), "currently not available"),
        (reply(b"git-shell> ", status=128), "git-shell>"),
        (reply(stderr=b"sh: not found\n", status=127), "sh: not found"),
        (reply(b"line one\nline two\n", status=0), "line one | line two"),
    ],
)
async def test_an_account_without_a_shell_is_a_protocol_error_with_what_the_host_said(
    program: Program, said: str
) -> None:
    found = await failure(_not_listening(program))
    assert found.kind is FailureKind.PROTOCOL_ERROR
    assert "exit status" in found.reason
    assert said in found.evidence[0]
    assert "nologin" in found.hint


async def test_a_silent_end_has_no_evidence() -> None:
    assert (await failure(_not_listening(reply(status=1)))).evidence == ()


async def test_what_the_host_said_is_bounded() -> None:
    found = await failure(_not_listening(reply(b"x" * 100_000, stderr=b"\xff" * 4096, status=1)))
    assert len(found.evidence[0]) < 1500


async def test_a_connection_that_is_lost_before_the_probe_ended_is_a_protocol_error() -> None:
    async def lost(_command: str, streams: FakeStreams) -> int | None:
        sentinel = (await Lines(streams.stdin).line()).split(b" ")[2].decode()
        await streams.stdout.write(encode(frame("facts", "booted=1"), sentinel) + b"@" + sentinel.encode()[:10])
        return None

    found = await failure(lost)
    assert (found.kind, found.reason) == (
        FailureKind.PROTOCOL_ERROR,
        "the connection was lost before the probe ended",
    )


async def test_a_connection_that_is_lost_while_contents_are_fetched_leaves_what_was_listed() -> None:
    class Dying(ProbedHost):
        def _answer(self, request: bytes) -> Frame:
            raise ConnectionResetError(request)

    async def dying(command: str, streams: FakeStreams) -> int | None:
        try:
            return await Dying()(command, streams)
        except ConnectionResetError:
            return None

    found = await snapshot(dying)
    assert {artifact.name for artifact in found.artifacts} >= {f"/{path}" for path in FILES}
    assert outcome_of(found) is Outcome.PARTIAL
    assert {(gap.area, gap.path) for gap in found.coverage.gaps} == {
        (Area.PROGRAMS, None),
        *((Area.CONTENT, f"/{path}") for path in FILES),
    }


async def test_a_host_that_is_late_with_contents_keeps_what_was_listed() -> None:
    class Slow(ProbedHost):
        def _answer_paths(self, verb: str, reader: str, asked: list[str], sentinel: str) -> tuple[Frame, ...]:
            del verb, reader, asked, sentinel
            return ()

    outcome = await visit(Slow(), options=VisitOptions(timeout_s=2))
    assert isinstance(outcome, HostSnapshot)
    (gap,) = outcome.coverage.gaps
    assert (gap.area, gap.status) == (Area.PROGRAMS, ReadStatus.TIMED_OUT)
    assert outcome.contents.keys() == {digest_bytes(TIMER), digest_bytes(SERVICE)}


async def test_contents_that_were_not_fetched_in_time_are_late_and_not_changed() -> None:
    class Mute(ProbedHost):
        def _answer(self, request: bytes) -> Frame:
            del request
            return frame("other")

    outcome = await visit(Mute(), options=VisitOptions(timeout_s=1))
    assert isinstance(outcome, HostSnapshot)
    assert {(gap.area, gap.status) for gap in outcome.coverage.gaps} == {
        (Area.PROGRAMS, ReadStatus.TIMED_OUT),
        (Area.CONTENT, ReadStatus.TIMED_OUT),
    }


async def test_a_scanner_that_computes_beyond_the_timeout_keeps_what_was_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both limits are over when it looks up again; only the inner one may count."""

    async def compute(_reach: Reach) -> None:
        await asyncio.sleep(0)
        began = time.monotonic()
        while time.monotonic() < began + 0.5:
            pass
        await asyncio.Event().wait()

    monkeypatch.setattr(Reach, "explore", compute)
    outcome = await visit(ProbedHost(), options=VisitOptions(timeout_s=0.4))
    assert isinstance(outcome, HostSnapshot)
    assert (Area.PROGRAMS, ReadStatus.TIMED_OUT) in {(gap.area, gap.status) for gap in outcome.coverage.gaps}


async def test_a_host_that_never_answers_ends_with_the_timeout() -> None:
    async def silent(_command: str, _streams: FakeStreams) -> int | None:
        await asyncio.Event().wait()
        return 0

    found = await failure(silent, options=VisitOptions(timeout_s=0.02))
    assert (found.kind, found.reason) == (FailureKind.TIMEOUT, "no complete answer within 0.02 s")
    assert "visit_timeout" in found.hint


async def test_a_hosts_own_timeout_counts_before_that_of_the_sweep() -> None:
    found = await failure(FakeHost(hangs=True), host=host_named(visit_timeout_s=0.01))
    assert found.reason == "no complete answer within 0.01 s"


@pytest.mark.parametrize(
    ("junk", "options", "reason"),
    [
        (b"y\n" * 500_000, VisitOptions(), "without end"),
        (b"y\n" * 500, VisitOptions(max_output_bytes=500), "more than 500 bytes"),
    ],
)
async def test_a_flood_is_a_protocol_error(junk: bytes, options: VisitOptions, reason: str) -> None:
    found = await failure(_not_listening(reply(junk)), options=options)
    assert found.kind is FailureKind.PROTOCOL_ERROR
    assert reason in found.reason


async def test_a_flood_after_the_last_frame_is_a_protocol_error() -> None:
    assert (await failure(ProbedHost(after=b"y\n" * 500_000))).kind is FailureKind.PROTOCOL_ERROR


async def test_a_frame_that_cannot_be_read_is_a_protocol_error() -> None:
    async def garbled(_command: str, streams: FakeStreams) -> int | None:
        sentinel = (await Lines(streams.stdin).line()).split(b" ")[2]
        await streams.stdout.write(b"@" + sentinel + b" what is this\n")
        return 0

    found = await failure(garbled)
    assert (found.kind, found.reason) == (FailureKind.PROTOCOL_ERROR, "a frame header cannot be read")


async def test_a_host_without_systemd_is_told() -> None:
    host = ProbedHost(changed={"facts": frame("facts", "init=runit\nbooted=0")})
    assert (await failure(host)).kind is FailureKind.NO_SYSTEMD


async def test_a_failure_of_the_transport_keeps_its_kind_evidence_and_hint() -> None:
    error = VisitError(FailureKind.HOST_KEY_CHANGED, "changed", evidence=("old", "new"), hint="look")
    found = await failure(FakeHost(failure=error))
    assert (found.kind, found.reason, found.evidence, found.hint) == (error.kind, "changed", ("old", "new"), "look")


async def test_an_error_of_the_store_is_no_failure_of_the_host() -> None:
    def broken(_hashes: Iterable[Sha256]) -> frozenset[Sha256]:
        raise StoreError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        await visit(ProbedHost(), wanted=broken)


async def test_the_published_probe_fits_in_the_first_write() -> None:
    host = ProbedHost()
    transport = FakeTransport({HOST.name: FakeHost(host)})
    found = await visitor(transport, load_probe()).visit(HOST)
    assert isinstance(found, HostSnapshot)


def _not_listening(program: Program) -> Program:
    """Answer without waiting for the end of input, as a program does that reads none."""

    async def deaf(command: str, streams: FakeStreams) -> int | None:
        await streams.stdin.end()
        return await program(command, streams)

    return deaf


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
