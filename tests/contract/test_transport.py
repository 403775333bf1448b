"""What every transport promises: the fake, SSH to a server in this process, and SSH to a real sshd."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fleetscan.errors import VisitError
from fleetscan.model.host import Host
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.options import SshOptions
from fleetscan.sweep.ports import Channel, Session, Transport
from tests.fakes import FakeHost, FakeStreams, FakeTransport
from tests.ssh_servers import (
    find_sshd,
    free_port,
    known_key,
    make_host,
    make_key,
    make_transport,
    serve,
    serve_sshd,
    write_key,
)

CAT = "cat"
STATUS = "exit 3"
BYTES = "printf '\\377\\376\\000x'"
NOISE = "head -c 20000 /dev/zero | tr '\\000' e >&2; printf END >&2"
FLOOD = "head -c 60000000 /dev/zero"
FLOOD_BYTES = 60_000_000
WAITING = "cat >/dev/null"
DEAF = "exit 7"
KILLED = "kill -9 $$"
FIXED_OUTPUT = {BYTES: b"\xff\xfe\x00x"}
FIXED_STATUS: dict[str, int | None] = {STATUS: 3, DEAF: 7, KILLED: None}


@dataclass(frozen=True, slots=True)
class Setup:
    transport: Transport
    host: Host
    absent: Host


async def act(command: str, streams: FakeStreams) -> int | None:
    """Do what /bin/sh does with the commands above."""
    match command:
        case "cat":
            while data := await streams.stdin.read(65536):
                await streams.stdout.write(data)
        case "cat >/dev/null":
            await streams.stdin.read_all()
        case _ if command == NOISE:
            streams.stderr.extend(b"e" * 20000 + b"END")
        case _ if command == FLOOD:
            for _ in range(FLOOD_BYTES // 60_000):
                await streams.stdout.write(bytes(60_000))
        case _:
            await streams.stdout.write(FIXED_OUTPUT.get(command, b""))
    return FIXED_STATUS.get(command, 0)


@asynccontextmanager
async def fake_setup(_folder: Path) -> AsyncIterator[Setup]:
    host, absent = make_host(22), make_host(23, name="absent")
    yield Setup(FakeTransport({host.name: FakeHost(program=act)}), host, absent)


@asynccontextmanager
async def in_process_setup(folder: Path) -> AsyncIterator[Setup]:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port), options=SshOptions())
        identity = write_key(folder, make_key("client"))
        yield Setup(transport, make_host(server.port, identity=identity), make_host(free_port(), name="absent"))


@asynccontextmanager
async def sshd_setup(folder: Path) -> AsyncIterator[Setup]:
    async with serve_sshd(folder / "sshd") as server:
        transport = make_transport(known_key(server.host_key, server.port))
        host = make_host(server.port, user=server.user, identity=server.identity)
        yield Setup(transport, host, make_host(free_port(), name="absent"))


SETUPS = {"fake": fake_setup, "in-process": in_process_setup, "sshd": sshd_setup}


@pytest.fixture(params=["fake", "in-process", pytest.param("sshd", marks=pytest.mark.sshd)])
async def setup(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setup]:
    if request.param == "sshd":
        find_sshd()
    async with SETUPS[request.param](tmp_path) as made:
        yield made


async def read_to_end(channel: Channel) -> bytes:
    data = b""
    while chunk := await channel.read(65536):
        data += chunk
    return data


async def test_input_comes_back_byte_for_byte(setup: Setup) -> None:
    sent = bytes(range(256)) * 4096
    async with setup.transport.connect(setup.host) as session, session.run(CAT) as channel:
        writing = asyncio.create_task(_send(channel, sent))
        received = await read_to_end(channel)
        await writing
        assert received == sent
        assert await channel.wait_closed() == 0


async def _send(channel: Channel, data: bytes) -> None:
    await channel.write(data)
    await channel.close_input()


async def test_an_exit_status_is_given(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(STATUS) as channel:
        await channel.close_input()
        assert await read_to_end(channel) == b""
        assert await channel.wait_closed() == 3


async def test_a_killed_command_has_no_exit_status(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(KILLED) as channel:
        await channel.close_input()
        await read_to_end(channel)
        assert await channel.wait_closed() is None


async def test_bytes_that_are_not_utf8_arrive_unchanged(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(BYTES) as channel:
        await channel.close_input()
        assert await read_to_end(channel) == b"\xff\xfe\x00x"


async def test_a_read_is_never_longer_than_asked_for(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(CAT) as channel:
        await _send(channel, b"0123456789")
        parts = []
        while part := await channel.read(3):
            parts.append(part)
        assert b"".join(parts) == b"0123456789"
        assert max(map(len, parts)) <= 3


async def test_only_the_end_of_standard_error_is_kept(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(NOISE) as channel:
        await channel.close_input()
        await channel.wait_closed()
        assert len(channel.stderr_tail()) == 4096
        assert channel.stderr_tail().endswith(b"eEND")


async def test_a_flood_can_be_left_half_way(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session:
        async with session.run(FLOOD) as channel:
            assert await channel.read(10) == bytes(10)
        async with session.run(STATUS) as channel:
            await channel.close_input()
            assert await channel.wait_closed() == 3


async def test_a_flood_arrives_whole_when_it_is_read(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(FLOOD) as channel:
        await channel.close_input()
        received = 0
        while chunk := await channel.read(1 << 20):
            received += len(chunk)
        assert received == FLOOD_BYTES
        assert await channel.wait_closed() == 0


async def test_waiting_for_the_end_drops_unread_output(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(FLOOD) as channel:
        await channel.close_input()
        assert await channel.wait_closed() == 0


async def test_leaving_the_context_aborts_a_running_command(setup: Setup) -> None:
    async with asyncio.timeout(30), setup.transport.connect(setup.host) as session:
        async with session.run(WAITING):
            pass
        async with session.run(STATUS) as channel:
            await channel.close_input()
            assert await channel.wait_closed() == 3


async def test_input_for_an_ended_command_is_dropped(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session, session.run(DEAF) as channel:
        assert await channel.wait_closed() == 7
        await channel.write(b"too late")
        await channel.close_input()


async def test_the_verified_host_key_is_told(setup: Setup) -> None:
    async with setup.transport.connect(setup.host) as session:
        checked: Session = session
        assert checked.host_key.startswith("SHA256:")
        assert len(checked.host_key) == len("SHA256:") + 43


async def test_an_absent_host_is_unreachable(setup: Setup) -> None:
    with pytest.raises(VisitError, match="connection refused by") as caught:
        async with setup.transport.connect(setup.absent):
            pass
    assert caught.value.kind is FailureKind.UNREACHABLE
