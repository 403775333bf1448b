"""The fleet over real SSH on loopback."""

import asyncio
import os
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest
import yaml

from fleetscan.demo.fleet import DemoFleet
from fleetscan.demo.intruder import Trouble
from fleetscan.demo.thread import ThreadedFleet, run_in_thread
from fleetscan.probe.script import Terms, build_input, load_probe, remote_command

SENTINEL = "5e" * 16


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedFleet]:
    """Twelve hosts in a thread of their own."""
    with run_in_thread(DemoFleet(tmp_path_factory.mktemp("fleet"), count=12)) as threaded:
        yield threaded


@pytest.fixture(scope="module")
def fleet(running: ThreadedFleet) -> DemoFleet:
    """The same fleet, for questions."""
    return running.fleet


@asynccontextmanager
async def login(fleet: DemoFleet, host: str) -> AsyncIterator[asyncssh.SSHClientConnection]:
    known = asyncssh.import_known_hosts(fleet.known_hosts())
    async with asyncio.timeout(30):
        async with asyncssh.connect(
            "127.0.0.1",
            fleet.port_of(host),
            username="root",
            client_keys=[str(fleet.identity_file)],
            known_hosts=known,
            config=None,
            agent_path=None,
        ) as connection:
            yield connection


async def run(fleet: DemoFleet, host: str, command: str, stdin: bytes = b"") -> asyncssh.SSHCompletedProcess:
    async with login(fleet, host) as connection:
        return await connection.run(command, input=stdin, encoding=None)


async def probe(fleet: DemoFleet, host: str) -> bytes:
    sent = build_input(load_probe(), SENTINEL, Terms())
    done = await run(fleet, host, remote_command(sudo=False), sent)
    assert isinstance(done.stdout, bytes)
    return done.stdout


def demo_threads() -> int:
    return sum(thread.name == "demo-fleet" for thread in threading.enumerate())


async def test_a_command_runs_in_the_tree_of_its_host(fleet: DemoFleet) -> None:
    done = await run(fleet, "db-01", "cat etc/hostname; cat; echo oops >&2; exit 7", b"from the client\n")
    assert (done.stdout, done.stderr, done.exit_status) == (b"db-01\nfrom the client\n", b"oops\n", 7)


async def test_each_host_answers_for_itself(fleet: DemoFleet) -> None:
    names = [(await run(fleet, host.name, "hostname")).stdout for host in fleet.hosts]
    assert names == [f"{host.name}\n".encode() for host in fleet.hosts]


async def test_a_killed_command_has_a_signal_and_no_status(fleet: DemoFleet) -> None:
    done = await run(fleet, "web-01", "kill -TERM $$")
    assert done.exit_signal is not None
    assert done.exit_signal[0] == "TERM"


async def test_the_published_probe_reads_the_tree_and_nothing_of_this_machine(fleet: DemoFleet) -> None:
    output = await probe(fleet, "web-01")
    assert f"@{SENTINEL} facts ok ".encode() in output
    assert b"\nlogin=root\nuid=0\n" in output
    assert b"\nhostname=web-01\n" in output
    assert b"etc/systemd/system/cache-warm.timer" in output
    assert b"\nId=cache-warm.timer\n" in output
    assert b"deploy:1000:1000:/home/deploy" in output
    machine_id = (fleet.tree_of("web-01") / "etc/machine-id").read_bytes().strip()
    assert b"\nmachine_id=" + machine_id + b"\n" in output
    assert f"\n@{SENTINEL} end ok ".encode() in output


async def test_a_probe_that_cannot_be_confined_is_refused(fleet: DemoFleet) -> None:
    script = b"echo from the real machine\n"
    sent = b"FLEETSCAN 1 ab %d\n" % len(script) + script
    done = await run(fleet, "web-01", remote_command(sudo=False), sent)
    assert done.exit_status != 0
    assert done.stdout == b""
    assert isinstance(done.stderr, bytes)
    assert b"lines that begin with 'cd / '" in done.stderr


async def test_a_command_ends_when_its_client_leaves(fleet: DemoFleet) -> None:
    ended = asyncio.Event()
    async with login(fleet, "web-03") as connection:
        process = await connection.create_process("echo $$; exec sleep 600", encoding=None)
        handle = os.pidfd_open(int(await process.stdout.readline()))
        loop = asyncio.get_running_loop()
        loop.add_reader(handle, ended.set)
        assert not ended.is_set()
        connection.abort()
    try:
        async with asyncio.timeout(10):
            await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


async def test_another_key_cannot_log_in(fleet: DemoFleet) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            "127.0.0.1",
            fleet.port_of("web-01"),
            username="root",
            client_keys=[stranger],
            known_hosts=asyncssh.import_known_hosts(fleet.known_hosts()),
            config=None,
            agent_path=None,
        )


def test_identity_is_readable_by_its_user_only(fleet: DemoFleet) -> None:
    assert stat.S_IMODE(fleet.identity_file.stat().st_mode) == 0o600


def test_every_host_has_a_key_and_a_port_of_its_own(fleet: DemoFleet) -> None:
    keys = fleet.known_keys()
    assert len({key.blob for key in keys}) == len({key.pattern for key in keys}) == 12
    assert keys[0].pattern == f"[127.0.0.1]:{fleet.port_of('web-01')}"
    assert keys[0].fingerprint.startswith("SHA256:")


def test_inventory_names_every_host_with_its_port_group_and_owner(fleet: DemoFleet) -> None:
    inventory = yaml.safe_load(fleet.inventory_yaml())
    assert list(inventory["hosts"]) == [host.name for host in fleet.hosts]
    assert inventory["hosts"]["db-02"] == {"address": "127.0.0.1", "port": fleet.port_of("db-02"), "groups": ["db"]}
    for group in inventory["groups"].values():
        assert inventory["owners"][group["owner"]]["email"].endswith("@example.org")


async def test_plants_are_visible_to_the_probe_and_troubled_hosts_cannot_be_read(tmp_path: Path) -> None:
    async with DemoFleet(tmp_path, count=12) as fleet:
        before = await probe(fleet, "web-01")
        plants = {plant.trouble: plant for plant in await fleet.plant()}
        assert b"dbus-cache-refresh.timer" in await probe(fleet, plants[Trouble.TIMER_PAIR].host)
        user_timer = await probe(fleet, plants[Trouble.USER_TIMER].host)
        assert b"home/deploy/.config/systemd/user/desktop-index.timer" in user_timer
        assert b"var/lib/systemd/linger/deploy" in user_timer
        drop_in = await probe(fleet, plants[Trouble.DROP_IN].host)
        assert b"\nDropInPaths=/etc/systemd/system/logrotate.service.d/10-compress.conf\n" in drop_in
        assert b".timer///dev/null\n" in await probe(fleet, plants[Trouble.MASK].host)
        junk = await probe(fleet, plants[Trouble.BROKEN].host)
        assert junk
        assert SENTINEL.encode() not in junk
        with pytest.raises(ConnectionRefusedError):
            await probe(fleet, plants[Trouble.UNREACHABLE].host)
        with pytest.raises(asyncssh.HostKeyNotVerifiable):
            await probe(fleet, plants[Trouble.CHANGED_KEY].host)
        assert len(await probe(fleet, "web-01")) == len(before)


def test_a_stopped_fleet_leaves_no_thread_and_no_open_port(tmp_path: Path) -> None:
    before = demo_threads()
    fleet = DemoFleet(tmp_path, count=12)
    with run_in_thread(fleet) as threaded:
        assert demo_threads() == before + 1
        plants = threaded.plant()
        assert all(plant.words for plant in plants)
        port = fleet.port_of("web-01")
    assert demo_threads() == before

    async def connect() -> None:
        await asyncio.open_connection("127.0.0.1", port)

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(connect())


def test_a_fleet_that_cannot_start_says_why_and_leaves_no_thread(tmp_path: Path) -> None:
    before = demo_threads()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), run_in_thread(DemoFleet(tmp_path / "file", count=12)):
        pytest.fail("it started")
    assert demo_threads() == before
