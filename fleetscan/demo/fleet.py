"""The embedded fleet: hosts on loopback that are swept over real SSH by the real probe."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncssh
import yaml

from fleetscan.demo.furnish import furnish_tree
from fleetscan.demo.image import DemoHost, build_tree, cast_fleet
from fleetscan.demo.intruder import TREE_TROUBLES, Plant, Trouble, choose_plants
from fleetscan.demo.server import LOOPBACK, HostServer
from fleetscan.demo.tree import HostTree
from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.model.ids import Clock


def _system_clock() -> datetime:
    return datetime.now(UTC)


class DemoFleet:
    """Use as an async context manager: hosts answer inside it, their folders stay behind afterwards.

    Args:
        folder: Where trees and the client key are written; made if it is not there.
        count: Number of hosts, at least 12.
        clock: What the hosts take for the time.

    Attributes:
        hosts: All hosts, by role and number.
        identity_file: Private key that logs in to all of them, as root.
    """

    def __init__(self, folder: Path, *, count: int = 24, clock: Clock = _system_clock) -> None:
        self.hosts: Sequence[DemoHost] = cast_fleet(count)
        self.identity_file = folder.resolve() / "id_ed25519"
        self._folder = folder.resolve()
        self._clock = clock
        self._trees: dict[str, HostTree] = {}
        self._servers: dict[str, HostServer] = {}
        self._known_lines: tuple[KnownKey, ...] = ()

    async def __aenter__(self) -> Self:
        """Write the trees and start all servers.

        Raises:
            OSError: The folder cannot be written, or no port is free.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        client_key = asyncssh.generate_private_key("ssh-ed25519", comment="fleetscan demo")
        self._save_identity(client_key)
        authorized = client_key.export_public_key().decode()
        now = self._clock()
        try:
            for host in self.hosts:
                self._trees[host.name] = build_tree(host)
                self._furnish(host, now)
                self._servers[host.name] = HostServer(self.tree_of(host.name), authorized)
                await self._servers[host.name].start()
        except BaseException:
            await self._stop()
            raise
        self._known_lines = tuple(self._known_key(host.name, now) for host in self.hosts)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all servers."""
        await self._stop()

    def tree_of(self, host: str) -> Path:
        """Give the folder that is a host's root."""
        return self._folder / "hosts" / host

    def port_of(self, host: str) -> int:
        """Give the port of a host on 127.0.0.1."""
        return self._servers[host].port

    def inventory_yaml(self) -> str:
        """Write the inventory of the fleet."""
        roles = {host.role.name: host.role for host in self.hosts}
        inventory = {
            "defaults": {"user": "root", "identity_file": str(self.identity_file), "zone": "demo"},
            "owners": {name: {"name": role.owner.name, "email": role.owner.email} for name, role in roles.items()},
            "groups": {name: {"owner": name} for name in roles},
            "hosts": {
                host.name: {"address": LOOPBACK, "port": self.port_of(host.name), "groups": [host.role.name]}
                for host in self.hosts
            },
        }
        return yaml.safe_dump(inventory, sort_keys=False)

    def known_keys(self) -> tuple[KnownKey, ...]:
        """Give the host keys as they were at the start, in the order of the hosts, as an enrolment would store them."""
        return self._known_lines

    def known_hosts(self) -> str:
        """Give the same keys as the text of a known_hosts file."""
        return "".join(f"{key.pattern} {key.algorithm} {key.blob}\n" for key in self._known_lines)

    async def plant(self) -> tuple[Plant, ...]:
        """Let everything go wrong that goes wrong in the demo; calling it again changes the same hosts again.

        Returns:
            What happened where, in words: the four plants first, then the three hosts that cannot be read any more.
        """
        plants = choose_plants(self.hosts)
        by_name = {host.name: host for host in self.hosts}
        now = self._clock()
        for plant in plants:
            if change := TREE_TROUBLES.get(plant.trouble):
                change(self._trees[plant.host])
                self._furnish(by_name[plant.host], now)
            else:
                await self._disturb(self._servers[plant.host], plant.trouble)
        return plants

    async def _disturb(self, server: HostServer, trouble: Trouble) -> None:
        """Make a host unreadable."""
        if trouble is Trouble.BROKEN:
            server.talks_junk = True
        elif trouble is Trouble.UNREACHABLE:
            await server.refuse()
        elif trouble is Trouble.CHANGED_KEY:
            await server.change_key()

    def _furnish(self, host: DemoHost, now: datetime) -> None:
        """Bring a host's answers and folder up to date with its tree."""
        furnish_tree(host, self._trees[host.name], now)
        self._trees[host.name].write(self.tree_of(host.name))

    def _save_identity(self, key: asyncssh.SSHKey) -> None:
        """Write the client's private key so that only this user can read it."""
        self.identity_file.unlink(missing_ok=True)
        handle = os.open(self.identity_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(key.export_private_key())

    def _known_key(self, host: str, now: datetime) -> KnownKey:
        """Give a host's key as an accepted one."""
        server = self._servers[host]
        algorithm, blob = server.host_key.export_public_key().decode().split()[:2]
        return KnownKey(
            pattern=f"[{LOOPBACK}]:{server.port}",
            marker=KeyMarker.NONE,
            algorithm=algorithm,
            blob=blob,
            fingerprint=server.host_key.get_fingerprint(),
            added_at=now,
            added_by="demo",
            source="enroll",
        )

    async def _stop(self) -> None:
        """Stop every server, also when some were never started."""
        for server in self._servers.values():
            await server.stop()
