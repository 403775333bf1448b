"""Hosts and networks that misbehave: one clear failure each, bounded in time and memory."""

import asyncio
import socket
import tracemalloc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleetscan.errors import VisitError
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.channel import READ_AHEAD_BYTES, WINDOW_BYTES
from tests.ssh_servers import (
    LOOPBACK,
    free_port,
    known_key,
    make_host,
    make_key,
    make_transport,
    serve,
    serve_raw,
    write_key,
)

if TYPE_CHECKING:
    import asyncssh

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]
SHORT_S = 0.3


@pytest.fixture
def identity(tmp_path: Path) -> str:
    return write_key(tmp_path, make_key("client"))


async def failure_at(port: int, *, address: str = LOOPBACK, timeout_s: float = 10.0) -> VisitError:
    host = make_host(port, address=address, connect_timeout_s=timeout_s)
    with pytest.raises(VisitError) as caught:
        async with make_transport().connect(host):
            pass
    return caught.value


async def test_a_refused_connection_names_address_and_port() -> None:
    port = free_port()
    error = await failure_at(port)
    assert error.kind is FailureKind.UNREACHABLE
    assert error.message == f"connection refused by 127.0.0.1 port {port}"


async def test_a_name_with_several_addresses_is_refused_in_the_same_words() -> None:
    port = free_port()
    error = await failure_at(port, address="localhost")
    assert error.message == f"connection refused by localhost port {port}"


@pytest.mark.parametrize("name", ["web-9.invalid", "a" * 70 + ".invalid", "bad..name"])
async def test_a_name_that_does_not_resolve_is_unreachable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_args: object, **_kwargs: object) -> list[object]:
        name.encode("idna")
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = await failure_at(22, address=name)
    assert error.kind is FailureKind.UNREACHABLE
    assert error.message == f"name {name} cannot be resolved"


async def test_a_black_hole_ends_at_the_connect_timeout() -> None:
    """A full backlog: the kernel drops the SYN, as a firewall does."""
    with socket.socket() as hole, socket.socket() as first, socket.socket() as second:
        hole.bind((LOOPBACK, 0))
        hole.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(hole.getsockname())
        error = await failure_at(hole.getsockname()[1], timeout_s=SHORT_S)
        assert error.kind is FailureKind.TIMEOUT
        assert "no TCP connection" in error.message


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def greets_and_is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-Silent\r\n")
    await reader.read()


async def closes(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    pass


async def speaks_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n" + b"X: \x1b[31m\xe2\x80\xae\r\n" * 5000)
    await writer.drain()


async def sends_one_endless_line(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def greets_in_another_alphabet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-\xff\xfe\xfd\r\n")
    await writer.drain()


async def greets_and_sends_junk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-Junk\r\n" + bytes(range(256)) * 64)
    await writer.drain()


async def speaks_ssh_1(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-1.5-Old\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (silent, FailureKind.TIMEOUT, "no SSH banner from"),
        (greets_and_is_silent, FailureKind.TIMEOUT, "no key exchange with"),
        (closes, FailureKind.UNREACHABLE, "before its SSH banner"),
        (speaks_http, FailureKind.PROTOCOL_ERROR, "does not speak SSH"),
        (sends_one_endless_line, FailureKind.PROTOCOL_ERROR, "does not speak SSH"),
        (speaks_ssh_1, FailureKind.PROTOCOL_ERROR, "does not speak SSH"),
        (greets_in_another_alphabet, FailureKind.PROTOCOL_ERROR, "not understood"),
        (greets_and_sends_junk, FailureKind.PROTOCOL_ERROR, ""),
    ],
)
async def test_what_is_no_ssh_server_is_one_clear_failure(answer: Answer, kind: FailureKind, words: str) -> None:
    async with serve_raw(answer) as port:
        error = await failure_at(port, timeout_s=SHORT_S if kind is FailureKind.TIMEOUT else 10.0)
        assert error.kind is kind
        assert words in error.message
        assert all(line.isprintable() and len(line) < 400 for line in (error.message, error.hint, *error.evidence))


async def test_a_flood_stays_at_the_host_when_nobody_reads(identity: str) -> None:
    sent = 0
    blocked = asyncio.Event()

    async def flood(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        nonlocal sent
        block = bytes(32768)
        while sent < 50_000_000:
            process.stdout.write(block)
            sent += len(block)
            draining = asyncio.ensure_future(process.stdout.drain())
            done, _ = await asyncio.wait([draining], timeout=SHORT_S)
            if not done:
                blocked.set()
            await draining
        blocked.set()  # never held back: the assertion below fails
        process.exit(0)

    async with serve(process=flood) as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        async with (
            transport.connect(make_host(server.port, identity=identity)) as session,
            session.run("flood") as channel,
        ):
            await blocked.wait()
            assert sent < 2 * (READ_AHEAD_BYTES + WINDOW_BYTES)
            assert await channel.wait_closed() == 0  # lets go of what waits, and of the host


async def test_reading_a_flood_of_50_mb_keeps_memory_bounded(identity: str) -> None:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        async with (
            transport.connect(make_host(server.port, identity=identity)) as session,
            session.run("head -c 50000000 /dev/zero") as channel,
        ):
            tracemalloc.start()
            try:
                received = 0
                while chunk := await channel.read(65536):
                    received += len(chunk)
                peak_bytes = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
    assert received == 50_000_000
    # The server shares this process and has its own buffers of the same order.
    assert peak_bytes < 10 * (READ_AHEAD_BYTES + WINDOW_BYTES)


async def test_a_connection_lost_in_a_command_gives_no_exit_status(identity: str) -> None:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        async with (
            transport.connect(make_host(server.port, identity=identity)) as session,
            session.run("printf partial; cat") as channel,
        ):
            assert await channel.read(100) == b"partial"
            server.connections[0].abort()
            assert await channel.read(100) == b""
            assert await channel.wait_closed() is None


async def test_a_command_on_a_lost_connection_is_a_failure(identity: str) -> None:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        async with transport.connect(make_host(server.port, identity=identity)) as session:
            server.connections[0].abort()
            await server.connections[0].wait_closed()
            with pytest.raises(VisitError) as caught:
                async with session.run("true"):
                    pass
            assert caught.value.kind is FailureKind.PROTOCOL_ERROR


async def test_a_cancelled_connect_leaves_nothing_behind() -> None:
    async with serve_raw(silent) as port:
        transport = make_transport()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT_S), transport.connect(make_host(port, connect_timeout_s=60)):
                pass
        assert transport.dialer._handshakes._value == transport.dialer.options.max_handshakes
