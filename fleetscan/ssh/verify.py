"""The client side of one handshake: judges the host's key and remembers how far the connection came."""

import base64

import asyncssh

from fleetscan.ssh.hostkeys import HostKeyTable, KeyState, KeyVerdict
from fleetscan.ssh.translate import Stage

_CERTIFICATE_SUFFIX = "-cert-v01@openssh.com"
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
_PLAIN_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""Host key types that are accepted at all. SHA-1 signatures are not: every sshd of a systemd host can do better."""


def signature_algorithms(key_type: str) -> tuple[str, ...]:
    """Give the host key algorithms to ask for when a key of this type is wanted."""
    return _RSA_SIGNATURES if key_type == "ssh-rsa" else (key_type,)


PLAIN_ALGORITHMS = tuple(signature_algorithms(key_type) for key_type in _PLAIN_TYPES)
"""For each key type the algorithms to ask for; best type first."""


def wanted_algorithms(host_keys: HostKeyTable, address: str, port: int) -> tuple[str, ...]:
    """Give the host key algorithms to offer: what can be accepted first, then the rest.

    The rest is offered so that a server without any accepted key still shows one, and the outcome can name it.
    """
    known = [a for key_type in host_keys.algorithms(address, port) for a in signature_algorithms(key_type)]
    plain = [a for algorithms in PLAIN_ALGORITHMS for a in algorithms]
    certificates = [a + _CERTIFICATE_SUFFIX for a in plain] if host_keys.has_authority(address, port) else []
    supported = [a for a in known if a in plain]
    return tuple(dict.fromkeys([*certificates, *supported, *plain]))


class VerifyingClient(asyncssh.SSHClient):
    """Answers asyncssh's questions about one host's key from our table, by inventory address and port.

    The peer's IP address plays no part: a name that resolves elsewhere must still present the name's key.
    """

    def __init__(self, host_keys: HostKeyTable, address: str, port: int) -> None:
        self._host_keys = host_keys
        self._address = address
        self._port = port
        self._connection: asyncssh.SSHClientConnection | None = None
        self._login_began = False
        self.verdict: KeyVerdict | None = None

    @property
    def stage(self) -> Stage:
        """How far the handshake came."""
        if self._login_began:
            return Stage.LOGIN
        if self._connection is None:
            return Stage.TCP
        greeted = self._connection.get_extra_info("server_version") is not None
        return Stage.KEY_EXCHANGE if greeted else Stage.BANNER

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """Note that TCP is up."""
        self._connection = conn

    def begin_auth(self, username: str) -> None:  # noqa: ARG002 - asyncssh's signature
        """Note that the key exchange is done and the host key is verified."""
        self._login_began = True

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        """Judge a plain key."""
        self.verdict = self._host_keys.verdict(self._address, self._port, key.get_algorithm(), encode_blob(key))
        return self.verdict.state is KeyState.ACCEPTED

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        """Judge the authority behind a certificate; asyncssh checks names, dates and signature itself."""
        self.verdict = self._host_keys.authority_verdict(
            self._address, self._port, key.get_algorithm(), encode_blob(key)
        )
        return self.verdict.state is KeyState.ACCEPTED


def encode_blob(key: asyncssh.SSHKey) -> str:
    """Give a key as base64, as known_hosts has it."""
    return base64.b64encode(key.public_data).decode("ascii")


def revoked_keys(host_keys: HostKeyTable, address: str, port: int) -> tuple[asyncssh.SSHKey, ...]:
    """Give a host's revoked keys in asyncssh's form.

    They are handed to asyncssh too, because only asyncssh sees the key inside a certificate. A type that it does not
    know cannot be presented to it either.
    """
    keys: list[asyncssh.SSHKey] = []
    for known in host_keys.revoked(address, port):
        try:
            keys.append(asyncssh.import_public_key(f"{known.algorithm} {known.blob}"))
        except asyncssh.KeyImportError:
            continue
    return tuple(keys)
