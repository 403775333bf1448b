"""What the scanner logs in with. Everything is loaded once per run, before the first packet."""

import os
import stat
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncssh

from fleetscan.errors import ConfigError, VisitError
from fleetscan.model.host import Connection, SecretRef
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.keyfile import ClientKey, load_client_key
from fleetscan.ssh.secret import Secret, fetch_secret

KeyArgument = asyncssh.SSHKey | asyncssh.SSHKeyPair | tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]
"""One key in a form that asyncssh takes."""

_AGENT_HINT = "Start ssh-agent and add a key (ssh-add), or set agent: false in the inventory."


class Credentials:
    """Keys and secrets of one run.

    Values are fetched when first asked for and then kept in memory; `prepare` asks for all of them, so that a missing
    key stops the run and not its five hundredth host.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[str, SecretRef | None], ClientKey] = {}
        self._secrets: dict[SecretRef, Secret] = {}

    def prepare(self, connections: Iterable[Connection]) -> None:
        """Load all that these connections log in with.

        Raises:
            ConfigError: The first thing that is missing or wrong.
        """
        for connection in dict.fromkeys(connections):
            self.keys_of(connection)
            self.password_of(connection)
            if connection.use_agent:
                _agent_path()

    def keys_of(self, connection: Connection) -> tuple[KeyArgument, ...]:
        """Give the key files' keys, in the inventory's order; a key with a certificate is offered with it first.

        Raises:
            ConfigError: A key cannot be loaded.
        """
        keys: list[KeyArgument] = []
        for name in connection.identity_files:
            client_key = self._client_key(name, connection.passphrase)
            if client_key.certificate is None:
                keys.append(client_key.key)
            else:
                keys.append((client_key.key, client_key.certificate))
        return tuple(keys)

    def password_of(self, connection: Connection) -> str | None:
        """Give the password, None when the inventory asks for none.

        Raises:
            ConfigError: The secret cannot be fetched.
        """
        return None if connection.password is None else self._secret(connection.password).reveal()

    def _client_key(self, name: str, passphrase: SecretRef | None) -> ClientKey:
        known = self._keys.get((name, passphrase))
        if known is None:
            fetch = None if passphrase is None else partial(self._secret, passphrase)
            known = self._keys[name, passphrase] = load_client_key(name, fetch)
        return known

    def _secret(self, ref: SecretRef) -> Secret:
        known = self._secrets.get(ref)
        if known is None:
            known = self._secrets[ref] = fetch_secret(ref)
        return known


def _agent_path() -> str:
    path = os.environ.get("SSH_AUTH_SOCK", "")
    if not path:
        raise ConfigError("ssh-agent is asked for and SSH_AUTH_SOCK is not set", hint=_AGENT_HINT)
    try:
        is_socket = stat.S_ISSOCK(Path(path).stat().st_mode)
    except OSError as error:
        raise ConfigError(f"ssh-agent's socket {path} cannot be reached: {error.strerror}", hint=_AGENT_HINT) from error
    if not is_socket:
        raise ConfigError(f"SSH_AUTH_SOCK names {path}, which is no socket", hint=_AGENT_HINT)
    return path


@asynccontextmanager
async def agent_keys(connection: Connection) -> AsyncIterator[tuple[asyncssh.SSHKeyPair, ...]]:
    """Give the agent's keys while a login lasts; none when the inventory does not ask for the agent.

    Each login has its own agent connection: asyncssh's agent keys carry the chosen signature algorithm and cannot be
    shared by logins that run at one time.

    Raises:
        ConfigError: There is no agent.
        VisitError: It does not answer.
    """
    if not connection.use_agent:
        yield ()
        return
    path = _agent_path()
    try:
        agent = await asyncssh.connect_agent(path)
        keys = tuple(await agent.get_keys())
    except (OSError, ValueError) as error:
        raise VisitError(FailureKind.AUTH_FAILED, f"ssh-agent at {path} does not answer", hint=_AGENT_HINT) from error
    async with agent:
        yield keys
