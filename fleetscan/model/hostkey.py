"""Host keys that an administrator accepted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KeyMarker(StrEnum):
    """The marker of a known_hosts line."""

    NONE = ""
    CERT_AUTHORITY = "@cert-authority"
    REVOKED = "@revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """One accepted key.

    Attributes:
        pattern: Host pattern as in known_hosts: inventory address, `[address]:port` when the port is not 22, or a glob
            for certificate authorities.
        algorithm: `ssh-ed25519`, …
        blob: Base64 of the public key, as in known_hosts.
        fingerprint: `SHA256:…` without padding.
        source: `enroll`, or the path of the known_hosts file.
    """

    pattern: str
    marker: KeyMarker
    algorithm: str
    blob: str
    fingerprint: str
    added_at: datetime
    added_by: str
    source: str
