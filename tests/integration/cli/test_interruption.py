"""Ctrl-C, SIGTERM, SIGKILL, and a second sweep beside the first: what was committed stays, nothing is visited twice."""

import contextlib
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from fleetscan.store.store import open_store
from tests.integration.cli.console import Console, Site, assert_one_clear_line, open_site

_DEADLINE_S = 60.0
_GATED = "web-03"
ALL_READ = 0
"""No baseline yet; hosts of small roles are compared in a wider cohort. What was read is asked apart."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("interruption")) as site:
        yield site


class Gate:
    """A door before the third host: closed, it accepts connections and lets nothing through.

    A sweep that visits one host at a time waits there for as long as a test needs it to, however fast the machine is.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self._open = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def open(self) -> None:
        self._open.set()

    def close(self) -> None:
        """Let whoever still waits go, and take no new connection."""
        self._open.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(link,), daemon=True).start()

    def _pass_on(self, link: socket.socket) -> None:
        self._open.wait(_DEADLINE_S)
        with link, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._behind)) as host:
            back = threading.Thread(target=_copy, args=(host, link), daemon=True)
            back.start()
            _copy(link, host)
            back.join(_DEADLINE_S)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def gate(fleet: Site) -> Iterator[Gate]:
    door = Gate(fleet.fleet.port_of(_GATED))
    yield door
    door.close()


@pytest.fixture
def site(fleet: Site, gate: Gate, tmp_path: Path) -> Site:
    """The fleet with a new database that knows its keys, and the gate before its third host."""
    project = Console(tmp_path / "project")
    project.folder.mkdir()
    assert project("init").code == 0
    before, behind = f"port: {gate.port}\n", f"port: {fleet.fleet.port_of(_GATED)}\n"
    inventory = fleet.fleet.inventory_yaml()
    assert behind in inventory
    keys = fleet.fleet.known_hosts()
    known = keys + keys.replace(f"]:{fleet.fleet.port_of(_GATED)} ", f"]:{gate.port} ")
    (project.folder / "known_hosts").write_text(known)
    (project.folder / "fleetscan.toml").write_text(
        'known_hosts = ["known_hosts"]\nconcurrency = 1\nconnect_timeout_s = 100\nvisit_timeout_s = 100\n'
    )
    (project.folder / "inventory.yaml").write_text(inventory.replace(behind, before))
    return Site(project, fleet.running)


def count_outcomes(console: Console) -> int:
    """Count what is committed of the newest sweep, also while it runs."""
    with open_store(f"sqlite:///{console.folder / 'fleetscan.db'}", clock=lambda: datetime.now(UTC)) as store:
        sweeps = store.sweeps.list_sweeps(1)
        return len(store.visits.read_visits(sweeps[0].id)) if sweeps else 0


def wait_for_outcomes(console: Console, process: subprocess.Popen[str], at_least: int) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while count_outcomes(console) < at_least:
        assert process.poll() is None, "the sweep ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def running_sweep(site: Site, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start a sweep, one host at a time, and give it when it waits at the gate and has committed what it did before."""
    with site.console.start("sweep", *words) as process:
        try:
            wait_for_outcomes(site.console, process, 2)
            yield process
        finally:
            process.kill()


def check_resumed(site: Site, gate: Gate) -> None:
    """Resume, and check that only the rest was visited and every host has one outcome."""
    before = {visit["host"]: visit["started_at"] for visit in site.console.read("sweeps", "show", "1")}
    assert set(before) == {"web-01", "web-02"}
    gate.open()
    answer = site.console("--concurrency", "6", "sweep", "--resume")
    assert answer.code == ALL_READ, answer.err
    assert "10 of 10 hosts" in answer.err
    sweeps = site.console.read("sweeps", "list")
    assert [(sweep["id"], sweep["state"]) for sweep in sweeps] == [(1, "complete")]
    after = site.console.read("sweeps", "show", "1")
    assert Counter(visit["host"] for visit in after) == Counter(site.hosts)
    assert {visit["outcome"] for visit in after} == {"complete"}
    assert {visit["host"]: visit["started_at"] for visit in after}.items() >= before.items()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_sweep_cleanly_and_resume_visits_the_rest(
    site: Site, gate: Gate, how: signal.Signals
) -> None:
    with running_sweep(site) as process:
        process.send_signal(how)
        _, err = process.communicate(timeout=_DEADLINE_S)
    assert process.returncode == 3, err
    assert "Traceback" not in err
    assert "interrupted" in err
    assert "--resume" in err
    assert "all 12 hosts" not in err
    assert count_outcomes(site.console) == 2
    assert site.console.read("sweeps", "list")[0]["state"] == "interrupted"
    check_resumed(site, gate)


def test_a_killed_sweep_resumes_as_well(site: Site, gate: Gate) -> None:
    with running_sweep(site) as process:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=_DEADLINE_S)
    check_resumed(site, gate)


def test_resume_keeps_the_selection_of_the_sweep_it_continues(site: Site, gate: Gate) -> None:
    with running_sweep(site, "--group", "web") as process:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=_DEADLINE_S)
    gate.open()
    assert site.console("sweep", "--resume").code == 0
    assert {visit["host"] for visit in site.console.read("sweeps", "show")} == {f"web-0{n}" for n in range(1, 8)}


def test_resume_with_another_selection_is_refused(site: Site) -> None:
    with running_sweep(site) as process:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=_DEADLINE_S)
    answer = site.console("sweep", "--resume", "--group", "web")
    assert answer.code == 2
    assert_one_clear_line(answer, "--resume")


def test_there_is_nothing_to_resume_after_a_complete_sweep(site: Site, gate: Gate) -> None:
    gate.open()
    assert site.console("--concurrency", "6", "sweep").code == ALL_READ
    answer = site.console("sweep", "--resume")
    assert answer.code == 2
    assert_one_clear_line(answer, "no interrupted sweep")


def test_a_second_sweep_at_the_same_time_is_refused_and_disturbs_nothing(site: Site) -> None:
    with running_sweep(site) as process:
        answer = site.console("sweep")
        assert answer.code == 4
        assert_one_clear_line(answer, "sweep", str(process.pid))
        assert site.console("sweep", "--resume").code == 4
        assert site.console("sweeps", "list").code == 0  # reading goes on
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_DEADLINE_S)
    assert [sweep["id"] for sweep in site.console.read("sweeps", "list")] == [1]


def test_a_full_disk_ends_the_sweep_with_one_clear_line_and_resume_goes_on_when_there_is_space(
    site: Site, gate: Gate
) -> None:
    gate.open()
    assert site.console("sweep", "--limit", "web-01").code == 3  # alone it has nobody to be compared with
    with _no_space_left():
        answer = site.console("sweep")
    assert answer.code == 4
    assert_one_clear_line(answer, "no space left")
    assert [visit["host"] for visit in site.console.read("sweeps", "show", "1")] == ["web-01"]
    assert site.console("--concurrency", "6", "sweep", "--resume").code == ALL_READ
    assert len(site.console.read("sweeps", "show", "2")) == 12


@contextlib.contextmanager
def _no_space_left() -> Iterator[None]:
    """Let databases that are opened now grow by a few pages only."""

    def shrink(connection: sqlite3.Connection, record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    event.listen(Engine, "connect", shrink)
    try:
        yield
    finally:
        event.remove(Engine, "connect", shrink)
