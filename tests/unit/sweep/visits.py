"""Visits to scripted hosts."""

from collections.abc import Callable, Iterable

from fleetscan.model.host import Host
from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import HostOutcome
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.probe.script import ProbeScript
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.visit import VisitOptions, Visitor
from tests.fakes import FakeHost, FakeTransport, Program
from tests.unit.sweep.probed_host import NOW, host_named

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
