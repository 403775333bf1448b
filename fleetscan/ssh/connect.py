"""The transport that a sweep uses: verified sessions on hosts. See `fleetscan.sweep.ports`."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Self, cast

import asyncssh

from fleetscan.errors import VisitError
from fleetscan.model.host import Host
from fleetscan.ssh.channel import WINDOW_BYTES, SshChannel
from fleetscan.ssh.credentials import Credentials
from fleetscan.ssh.dial import Dialer, endpoint_of
from fleetscan.ssh.hostkeys import HostKeyTable, fingerprint
from fleetscan.ssh.options import SshOptions, prepare_loop
from fleetscan.ssh.sshconfig import check_ssh_config
from fleetscan.ssh.translate import Attempt, Stage, translate_failure
from fleetscan.ssh.verify import encode_blob


class SshTransport:
    """Opens sessions; one for each run and event loop.

    Used as a context (`async with transport:`) it keeps connections to jump hosts open between the hosts behind them.
    """

    def __init__(self, options: SshOptions, host_keys: HostKeyTable, credentials: Credentials) -> None:
        self._options = options
        self.dialer = Dialer(options, host_keys, credentials)
        self._credentials = credentials
        self._holding: AbstractAsyncContextManager[None] | None = None

    async def __aenter__(self) -> Self:
        self._holding = self.dialer.jumps.hold()
        await self._holding.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._holding is not None:
            await self._holding.__aexit__(kind, error, trace)

    def prepare(self, hosts: Iterable[Host]) -> None:
        """Load all keys and secrets these hosts and their jump hosts need, before any packet is sent.

        Raises:
            ConfigError: The first thing that is missing or wrong.
        """
        all_hosts = tuple(dict.fromkeys(station for host in hosts for station in _stations(host)))
        self._credentials.prepare(host.connection for host in all_hosts)
        for host in all_hosts:
            if host.connection.ssh_config is not None:
                check_ssh_config(host, host.connection.ssh_config)

    def prepare_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the loop what the connections of a run need."""
        prepare_loop(loop, self._options)

    @asynccontextmanager
    async def connect(self, host: Host) -> AsyncIterator["SshSession"]:
        """Open a verified session; leaving the context closes it.

        Raises:
            VisitError: Unreachable, timeout, auth failed, host key changed or unknown, protocol error.
        """
        async with self.dialer.connection(host) as connection:
            yield SshSession(connection, host, self.dialer.connect_timeout_s(host))


class SshSession:
    """A logged-in, verified connection."""

    def __init__(self, connection: asyncssh.SSHClientConnection, host: Host, start_timeout_s: float) -> None:
        self._connection = connection
        self._host = host
        self._start_timeout_s = start_timeout_s

    @property
    def host_key(self) -> str:
        """`SHA256:…` of the verified host key (of the key in the certificate, where a certificate was presented)."""
        key = self._connection.get_server_host_key()
        return "" if key is None else fingerprint(encode_blob(key))

    @asynccontextmanager
    async def run(self, command: str) -> AsyncIterator[SshChannel]:
        """Start one command without a terminal. Leaving the context aborts it.

        Raises:
            VisitError: The host refused, did not answer in time, or the connection was lost.
        """
        try:
            async with asyncio.timeout(self._start_timeout_s):
                channel, session = await self._connection.create_session(
                    SshChannel, command, encoding=None, request_pty=False, window=WINDOW_BYTES
                )
        except Exception as error:  # asyncssh raises whatever a hostile peer makes it raise
            raise self._failure(error) from error
        try:
            yield cast("SshChannel", session)  # made by the factory above
        finally:
            channel.abort()

    def _failure(self, error: Exception) -> VisitError:
        attempt = Attempt(
            endpoint=endpoint_of(self._host),
            user=self._host.connection.user,
            timeout_s=self._start_timeout_s,
            stage=Stage.SESSION,
        )
        return translate_failure(error, attempt)


def _stations(host: Host) -> Iterable[Host]:
    """Give a host and the jump hosts before it, nearest first."""
    current: Host | None = host
    while current is not None:
        yield current
        current = current.jump
