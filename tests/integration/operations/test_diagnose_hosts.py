"""A visit that keeps nothing: what it says of hosts with different rights, and what it proposes."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from fleetscan.analyse.readings import Extent
from fleetscan.analyse.remedies import RemedyKind
from fleetscan.model.coverage import Area
from fleetscan.model.host import Host, ProbeStart
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome
from fleetscan.operations.diagnose_hosts import Diagnosis, diagnose_hosts
from fleetscan.operations.sweep_fleet import SweepOptions
from fleetscan.probe.script import load_probe
from fleetscan.store.schema import create_database
from fleetscan.store.store import open_store
from fleetscan.sweep.shard import ShardOptions
from fleetscan.sweep.visit import VisitOptions
from tests.fakes import FakeHost, FakeTransport, reply
from tests.ssh_servers import make_key, write_key
from tests.unit.probe.frames import FACTS, frame
from tests.unit.sweep.probed_host import NOW, ProbedHost, host_named

OPTIONS = SweepOptions(visit=VisitOptions(), shard=ShardOptions(concurrency=2))
PLAIN = FACTS.replace("login=root\nuid=0", "login=scan\nuid=1001")


class _Transport(FakeTransport):
    """A transport of one run."""

    def prepare_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        assert loop.is_running()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/fleet.db"
    create_database(url)
    return url


def diagnose(database: str, hosts: dict[Host, FakeHost], *, jumps: tuple[str, ...] = ()) -> dict[str, Diagnosis]:
    told: list[HostOutcome] = []
    with open_store(database, clock=lambda: NOW) as store:
        found = diagnose_hosts(
            tuple(hosts),
            frozenset(map(HostName, jumps)),
            store=store,
            transport=_Transport({host.name: script for host, script in hosts.items()}),
            options=OPTIONS,
            clock=lambda: NOW,
            observer=told.append,
        )
        assert store.sweeps.list_sweeps(5) == ()
    assert [diagnosis.host for diagnosis in found] == list(hosts)
    assert len(told) == len(hosts)
    return {str(diagnosis.host.name): diagnosis for diagnosis in found}


def test_each_host_is_told_what_was_read_and_what_would_help(database: str) -> None:
    denied = {"facts": frame("facts", PLAIN), "homes": frame("homes", "denied:root:0:/root\nok:ann:1000:/home/ann\n")}
    found = diagnose(
        database,
        {
            host_named("open"): FakeHost(ProbedHost()),
            host_named("closed"): FakeHost(ProbedHost(changed=denied)),
            host_named("gone"): FakeHost(reply(status=1)),
        },
    )
    assert found["open"].is_complete
    assert _unread(found["open"]) == set()
    assert not found["closed"].is_complete
    assert _unread(found["closed"]) == {Area.FILES}
    remedies = {name: diagnosis.remedy.kind for name, diagnosis in found.items() if diagnosis.remedy}
    assert remedies == {"open": RemedyKind.NARROW, "closed": RemedyKind.RAISE}
    assert (found["gone"].readings, found["gone"].is_complete) == ((), False)


def _unread(diagnosis: Diagnosis) -> set[Area]:
    return {r.area for r in diagnosis.readings if r.extent is not Extent.READ and not r.is_supplementary}


def test_an_installed_probe_of_another_version_ends_the_visit_with_its_remedy(database: str) -> None:
    connection = replace(host_named().connection, probe=ProbeStart.INSTALLED)
    old = frame("probe", f"uid=0\nsha256={'cd' * 32}\nowner=0\nmode=755")
    own = frame("probe", f"uid=0\nsha256={load_probe().sha256}\nowner=0\nmode=755")
    found = diagnose(
        database,
        {
            replace(host_named("old"), connection=connection): FakeHost(ProbedHost(changed={"denied": old})),
            replace(host_named("own"), connection=connection): FakeHost(ProbedHost(changed={"version": own})),
        },
    )
    outcome = found["old"].outcome
    assert isinstance(outcome, HostFailure)
    assert outcome.kind is FailureKind.PROTOCOL_ERROR
    assert "doctor" in outcome.hint
    assert found["old"].remedy
    assert found["old"].remedy.kind is RemedyKind.INSTALL
    assert not isinstance(found["own"].outcome, HostFailure)
    assert found["own"].remedy is None


def test_the_public_key_and_the_forwarding_of_a_jump_host_are_in_the_line(database: str, tmp_path: Path) -> None:
    key = make_key("doctor")
    identity = write_key(tmp_path, key)
    Path(identity + ".pub").write_bytes(key.export_public_key("openssh"))
    host = host_named("bastion")
    host = replace(host, connection=replace(host.connection, identity_files=(identity,)))
    remedy = diagnose(database, {host: FakeHost(ProbedHost())}, jumps=("bastion",))["bastion"].remedy
    assert remedy
    (line,) = [line for step in remedy.steps for line in step.lines if line.startswith("restrict")]
    assert line.startswith('restrict,port-forwarding,command="')
    assert key.export_public_key("openssh").decode().split()[1] in line
