"""A host of the inventory and how to reach it."""

from dataclasses import dataclass, field
from enum import StrEnum

from fleetscan.model.ids import HostName


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a host and gets its mail."""

    name: str
    email: str


class SecretKind(StrEnum):
    """Where a secret is fetched from, at the moment it is needed."""

    ENV = "env"
    FILE = "file"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A pointer to a secret; the secret itself is never held in the inventory, the database or a log."""

    kind: SecretKind
    value: str


class ProbeStart(StrEnum):
    """How the probe comes to run on a host."""

    SENT = "sent"
    """It is sent on standard input of `/bin/sh`; nothing has to lie on the host."""
    INSTALLED = "installed"
    """It lies there as a file that only root may change, and only that file is started."""


DEFAULT_PROBE_PATH = "/usr/local/libexec/fleetscan-probe"
"""Where an installed probe lies unless the inventory says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to log in to one host, after defaults, groups and the host's own settings are merged.

    Attributes:
        user: Account on the host.
        port: TCP port of sshd.
        identity_files: Private key files, tried in order; empty means no key file.
        passphrase: Where the passphrase of the key files comes from.
        password: Where the account's password comes from.
        use_agent: Whether keys of the running ssh-agent are offered.
        sudo: Whether the probe may be raised with `sudo -n`.
        probe: Whether the probe is sent or lies on the host.
        probe_path: Where it lies: absolute, of letters, digits and `._-` only, so that no shell, sudoers file or
            authorized_keys file has to quote it.
        ssh_config: An OpenSSH client configuration to honour, None for none.
        connect_timeout_s: Seconds for TCP, key exchange and login together; None takes the sweep's default.
        visit_timeout_s: Seconds for the whole visit; None takes the sweep's default.
    """

    user: str
    port: int = 22
    identity_files: tuple[str, ...] = ()
    passphrase: SecretRef | None = None
    password: SecretRef | None = None
    use_agent: bool = False
    sudo: bool = False
    probe: ProbeStart = ProbeStart.SENT
    probe_path: str = DEFAULT_PROBE_PATH
    ssh_config: str | None = None
    connect_timeout_s: float | None = None
    visit_timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One machine of the inventory, completely resolved.

    Attributes:
        name: Inventory name, unique.
        address: Name or IP address to connect to.
        owner: Who gets its mail.
        groups: Groups in declared order, nearest first, each followed by its ancestors; no repeats.
        jump: The host to go through, itself resolved (so a chain of any length); None for a direct connection.
        failure_domain: Hosts that share one are not visited many at a time; empty for none.
    """

    name: HostName
    address: str
    connection: Connection
    owner: Owner
    groups: tuple[str, ...] = ()
    zone: str = "default"
    jump: "Host | None" = None
    tags: frozenset[str] = field(default_factory=frozenset)
    failure_domain: str = ""

    @property
    def role(self) -> str:
        """The group that decides the cohort: the first declared, `ungrouped` when there is none."""
        return self.groups[0] if self.groups else "ungrouped"
