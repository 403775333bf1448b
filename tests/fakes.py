"""In-memory stand-ins for the ports. `tests/contract` runs one suite on these and on the real things."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fleetscan.errors import VisitError
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import FailureKind

STDERR_TAIL_BYTES = 4096


class FakePipe:
    """A bounded pipe between a visit and a scripted program."""

    def __init__(self, limit_bytes: int = 512 * 1024) -> None:
        self._limit_bytes = limit_bytes
        self._data = bytearray()
        self._ended = False
        self._changed = asyncio.Condition()

    async def write(self, data: bytes) -> None:
        """Add bytes; wait while the pipe is full. Bytes after the end are dropped."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._ended or len(self._data) < self._limit_bytes)
            if not self._ended:
                self._data += data
            self._changed.notify_all()

    async def read(self, max_bytes: int) -> bytes:
        """Give the next bytes, empty at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._ended or bool(self._data))
            taken = bytes(self._data[:max_bytes])
            del self._data[:max_bytes]
            self._changed.notify_all()
            return taken

    async def read_all(self) -> bytes:
        """Give everything until the end."""
        taken = b""
        while data := await self.read(65536):
            taken += data
        return taken

    async def end(self) -> None:
        """Let the reader find the end once it has read what is left."""
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def discard(self) -> None:
        """Throw away what is left, and go on doing so until the end."""
        while await self.read(65536):
            pass


@dataclass(frozen=True, slots=True)
class FakeStreams:
    """What a scripted program sees."""

    stdin: FakePipe
    stdout: FakePipe
    stderr: bytearray


Program = Callable[[str, FakeStreams], Awaitable[int | None]]
"""Gets the command line and its streams, gives the exit status. None is a lost connection."""


def reply(stdout: bytes = b"", *, stderr: bytes = b"", status: int | None = 0) -> Program:
    """Make a program that reads its input to the end and answers with fixed bytes."""

    async def program(_command: str, streams: FakeStreams) -> int | None:
        await streams.stdin.read_all()
        streams.stderr.extend(stderr)
        await streams.stdout.write(stdout)
        return status

    return program


@dataclass(frozen=True, slots=True)
class FakeHost:
    """How one host behaves.

    Attributes:
        program: What every command does.
        failure: Raised instead of a session.
        hangs: Connecting never ends.
    """

    program: Program = field(default_factory=reply)
    failure: VisitError | None = None
    hangs: bool = False
    host_key: str = "SHA256:" + "A" * 43


class FakeChannel:
    """One scripted command."""

    def __init__(self, command: str, program: Program) -> None:
        self._streams = FakeStreams(FakePipe(), FakePipe(), bytearray())
        self._running = asyncio.create_task(self._run(command, program))

    async def write(self, data: bytes) -> None:
        await self._streams.stdin.write(data)

    async def read(self, max_bytes: int) -> bytes:
        return await self._streams.stdout.read(max_bytes)

    async def close_input(self) -> None:
        await self._streams.stdin.end()

    async def wait_closed(self) -> int | None:
        discarding = asyncio.create_task(self._streams.stdout.discard())
        try:
            return await asyncio.shield(self._running)
        finally:
            discarding.cancel()
            await asyncio.wait([discarding])

    def stderr_tail(self) -> bytes:
        return bytes(self._streams.stderr[-STDERR_TAIL_BYTES:])

    async def abort(self) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])
        if not self._running.cancelled():
            self._running.result()  # a fault in a test's program is the test's fault

    async def _run(self, command: str, program: Program) -> int | None:
        try:
            return await program(command, self._streams)
        finally:
            await self._streams.stdin.end()
            await self._streams.stdout.end()


class FakeSession:
    """A session on a scripted host; `commands` lists what was run."""

    def __init__(self, host: FakeHost) -> None:
        self._host = host
        self.commands: list[str] = []

    @property
    def host_key(self) -> str:
        return self._host.host_key

    @asynccontextmanager
    async def run(self, command: str) -> AsyncIterator[FakeChannel]:
        self.commands.append(command)
        channel = FakeChannel(command, self._host.program)
        try:
            yield channel
        finally:
            await channel.abort()


class FakeTransport:
    """A transport to scripted hosts; hosts without a script are unreachable.

    Attributes:
        connected: Names in the order in which connections were asked for.
        open_sessions: How many sessions are open now.
        most_open_sessions: The highest number so far.
    """

    def __init__(self, hosts: Mapping[HostName, FakeHost]) -> None:
        self._hosts = hosts
        self.connected: list[HostName] = []
        self.open_sessions = 0
        self.most_open_sessions = 0

    @asynccontextmanager
    async def connect(self, host: Host) -> AsyncIterator[FakeSession]:
        self.connected.append(host.name)
        script = self._hosts.get(host.name)
        if script is None:
            endpoint = f"{host.address} port {host.connection.port}"
            raise VisitError(FailureKind.UNREACHABLE, f"connection refused by {endpoint}")
        if script.hangs:
            await asyncio.Event().wait()
        if script.failure is not None:
            raise script.failure
        self.open_sessions += 1
        self.most_open_sessions = max(self.most_open_sessions, self.open_sessions)
        try:
            yield FakeSession(script)
        finally:
            self.open_sessions -= 1
