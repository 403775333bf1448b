"""Every end of a visit is an outcome: a snapshot with its gaps, or a failure with its reason."""

import asyncio
from collections.abc import Iterable

import pytest

from fleetscan.errors import StoreError, VisitError
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.host import Host
from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome, Outcome, outcome_of
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.probe.script import ProbeScript, load_probe, remote_command
from fleetscan.probe.wire import Frame
from fleetscan.sweep.visit import VisitOptions, Visitor, WantedContents
from tests.fakes import FakeHost, FakeStreams, FakeTransport, Program, reply
from tests.unit.probe.frames import ETC, encode, frame
from tests.unit.sweep.probed_host import FILES, NOW, SERVICE, TIMER, Lines, ProbedHost, host_named

HOST = host_named()
SCRIPT = ProbeScript(b"# a probe\n", Sha256("ab" * 32))


def everything(hashes: Iterable[Sha256]) -> frozenset[Sha256]:
    return frozenset(hashes)


async def visit(
    given: Program | FakeHost,
    *,
    host: Host = HOST,
    wanted: WantedContents = everything,
    options: VisitOptions | None = None,
) -> HostOutcome:
    script = given if isinstance(given, FakeHost) else FakeHost(given)
    transport = FakeTransport({host.name: script})
    outcome = await Visitor(transport, SCRIPT, wanted, lambda: NOW, options or VisitOptions()).visit(host)
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


async def test_only_contents_that_are_wanted_cross_the_wire() -> None:
    host = ProbedHost()
    found = await snapshot(host, wanted=lambda hashes: frozenset(hashes) - {digest_bytes(TIMER)})
    assert host.requests == [b"fetch 2", b"done"]
    assert found.contents == {digest_bytes(SERVICE): SERVICE}
    assert outcome_of(found) is Outcome.COMPLETE


async def test_nothing_is_fetched_when_all_is_known() -> None:
    host = ProbedHost()
    found = await snapshot(host, wanted=lambda _: frozenset())
    assert (host.requests, found.contents, outcome_of(found)) == ([b"done"], {}, Outcome.COMPLETE)


async def test_a_file_that_changes_while_it_is_read_is_a_gap_and_the_others_are_kept() -> None:
    host = ProbedHost(read={f"{ETC}/backup.timer": b"[Timer]\nOnCalendar=hourly and longer\n"})
    found = await snapshot(host)
    assert host.requests == [b"fetch 1 2", b"fetch 1", b"fetch 2", b"done"]
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
    assert host.headers[0].endswith(b" sudo=%d" % sudo)


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


async def test_a_connection_that_is_lost_while_contents_are_fetched_is_a_protocol_error() -> None:
    class Dying(ProbedHost):
        def _answer(self, request: bytes) -> Frame:
            raise ConnectionResetError(request)

    async def dying(command: str, streams: FakeStreams) -> int | None:
        try:
            return await Dying()(command, streams)
        except ConnectionResetError:
            return None

    assert (await failure(dying)).kind is FailureKind.PROTOCOL_ERROR


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
    found = await Visitor(transport, load_probe(), everything, lambda: NOW, VisitOptions()).visit(HOST)
    assert isinstance(found, HostSnapshot)


def _not_listening(program: Program) -> Program:
    """Answer without waiting for the end of input, as a program does that reads none."""

    async def deaf(command: str, streams: FakeStreams) -> int | None:
        await streams.stdin.end()
        return await program(command, streams)

    return deaf
