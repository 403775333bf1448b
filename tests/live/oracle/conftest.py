"""The oracle: on every release of the lab, systemd's own word beside ours."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fleetscan.model.snapshot import HostSnapshot
from tests.live.conftest import Lab, run_lab
from tests.live.oracle.hosts import OracleHost
from tests.live.oracle.ours import Ours
from tests.live.oracle.plan import SEED
from tests.live.oracle.tally import Tally

_CLEARING = pytest.StashKey[ExitStack]()
_TALLY = pytest.StashKey[Tally]()


@dataclass(frozen=True, slots=True)
class Oracle:
    """A planted host, what a visit made of it, and where the results go."""

    release: str
    host: OracleHost
    snapshot: HostSnapshot
    ours: Ours
    tally: Tally


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_TALLY] = Tally()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test once for each release that the fleet has."""
    if "oracle" in metafunc.fixturenames:
        metafunc.parametrize("oracle", _list_releases(), indirect=True, scope="session")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash[_TALLY]
    if tally.equal:
        terminalreporter.section("the oracle: systemd's word beside ours")
        for line in tally.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def oracle(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Oracle]:
    """A host of one release, planted and visited; what was planted is removed before the tests of other folders."""
    release = request.param
    host = OracleHost(lab, next(host for host in lab.hosts if host.suite == release))
    with ExitStack() as clearing:
        request.config.stash[_CLEARING] = clearing
        clearing.callback(host.remove, host.plant(SEED))
        clearing.callback(host.stop_transients)
        host.start_transients()
        snapshot = host.visit()
        yield Oracle(release, host, snapshot, Ours.of(host, snapshot, SEED), request.config.stash[_TALLY])


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Clear the last host as soon as the tests of this folder are over: the fleet lives on, and others use it."""
    if nextitem is not None and Path(__file__).parent not in nextitem.path.parents:
        item.config.stash.get(_CLEARING, ExitStack()).close()


def _list_releases() -> list[str]:
    if running := os.environ.get("FLEETSCAN_LIVE_RUNNING", "").split():
        hosts = yaml.safe_load(run_lab("list").stdout)["fleet"]["hosts"]
        return sorted({host["suite"] for host in hosts if host["name"] in running})
    return os.environ.get("FLEETSCAN_LIVE_SUITES", "bookworm trixie").split()
