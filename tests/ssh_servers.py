"""SSH servers on loopback for tests: asyncssh in this process, and a real sshd."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
import pytest

from fleetscan.model.host import Connection, Host, Owner, SecretRef
from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.model.ids import HostName
from fleetscan.ssh.connect import SshTransport
from fleetscan.ssh.credentials import Credentials
from fleetscan.ssh.hostkeys import HostKeyTable, fingerprint
from fleetscan.ssh.options import SshOptions
from fleetscan.ssh.verify import encode_blob

LOOPBACK = "127.0.0.1"
USER = "scanner"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OWNER = Owner("Team Web", "web@example.org")
KEYS: dict[str, asyncssh.SSHKey] = {}

if TYPE_CHECKING:
    _ServerProcess = asyncssh.SSHServerProcess[bytes]


def make_key(name: str, algorithm: str = "ssh-ed25519") -> asyncssh.SSHKey:
    """Give a throw-away key; the same one for the same name within a test run."""
    if name not in KEYS:
        KEYS[name] = asyncssh.generate_private_key(algorithm)
    return KEYS[name]


def write_key(folder: Path, key: asyncssh.SSHKey, name: str = "id", passphrase: str | None = None) -> str:
    """Write a private key file as ssh-keygen would protect it."""
    path = folder / name
    form = "openssh" if passphrase is None else "pkcs8-pem"
    path.write_bytes(key.export_private_key(form, passphrase))
    path.chmod(0o600)
    return str(path)


def known_key(
    key: asyncssh.SSHKey, port: int, *, marker: KeyMarker = KeyMarker.NONE, pattern: str | None = None
) -> KnownKey:
    """Enrol a key for a loopback port."""
    blob = encode_blob(key)
    return KnownKey(
        pattern=pattern or f"[{LOOPBACK}]:{port}",
        marker=marker,
        algorithm=key.get_algorithm(),
        blob=blob,
        fingerprint=fingerprint(blob),
        added_at=NOW,
        added_by="test",
        source="enroll",
    )


def make_host(
    port: int,
    *,
    name: str = "web-1",
    user: str = USER,
    identity: str | None = None,
    password: SecretRef | None = None,
    passphrase: SecretRef | None = None,
    use_agent: bool = False,
    jump: Host | None = None,
    address: str = LOOPBACK,
    connect_timeout_s: float | None = None,
    ssh_config: str | None = None,
) -> Host:
    """Make an inventory host on loopback."""
    return Host(
        name=HostName(name),
        address=address,
        connection=Connection(
            user=user,
            port=port,
            identity_files=() if identity is None else (identity,),
            passphrase=passphrase,
            password=password,
            use_agent=use_agent,
            connect_timeout_s=connect_timeout_s,
            ssh_config=ssh_config,
        ),
        owner=OWNER,
        jump=jump,
    )


def make_transport(*keys: KnownKey, options: SshOptions | None = None) -> SshTransport:
    """Make a transport that accepts these keys."""
    return SshTransport(options or SshOptions(), HostKeyTable.of(keys), Credentials())


async def run_in_shell(process: "_ServerProcess") -> None:
    """Run the command under /bin/sh, as sshd does with a login shell."""
    pipe = asyncio.subprocess.PIPE
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", process.command or "", stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    assert shell.stdin is not None
    assert shell.stdout is not None
    assert shell.stderr is not None
    feeding = asyncio.create_task(_pump(process.stdin, shell.stdin))
    try:
        await asyncio.gather(_pump(shell.stdout, process.stdout), _pump(shell.stderr, process.stderr))
        if process.channel.is_closing():
            return  # the client left
        status = await shell.wait()
        if status < 0:
            process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
        else:
            process.exit(status)
    finally:
        feeding.cancel()
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # children too: they hold the pipes
        # asyncio tells of a process's end only after its pipes were read to theirs.
        await asyncio.gather(asyncio.wait([feeding]), shell.stdout.read(), shell.stderr.read(), shell.wait())


async def _pump(
    source: "asyncio.StreamReader | asyncssh.SSHReader[bytes]",
    target: "asyncio.StreamWriter | asyncssh.SSHWriter[bytes]",
) -> None:
    with suppress(OSError, asyncssh.Error):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        if isinstance(target, asyncio.StreamWriter):
            target.close()


@dataclass
class ServerLog:
    """What an in-process server saw."""

    port: int = 0
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    forwards: list[tuple[str, int]] = field(default_factory=list)


class _Server(asyncssh.SSHServer):
    def __init__(
        self, log: ServerLog, passwords: dict[str, str], keys: Sequence[asyncssh.SSHKey], *, kbdint: bool
    ) -> None:
        self._log = log
        self._passwords = passwords
        self._keys = [key.public_data for key in keys]
        self._kbdint = kbdint

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._log.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self._log.logins.append(username)
        return True

    def public_key_auth_supported(self) -> bool:
        return bool(self._keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key.public_data in self._keys

    def password_auth_supported(self) -> bool:
        return bool(self._passwords) and not self._kbdint

    def kbdint_auth_supported(self) -> bool:
        return bool(self._passwords) and self._kbdint

    def get_kbdint_challenge(
        self,
        username: str,  # noqa: ARG002 - asyncssh's signature
        lang: str,  # noqa: ARG002 - asyncssh's signature
        submethods: str,  # noqa: ARG002 - asyncssh's signature
    ) -> tuple[str, str, str, Sequence[tuple[str, bool]]]:
        return "", "", "en-US", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        return self._passwords.get(username) == responses[0]

    def validate_password(self, username: str, password: str) -> bool:
        return self._passwords.get(username) == password

    def connection_requested(
        self,
        dest_host: str,
        dest_port: int,
        orig_host: str,  # noqa: ARG002 - asyncssh's signature
        orig_port: int,  # noqa: ARG002 - asyncssh's signature
    ) -> bool:
        self._log.forwards.append((dest_host, dest_port))
        return True


@asynccontextmanager
async def serve(
    *,
    host_keys: Iterable[asyncssh.SSHKey] | None = None,
    client_keys: Sequence[asyncssh.SSHKey] | None = None,
    passwords: dict[str, str] | None = None,
    kbdint: bool = False,
    certificates: Sequence[asyncssh.SSHCertificate] = (),
    process: "Callable[[_ServerProcess], object] | None" = None,
) -> AsyncIterator[ServerLog]:
    """Run an SSH server in this loop; its defaults are the host key `host` and the client key `client`."""
    log = ServerLog()
    keys = [make_key("client")] if client_keys is None else client_keys
    server = await asyncssh.create_server(
        lambda: _Server(log, passwords or {}, keys, kbdint=kbdint),
        LOOPBACK,
        0,
        server_host_keys=list(host_keys) if host_keys is not None else [make_key("host")],
        server_host_certs=list(certificates),
        process_factory=process or run_in_shell,
        encoding=None,
        gss_host=None,
    )
    log.port = server.get_port()
    try:
        yield log
    finally:
        server.close()
        for connection in log.connections:
            connection.abort()
        await server.wait_closed()
        for connection in log.connections:
            await connection.wait_closed()


@asynccontextmanager
async def serve_raw(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None] | object"],
) -> AsyncIterator[int]:
    """Run something that listens and is no SSH server; gives its port. `answer` is a coroutine function."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            result = answer(reader, writer)
            if asyncio.iscoroutine(result):
                await result
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, LOOPBACK, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await server.wait_closed()


def free_port() -> int:
    """Give a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class RealServer:
    """A running OpenSSH sshd."""

    port: int
    user: str
    host_key: asyncssh.SSHKey
    identity: str


def find_sshd() -> str:
    """Give sshd's path, or skip the test and say what to install."""
    binary = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if binary is None:
        pytest.skip("needs an OpenSSH server: install the package openssh-server")
    return binary


def _configure_sshd(folder: Path, port: int, extra_lines: Sequence[str]) -> Path:
    """Write all that an sshd for the current user needs; give its configuration."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd asks for it when it is started by root
    folder.mkdir(exist_ok=True)
    write_key(folder, make_key("sshd-host"), "host_key")
    write_key(folder, make_key("sshd-client"), "client_key")
    make_key("sshd-client").write_public_key(folder / "authorized_keys")
    config = folder / "sshd_config"
    lines = [
        f"ListenAddress {LOOPBACK}:{port}",
        f"HostKey {folder}/host_key",
        f"AuthorizedKeysFile {folder}/authorized_keys",
        "StrictModes no",
        "UsePAM no",
        "PidFile none",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "LogLevel VERBOSE",
        *extra_lines,
    ]
    config.write_text("\n".join(lines) + "\n")
    return config


@asynccontextmanager
async def serve_sshd(folder: Path, *extra_lines: str) -> AsyncIterator[RealServer]:
    """Run a real sshd on a loopback port as the current user, who can log in to it with a key."""
    binary = find_sshd()
    port = free_port()
    config = _configure_sshd(folder, port, extra_lines)
    process = await asyncio.create_subprocess_exec(
        binary, "-D", "-e", "-f", str(config), stdin=subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    stderr = process.stderr
    assert stderr is not None
    said = b""
    try:
        while b"listening on" not in said.lower():
            line = await stderr.readline()
            assert line, f"sshd ended: {said.decode()}"
            said += line
        draining = asyncio.create_task(stderr.read())
        user = pwd.getpwuid(os.geteuid()).pw_name
        try:
            yield RealServer(port, user, make_key("sshd-host"), str(folder / "client_key"))
        finally:
            process.terminate()
            await draining
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()
