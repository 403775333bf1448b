"""Many visits at once stay within bounds, and every host has exactly one outcome."""

import asyncio
from collections import Counter

import pytest

from fleetscan.model.host import Host
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome
from fleetscan.probe.script import ProbeScript
from fleetscan.sweep.shard import ShardOptions, run_shard
from fleetscan.sweep.visit import VisitOptions, Visitor
from tests.fakes import FakeHost, FakeStreams, FakeTransport
from tests.unit.sweep.probed_host import NOTHING_NEW, NOW, ProbedHost, host_named

SCRIPT = ProbeScript(b"# a probe\n", Sha256("ab" * 32))


class Gate:
    """A program of hosts that answer only when they are let go; counts who waits."""

    def __init__(self, expected: int) -> None:
        self.waiting: Counter[str] = Counter()
        self.most = 0
        self.full = asyncio.Event()
        self.open = asyncio.Event()
        self._expected = expected

    def host(self, domain: str = "") -> FakeHost:
        async def program(_command: str, streams: FakeStreams) -> int | None:
            self.waiting[domain] += 1
            self.most = max(self.most, self.waiting[domain])
            if self.waiting.total() == self._expected:
                self.full.set()
            await self.open.wait()
            self.waiting[domain] -= 1
            await streams.stdin.end()
            return 1

        return FakeHost(program)


def visitor(transport: FakeTransport) -> Visitor:
    return Visitor(transport, SCRIPT, NOTHING_NEW, lambda: NOW, VisitOptions())


def fleet(count: int, *, domain: str = "", prefix: str = "web") -> list[Host]:
    return [host_named(f"{prefix}-{number:03}", domain=domain) for number in range(count)]


async def test_every_host_has_exactly_one_outcome() -> None:
    hosts = fleet(40)
    answering = {host.name: FakeHost(ProbedHost()) for host in hosts[::2]}
    outcomes: list[HostOutcome] = []
    await run_shard(hosts, visitor(FakeTransport(answering)), outcomes.append, ShardOptions(concurrency=7))
    assert Counter(outcome.host for outcome in outcomes) == Counter(host.name for host in hosts)
    failed = {outcome.host for outcome in outcomes if isinstance(outcome, HostFailure)}
    assert failed == {host.name for host in hosts[1::2]}


async def test_no_more_sessions_are_open_than_allowed() -> None:
    hosts, gate = fleet(20), Gate(expected=4)
    transport = FakeTransport({host.name: gate.host() for host in hosts})
    outcomes: list[HostOutcome] = []
    sweep = asyncio.create_task(run_shard(hosts, visitor(transport), outcomes.append, ShardOptions(concurrency=4)))
    await gate.full.wait()
    assert (transport.open_sessions, outcomes) == (4, [])
    gate.open.set()
    await sweep
    assert (transport.most_open_sessions, len(outcomes)) == (4, 20)


async def test_hosts_of_one_failure_domain_are_visited_few_at_a_time() -> None:
    rack, others, gate = fleet(10, domain="rack-1"), fleet(10, prefix="db"), Gate(expected=12)
    transport = FakeTransport(
        {host.name: gate.host(host.failure_domain) for host in [*rack, *others]},
    )
    outcomes: list[HostOutcome] = []
    options = ShardOptions(concurrency=20, per_failure_domain=2)
    sweep = asyncio.create_task(run_shard([*rack, *others], visitor(transport), outcomes.append, options))
    await gate.full.wait()
    assert gate.waiting == {"rack-1": 2, "": 10}
    gate.open.set()
    await sweep
    assert len(outcomes) == 20


async def test_domains_do_not_wait_for_each_other() -> None:
    hosts, gate = [*fleet(3, domain="a"), *fleet(3, domain="b", prefix="db")], Gate(expected=2)
    transport = FakeTransport({host.name: gate.host(host.failure_domain) for host in hosts})
    options = ShardOptions(concurrency=6, per_failure_domain=1)
    sweep = asyncio.create_task(run_shard(hosts, visitor(transport), lambda _: None, options))
    await gate.full.wait()
    assert gate.waiting == {"a": 1, "b": 1}
    gate.open.set()
    await sweep


async def test_an_outcome_is_handed_on_while_others_are_still_visited() -> None:
    hosts, gate, first = fleet(2), Gate(expected=1), asyncio.Event()
    transport = FakeTransport({hosts[0].name: gate.host()})
    outcomes: list[HostName] = []

    def sink(outcome: HostOutcome) -> None:
        outcomes.append(outcome.host)
        first.set()

    sweep = asyncio.create_task(run_shard(hosts, visitor(transport), sink, ShardOptions()))
    await first.wait()
    assert outcomes == [hosts[1].name]
    gate.open.set()
    await sweep


async def test_cancelling_keeps_what_was_handed_on_and_gives_no_outcome_to_the_rest() -> None:
    hosts, gate = fleet(6), Gate(expected=2)
    transport = FakeTransport({host.name: gate.host() for host in hosts[2:]})
    outcomes: list[HostOutcome] = []
    sweep = asyncio.create_task(run_shard(hosts, visitor(transport), outcomes.append, ShardOptions(concurrency=2)))
    await gate.full.wait()
    sweep.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweep
    assert [outcome.host for outcome in outcomes] == [hosts[0].name, hosts[1].name]
    assert transport.open_sessions == 0
    assert transport.connected == [host.name for host in hosts[:4]]


async def test_a_sink_that_fails_stops_the_sweep() -> None:
    hosts = fleet(50)
    transport = FakeTransport({})

    def sink(_outcome: HostOutcome) -> None:
        raise OSError("disk full")

    with pytest.raises(ExceptionGroup) as caught:
        await run_shard(hosts, visitor(transport), sink, ShardOptions(concurrency=3))
    assert caught.group_contains(OSError, match="disk full")
    assert len(transport.connected) <= 3


async def test_no_hosts_are_no_work() -> None:
    await run_shard([], visitor(FakeTransport({})), lambda _: None, ShardOptions())


async def test_hosts_are_begun_in_the_order_of_the_inventory() -> None:
    hosts = fleet(9)
    transport = FakeTransport({})
    kinds: list[FailureKind] = []

    def sink(outcome: HostOutcome) -> None:
        assert isinstance(outcome, HostFailure)
        kinds.append(outcome.kind)

    await run_shard(hosts, visitor(transport), sink, ShardOptions(concurrency=1))
    assert transport.connected == [host.name for host in hosts]
    assert kinds == [FailureKind.UNREACHABLE] * 9
