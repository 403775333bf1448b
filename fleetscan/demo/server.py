"""One demo host's SSH server: real SSH, on loopback, with a host key of its own."""

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

import asyncssh

from fleetscan.demo.answers import SHIM
from fleetscan.demo.relay import ProbeMismatchError, ProbeStream

LOOPBACK = "127.0.0.1"
_CHUNK = 65536
_JUNK = (
    b"\x1b[31mPANIC\x1b[0m: 0x7f3a: login accounting database is corrupt\r\n<motd>\xff\xfe not the answer </motd>\n" * 3
)
_CLIENT_GONE = (OSError, asyncssh.Error, asyncssh.BreakReceived, asyncssh.SignalReceived, asyncssh.TerminalSizeChanged)


class HostServer:
    """Serves one tree. Commands run under /bin/sh as whoever runs the demo: only the demo's own key may log in.

    Attributes:
        port: TCP port on loopback, known after `start`.
        host_key: The key it shows; `change_key` replaces it.
        talks_junk: Whether every command is answered with nonsense.
    """

    def __init__(self, root: Path, authorized_key: str) -> None:
        self.port = 0
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.talks_junk = False
        self._root = root
        self._authorized = asyncssh.import_authorized_keys(authorized_key)
        self._listener: asyncssh.SSHAcceptor | None = None
        self._placeholder: socket.socket | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()

    async def start(self) -> None:
        """Listen; on the same port again after a stop."""
        self._listener = await asyncssh.listen(
            LOOPBACK,
            self.port,
            server_factory=lambda: _Doorman(self._connections),
            server_host_keys=[self.host_key],
            authorized_client_keys=self._authorized,
            password_auth=False,
            kbdint_auth=False,
            process_factory=self._handle,
            encoding=None,
            agent_forwarding=False,
            allow_pty=False,
            login_timeout=30,
        )
        self.port = self._listener.get_port()

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._placeholder:
            self._placeholder.close()
            self._placeholder = None
        if self._listener:
            self._listener.close()
            for connection in tuple(self._connections):
                connection.abort()
            await self._listener.wait_closed()
            self._listener = None

    async def refuse(self) -> None:
        """Close the port but keep it: bound and not listening, it refuses and nobody else can take it."""
        await self.stop()
        self._placeholder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._placeholder.bind((LOOPBACK, self.port))

    async def change_key(self) -> None:
        """Come back on the same port with another host key, as a reinstalled or impersonated host does."""
        await self.stop()
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        await self.start()

    async def _handle(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Run one exec request and pass its exit status on."""
        if self.talks_junk:
            await process.stdin.read(_CHUNK)  # like a login shell that swallows what it is sent
            process.stdout.write(_JUNK)
            process.exit(0)
            return
        shim = self._root / SHIM
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            process.command or "exit 1",
            cwd=self._root,
            env={"PATH": f"{shim}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "USER": "root", "LOGNAME": "root"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        side_tasks = [
            asyncio.create_task(_feed_child(process, child, ProbeStream(self._root))),
            asyncio.create_task(_end_with_client(process, child)),
        ]
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(child.stdout, process.stdout))
                pumps.create_task(_pump(child.stderr, process.stderr))
            status = await child.wait()
        finally:
            _kill_group(child)
            for task in side_tasks:
                task.cancel()
            await asyncio.wait(side_tasks)
            await child.wait()
        with contextlib.suppress(*_CLIENT_GONE):
            if status >= 0:
                process.exit(status)
            else:
                process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))


class _Doorman(asyncssh.SSHServer):
    """Remembers open connections, so that a stop can end them."""

    def __init__(self, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Note a new connection."""
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncssh gives it
        """Forget a connection."""
        if self._connection:
            self._connections.discard(self._connection)


async def _feed_child(
    process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process, stream: ProbeStream
) -> None:
    """Pass the client's input on to the command, a probe confined to the tree."""
    sink = child.stdin
    if sink is None:
        return
    with contextlib.suppress(*_CLIENT_GONE):
        try:
            while data := await process.stdin.read(_CHUNK):
                sink.write(stream.feed(data))
                await sink.drain()
            sink.write(stream.finish())
        except ProbeMismatchError as error:
            process.stderr.write(f"demo host: {error}\n".encode())
            _kill_group(child)
        finally:
            sink.close()


async def _pump(source: asyncio.StreamReader | None, sink: asyncssh.SSHWriter[bytes]) -> None:
    """Pass the command's output on until it ends or the client has gone."""
    if source is None:
        return
    with contextlib.suppress(*_CLIENT_GONE):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()


async def _end_with_client(process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process) -> None:
    """End the command when the client closes the channel or the connection."""
    await process.channel.wait_closed()
    _kill_group(child)


def _kill_group(child: asyncio.subprocess.Process) -> None:
    """End the command with everything that it started."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
