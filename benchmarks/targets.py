"""The hosts to visit and how to log in to them: all that a measured process is told."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Hosts that share a port, an account and a key.

    Attributes:
        hosts: Inventory name to address.
        roles: Inventory name to group.
        identity_file: Private key, without a passphrase.
        known_hosts: One plain line for each host.
        concurrency: Visits at one time, for every tool.
    """

    hosts: dict[str, str]
    roles: dict[str, str]
    port: int
    user: str
    identity_file: str
    known_hosts: str
    concurrency: int

    def first(self, count: int) -> Self:
        """Give the first hosts only."""
        names = list(self.hosts)[:count]
        return self.only({name: self.hosts[name] for name in names})

    def only(self, hosts: dict[str, str]) -> Self:
        """Give the same login for other hosts."""
        roles = {name: self.roles.get(name, "web") for name in hosts}
        return type(self)(**{**asdict(self), "hosts": hosts, "roles": roles})

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        return cls(**json.loads(path.read_text()))
