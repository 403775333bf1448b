"""One event loop runs the sweep; Ctrl-C and SIGTERM end it without losing what was handed on."""

import asyncio
import os
import signal
from types import TracebackType
from typing import Self

import pytest

from fleetscan.model.host import Host
from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import HostOutcome
from fleetscan.probe.script import ProbeScript
from fleetscan.sweep.local import run_local
from fleetscan.sweep.shard import ShardOptions
from fleetscan.sweep.visit import VisitOptions, Visitor
from tests.fakes import FakeHost, FakeStreams, FakeTransport
from tests.unit.sweep.probed_host import NOTHING_NEW, NOW, ProbedHost, host_named

SCRIPT = ProbeScript(b"# a probe\n", Sha256("ab" * 32))
HOSTS = [host_named("web-1"), host_named("web-2"), host_named("web-3")]


class RunFake(FakeTransport):
    """A transport that notes how it was opened and closed."""

    def __init__(self, hosts: dict[Host, FakeHost]) -> None:
        super().__init__({host.name: script for host, script in hosts.items()})
        self.steps: list[str] = []

    def prepare_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        assert loop.is_running()
        self.steps.append("prepared")

    async def __aenter__(self) -> Self:
        self.steps.append("opened")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.steps.append("closed")


def run(transport: RunFake) -> tuple[bool, list[str]]:
    outcomes: list[HostOutcome] = []
    visitor = Visitor(transport, SCRIPT, NOTHING_NEW, lambda: NOW, VisitOptions())
    through = run_local(HOSTS, transport, visitor, outcomes.append, ShardOptions(concurrency=1))
    return through, [str(outcome.host) for outcome in outcomes]


def test_a_run_that_goes_through_gives_all_outcomes() -> None:
    transport = RunFake({host: FakeHost(ProbedHost()) for host in HOSTS})
    assert run(transport) == (True, ["web-1", "web-2", "web-3"])
    assert transport.steps == ["prepared", "opened", "closed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_and_keeps_what_was_handed_on(number: signal.Signals) -> None:
    async def interrupt(_command: str, _streams: FakeStreams) -> int | None:
        os.kill(os.getpid(), number)
        await asyncio.Event().wait()
        return 0

    transport = RunFake({HOSTS[0]: FakeHost(ProbedHost()), HOSTS[1]: FakeHost(interrupt)})
    assert run(transport) == (False, ["web-1"])
    assert transport.steps[-1] == "closed"
    assert transport.open_sessions == 0
