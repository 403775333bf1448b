"""Fetch host keys and accept them; nothing is accepted by fetching."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fleetscan.errors import VisitError
from fleetscan.model.host import Host
from fleetscan.model.hostkey import KnownKey
from fleetscan.model.ids import Clock, HostName
from fleetscan.ssh.connect import SshTransport
from fleetscan.ssh.enroll import fetch_host_keys
from fleetscan.ssh.hostkeys import HostKeyTable, KeyState
from fleetscan.store.store import Store

_AT_ONE_TIME = 40


class KeyStanding(StrEnum):
    """How a fetched key stands to what is known."""

    NEW = "new"
    LISTED = "matches the list"
    KNOWN = "known"
    CHANGED = "CHANGED"
    REVOKED = "REVOKED"
    MISMATCH = "NOT IN THE LIST"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One key that a host showed."""

    host: HostName
    key: KnownKey
    standing: KeyStanding


@dataclass(frozen=True, slots=True)
class Unreached:
    """A host that showed no key."""

    host: HostName
    reason: str


@dataclass(frozen=True, slots=True)
class FetchedKeys:
    """What all hosts showed, by host name."""

    candidates: tuple[Candidate, ...]
    failures: tuple[Unreached, ...]

    @property
    def known_count(self) -> int:
        """Keys that were accepted before."""
        return sum(c.standing is KeyStanding.KNOWN for c in self.candidates)

    @property
    def contradicted(self) -> tuple[Candidate, ...]:
        """Keys that contradict what was accepted before, or were revoked."""
        return tuple(c for c in self.candidates if c.standing in (KeyStanding.CHANGED, KeyStanding.REVOKED))

    @property
    def mismatched(self) -> bool:
        """Whether a host showed no key that stands in the list."""
        matched = {c.host for c in self.candidates if c.standing in (KeyStanding.LISTED, KeyStanding.KNOWN)}
        return any(c.standing is KeyStanding.MISMATCH and c.host not in matched for c in self.candidates)

    def acceptable(self, *, listed_only: bool) -> tuple[KnownKey, ...]:
        """Give the keys that may be stored.

        Args:
            listed_only: Only those whose fingerprint stands in the list.
        """
        good = (KeyStanding.LISTED,) if listed_only else (KeyStanding.LISTED, KeyStanding.NEW)
        return tuple(c.key for c in self.candidates if c.standing in good)


def fetch_keys(
    hosts: Sequence[Host],
    transport: SshTransport,
    known_keys: Iterable[KnownKey],
    *,
    expected: Mapping[str, frozenset[str]] | None,
    author: str,
    clock: Clock,
) -> FetchedKeys:
    """Ask hosts for their keys, without logging in.

    Args:
        hosts: Whom to ask.
        transport: How; jump hosts on the way must be enrolled already.
        known_keys: All keys that a sweep would accept: enrolled ones and those of known_hosts files.
        expected: Fingerprints by host name or address, lower case; None when a person will look.
        author: Who enrolls.
        clock: Now.
    """
    table = HostKeyTable.of(known_keys)
    shown = asyncio.run(_fetch_all(hosts, transport, author, clock))
    candidates: list[Candidate] = []
    failures: list[Unreached] = []
    for host in sorted(hosts, key=lambda h: h.name):
        answer = shown[host.name]
        if isinstance(answer, VisitError):
            failures.append(Unreached(host.name, answer.message))
            continue
        names = {host.name.lower(), host.address.lower()}
        listed = None if expected is None else frozenset(p for name in names for p in expected.get(name, ()))
        candidates.extend(Candidate(host.name, key, _stand(key, host, answer, table, listed)) for key in answer)
    return FetchedKeys(tuple(candidates), tuple(failures))


def accept_keys(store: Store, keys: Iterable[KnownKey]) -> None:
    """Store keys that a person, or a list a person made, has accepted."""
    store.keys.save_known_keys(keys)


def _stand(
    key: KnownKey,
    host: Host,
    shown: Sequence[KnownKey],
    table: HostKeyTable,
    listed: frozenset[str] | None,
) -> KeyStanding:
    """Judge one key as a sweep would. A known host may add a key of another type only beside one that is accepted."""
    address, port = host.address, host.connection.port

    def state(other: KnownKey) -> KeyState:
        return table.verdict(address, port, other.algorithm, other.blob).state

    match state(key):
        case KeyState.ACCEPTED:
            return KeyStanding.KNOWN
        case KeyState.REVOKED:
            return KeyStanding.REVOKED
        case KeyState.CHANGED:
            proven = any(state(other) is KeyState.ACCEPTED for other in shown)
            if not proven or key.algorithm in table.algorithms(address, port):
                return KeyStanding.CHANGED
        case KeyState.UNKNOWN:
            pass
    if listed is None:
        return KeyStanding.NEW
    return KeyStanding.LISTED if key.fingerprint in listed else KeyStanding.MISMATCH


async def _fetch_all(
    hosts: Sequence[Host], transport: SshTransport, author: str, clock: Clock
) -> dict[HostName, tuple[KnownKey, ...] | VisitError]:
    shown: dict[HostName, tuple[KnownKey, ...] | VisitError] = {}
    slots = asyncio.Semaphore(_AT_ONE_TIME)

    async def ask(host: Host) -> None:
        async with slots:
            try:
                shown[host.name] = await fetch_host_keys(transport, host, now=clock(), author=author)
            except VisitError as error:
                shown[host.name] = error

    transport.prepare_loop(asyncio.get_running_loop())
    async with transport, asyncio.TaskGroup() as group:
        for host in hosts:
            group.create_task(ask(host))
    return shown
