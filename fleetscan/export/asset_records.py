"""Hosts as assets, for systems that keep a register of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleetscan.export.outgoing import epoch_ms, fit_value, plain_record, plain_time
from fleetscan.model.digest import digest_json
from fleetscan.model.ids import Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRecord:
    """One host as a sweep found it.

    `findings` counts what is open at or above the sink's lowest severity, `worst` is the highest of them or empty.
    """

    host: str
    address: str
    groups: tuple[str, ...]
    role: str
    zone: str
    tags: tuple[str, ...]
    owner: str
    owner_email: str
    os: str
    systemd: int | None
    outcome: str
    reason: str
    findings: int
    worst: str

    @property
    def content(self) -> Sha256:
        """Digest over all of it: a host is told again when something of it is another."""
        return digest_json(plain_record(fit_value(self)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingAsset:
    """One host to tell.

    Attributes:
        at: When the sweep ended.
    """

    at: datetime
    record: AssetRecord

    @property
    def uid(self) -> str:
        """Identity of this news."""
        return f"{self.record.host}-{self.record.content[:16]}-{epoch_ms(self.at)}"

    def as_event(self) -> dict[str, Any]:
        """Give what a template sees."""
        host = plain_record(fit_value(self.record))
        return {"uid": self.uid, "occasion": "host", "at": plain_time(self.at), "host": host}
