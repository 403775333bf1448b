"""Which host keys are accepted. Parsed once, shared by every connection of a run."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.ssh.hostpattern import HostPattern, exact_names, lookup_names, parse_pattern


class KeyState(StrEnum):
    """What the table says of a key that a host presented."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyVerdict:
    """The judgement of one presented key.

    Attributes:
        algorithm: Type of the presented key.
        presented: Its fingerprint.
        expected: `SHA256:… (type)` of every key that would have been accepted, sorted; empty when none is known.
    """

    state: KeyState
    algorithm: str
    presented: str
    expected: tuple[str, ...] = ()


def fingerprint(blob: str) -> str:
    """Give `SHA256:…` without padding, as ssh-keygen prints it.

    Args:
        blob: Base64 of the public key, as in known_hosts.

    Raises:
        ValueError: It is not base64.
    """
    digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


class HostKeyTable:
    """Accepted keys by host. Build it with `of`.

    A look-up of a plain name is one dictionary access. Globs and hashed names are tried one by one (a hash costs about
    2 µs each), and the result is remembered.
    """

    def __init__(self, exact: dict[str, list[KnownKey]], patterns: list[tuple[HostPattern, KnownKey]]) -> None:
        self._exact = exact
        self._patterns = patterns
        self._found: dict[str, tuple[KnownKey, ...]] = {}

    @classmethod
    def of(cls, keys: Iterable[KnownKey]) -> "HostKeyTable":
        """Build a table from keys of any source.

        Raises:
            ValueError: A key's pattern is no host pattern; keys from `load_known_hosts` and `enroll` always have one.
        """
        exact: dict[str, list[KnownKey]] = defaultdict(list)
        patterns: list[tuple[HostPattern, KnownKey]] = []
        for key in keys:
            names = exact_names(key.pattern)
            if names is None:
                patterns.append((parse_pattern(key.pattern), key))
            for name in names or ():
                exact[name].append(key)
        return cls(dict(exact), patterns)

    def verdict(self, address: str, port: int, algorithm: str, blob: str) -> KeyVerdict:
        """Judge a plain host key.

        A host that has enrolled keys and presents none of them is `changed`, also when the type of the key differs: an
        impostor is free to choose the type.
        """
        return self._judge(address, port, algorithm, blob, KeyMarker.NONE)

    def authority_verdict(self, address: str, port: int, algorithm: str, blob: str) -> KeyVerdict:
        """Judge the key that signed a host certificate."""
        return self._judge(address, port, algorithm, blob, KeyMarker.CERT_AUTHORITY)

    def algorithms(self, address: str, port: int) -> tuple[str, ...]:
        """Give the types of the keys that are accepted for a host, sorted; ask the server for these."""
        return tuple(sorted({key.algorithm for key in self._keys(address, port, KeyMarker.NONE)}))

    def has_authority(self, address: str, port: int) -> bool:
        """Tell whether a certificate could be accepted for this host."""
        return bool(self._keys(address, port, KeyMarker.CERT_AUTHORITY))

    def revoked(self, address: str, port: int) -> tuple[KnownKey, ...]:
        """Give the keys that must never be accepted for a host."""
        return self._keys(address, port, KeyMarker.REVOKED)

    def _judge(self, address: str, port: int, algorithm: str, blob: str, marker: KeyMarker) -> KeyVerdict:
        presented = fingerprint(blob)
        accepted = self._keys(address, port, marker)
        expected = tuple(sorted({f"{key.fingerprint} ({key.algorithm})" for key in accepted}))
        if any(key.blob == blob for key in self.revoked(address, port)):
            return KeyVerdict(KeyState.REVOKED, algorithm, presented, expected)
        if any(key.blob == blob for key in accepted):
            return KeyVerdict(KeyState.ACCEPTED, algorithm, presented, expected)
        # A key of the bare address is honoured on every port, but does not say that another port must have it.
        own_name = lookup_names(address, port)[0]
        own = any(key.marker is marker for key in self._lookup(own_name))
        return KeyVerdict(KeyState.CHANGED if own else KeyState.UNKNOWN, algorithm, presented, expected)

    def _keys(self, address: str, port: int, marker: KeyMarker) -> tuple[KnownKey, ...]:
        return tuple(key for name in lookup_names(address, port) for key in self._lookup(name) if key.marker is marker)

    def _lookup(self, name: str) -> tuple[KnownKey, ...]:
        found = self._found.get(name)
        if found is None:
            matches = (key for pattern, key in self._patterns if pattern.matches(name))
            found = self._found[name] = (*self._exact.get(name, ()), *matches)
        return found
