"""Opens verified, logged-in connections: handshake limits, time limits, jump hosts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncssh

from fleetscan.errors import ConfigError
from fleetscan.model.host import Host
from fleetscan.ssh.credentials import Credentials, agent_keys
from fleetscan.ssh.hostkeys import HostKeyTable
from fleetscan.ssh.jump import JumpPool
from fleetscan.ssh.options import SshOptions
from fleetscan.ssh.translate import Attempt, translate_failure
from fleetscan.ssh.verify import VerifyingClient, revoked_keys, wanted_algorithms


class Dialer:
    """Opens connections for one run. Belongs to one event loop."""

    def __init__(self, options: SshOptions, host_keys: HostKeyTable, credentials: Credentials) -> None:
        self.options = options
        self.jumps = JumpPool(self.connection, retry_after_s=options.jump_retry_after_s)
        self._host_keys = host_keys
        self._credentials = credentials
        self._handshakes = asyncio.Semaphore(options.max_handshakes)
        self._handshakes_by_jump: dict[Host, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def connection(self, host: Host) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """Open a connection to a host, through its jump hosts, and hang up at the end.

        Raises:
            VisitError: The host, or a jump host before it, could not be reached, verified or logged in to.
        """
        async with self.route(host) as tunnel:
            connection = await self._dial(host, tunnel)
            try:
                yield connection
            finally:
                await hang_up(connection, self.options.close_timeout_s)

    @asynccontextmanager
    async def route(self, host: Host) -> AsyncIterator[asyncssh.SSHClientConnection | None]:
        """Give the connection to go through, None for a direct one."""
        if host.jump is None:
            yield None
            return
        async with self.jumps.borrow(host.jump) as tunnel:
            yield tunnel

    @asynccontextmanager
    async def handshake(self, host: Host) -> AsyncIterator[None]:
        """Wait for a free handshake: first of the jump host's, then of the run's.

        Called when the jump connection is open already, so that nobody holds a place while waiting for another's.
        """
        async with AsyncExitStack() as places:
            if host.jump is not None:
                by_jump = self._handshakes_by_jump.setdefault(
                    host.jump, asyncio.Semaphore(self.options.max_handshakes_per_jump)
                )
                await places.enter_async_context(by_jump)
            await places.enter_async_context(self._handshakes)
            yield

    def connect_timeout_s(self, host: Host) -> float:
        """Give the time for TCP, key exchange and login together."""
        own = host.connection.connect_timeout_s
        return self.options.connect_timeout_s if own is None else own

    async def _dial(self, host: Host, tunnel: asyncssh.SSHClientConnection | None) -> asyncssh.SSHClientConnection:
        client = VerifyingClient(self._host_keys, host.address, host.connection.port)
        keys = self._credentials.keys_of(host.connection)
        password = self._credentials.password_of(host.connection)
        timeout_s = self.connect_timeout_s(host)
        async with self.handshake(host):
            try:
                async with asyncio.timeout(timeout_s), agent_keys(host.connection) as from_agent:
                    arguments = self._arguments(host, client, (*from_agent, *keys), password)
                    return await asyncssh.connect(host.address, host.connection.port, tunnel=tunnel, **arguments)
            except ConfigError:
                raise
            except Exception as error:  # asyncssh raises whatever a hostile peer makes it raise
                raise translate_failure(
                    error,
                    Attempt(
                        endpoint=endpoint_of(host),
                        user=host.connection.user,
                        timeout_s=timeout_s,
                        stage=client.stage,
                        verdict=client.verdict,
                        has_credentials=bool(keys) or password is not None or host.connection.use_agent,
                    ),
                ) from error

    def _arguments(
        self, host: Host, client: VerifyingClient, keys: tuple[object, ...], password: str | None
    ) -> dict[str, object]:
        """Give asyncssh's settings for one host. Every default that reads the user's home is switched off."""
        connection = host.connection
        from_config = connection.ssh_config is not None
        return {
            "config": [str(Path(connection.ssh_config).expanduser())] if connection.ssh_config is not None else None,
            "client_factory": lambda: client,
            "username": connection.user,
            # Lists of our own, never a file and never None (None would switch verification off). What they do not
            # settle, asyncssh asks VerifyingClient.
            "known_hosts": ((), (), revoked_keys(self._host_keys, host.address, connection.port), (), (), (), ()),
            "host_key_alias": host.address,
            "server_host_key_algs": list(wanted_algorithms(self._host_keys, host.address, connection.port)),
            "x509_trusted_certs": None,
            "x509_trusted_cert_paths": None,
            # A GSS key exchange proves no host key.
            "gss_host": None,
            "client_keys": list(keys) if keys else () if from_config else None,
            "agent_path": None,
            "agent_forwarding": False,
            "password": password,
            "host_based_auth": False,
            "public_key_auth": bool(keys) or from_config,
            "password_auth": password is not None,
            "kbdint_auth": password is not None,
            "encryption_algs": "^" + ",".join(self.options.ciphers) if self.options.ciphers and not from_config else (),
            "request_pty": False,
            "x11_forwarding": False,
            "encoding": None,
            "connect_timeout": None,
            "keepalive_interval": self.options.keepalive_s,
        }


def endpoint_of(host: Host) -> str:
    """Name a host's address as messages do."""
    return f"{host.address} port {host.connection.port}"


async def hang_up(connection: asyncssh.SSHClientConnection, timeout_s: float) -> None:
    """Close a connection; drop it when the goodbye takes longer than `timeout_s`."""
    connection.close()
    try:
        async with asyncio.timeout(timeout_s):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()
