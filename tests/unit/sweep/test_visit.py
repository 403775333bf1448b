"""Every end of a visit is an outcome: a snapshot with its gaps, or a failure with its reason."""

import asyncio
import time
from collections.abc import Iterable

import pytest

from fleetscan.errors import StoreError, VisitError
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.host import Host
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.outcome import FailureKind, HostFailure, Outcome, outcome_of
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.probe.script import load_probe, remote_command
from fleetscan.probe.wire import Frame
from fleetscan.sweep.reach import Reach
from fleetscan.sweep.visit import VisitOptions
from tests.fakes import FakeHost, FakeStreams, FakeTransport, Program, reply
from tests.unit.probe.frames import ETC, encode, frame
from tests.unit.sweep.probed_host import FILES, NOW, SERVICE, TIMER, Lines, ProbedHost, host_named
from tests.unit.sweep.visits import HOST, snapshot, visit, visitor


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
    assert found.coverage.hides(Area.TIMERS, SYSTEM)


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
