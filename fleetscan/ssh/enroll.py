"""Enrolment: which keys does a host show, and are they the ones an administrator wrote down."""

import asyncio
from datetime import datetime

import asyncssh

from fleetscan.errors import VisitError
from fleetscan.model.host import Host
from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.connect import SshTransport
from fleetscan.ssh.dial import Dialer, endpoint_of
from fleetscan.ssh.hostkeys import HostKeyTable, fingerprint
from fleetscan.ssh.hostpattern import enrolment_pattern
from fleetscan.ssh.translate import Attempt, Stage, translate_failure
from fleetscan.ssh.verify import PLAIN_ALGORITHMS, VerifyingClient, encode_blob


async def fetch_host_keys(transport: SshTransport, host: Host, *, now: datetime, author: str) -> tuple[KnownKey, ...]:
    """Ask a host for its keys, one connection for each key type, without logging in. Nothing is accepted by this.

    Jump hosts on the way are verified and logged in to as always.

    Args:
        transport: Its limits, times and jump connections are used.
        host: Whose keys.
        now: Aware UTC time to record.
        author: Who asks.

    Returns:
        At most one key for each type, best type first; at least one.

    Raises:
        VisitError: The host could not be reached or shows no key of a common type.
    """
    keys: list[KnownKey] = []
    refusal: VisitError | None = None
    async with transport.dialer.route(host) as tunnel:
        for algorithms in PLAIN_ALGORITHMS:
            try:
                key = await _fetch_key(transport.dialer, host, algorithms, tunnel)
            except _NotOffered as error:
                refusal = error.failure
                continue
            keys.append(_known_key(host, key, now, author))
    if not keys and refusal is not None:
        raise refusal
    return tuple(keys)


class _NotOffered(Exception):  # noqa: N818 - a signal between two functions, not an error
    def __init__(self, failure: VisitError) -> None:
        super().__init__(failure.message)
        self.failure = failure


async def _fetch_key(
    dialer: Dialer, host: Host, algorithms: tuple[str, ...], tunnel: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHKey:
    port = host.connection.port
    observer = VerifyingClient(HostKeyTable.of(()), host.address, port)
    timeout_s = dialer.connect_timeout_s(host)
    async with dialer.handshake(host):
        try:
            async with asyncio.timeout(timeout_s):
                options = await asyncssh.SSHClientConnectionOptions.construct(
                    config=None, host=host.address, client_factory=lambda: observer, client_keys=None, agent_path=None
                )
                key = await asyncssh.get_server_host_key(
                    host.address,
                    port,
                    tunnel=tunnel,
                    config=None,
                    options=options,
                    server_host_key_algs=list(algorithms),
                )
        except Exception as error:  # asyncssh raises whatever a hostile peer makes it raise
            failure = translate_failure(
                error,
                Attempt(endpoint=endpoint_of(host), user="", timeout_s=timeout_s, stage=observer.stage),
            )
            # OpenSSH just closes when it has no key of the wanted type; others say so.
            if observer.stage is Stage.KEY_EXCHANGE and isinstance(
                error, asyncssh.KeyExchangeFailed | asyncssh.ConnectionLost | ConnectionError
            ):
                raise _NotOffered(failure) from error
            raise failure from error
    if key is None:
        raise VisitError(FailureKind.PROTOCOL_ERROR, f"{endpoint_of(host)} showed no host key")
    return key


def _known_key(host: Host, key: asyncssh.SSHKey, now: datetime, author: str) -> KnownKey:
    blob = encode_blob(key)
    return KnownKey(
        pattern=enrolment_pattern(host.address, host.connection.port),
        marker=KeyMarker.NONE,
        algorithm=key.get_algorithm(),
        blob=blob,
        fingerprint=fingerprint(blob),
        added_at=now,
        added_by=author,
        source="enroll",
    )
