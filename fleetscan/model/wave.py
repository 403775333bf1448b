"""The same new or changed thing on many hosts within days: shown once, and never learned."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NewType

from fleetscan.model.drift import DriftKind, Severity
from fleetscan.model.finding import FindingId, Technique
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.subject import SubjectKey

WaveId = NewType("WaveId", str)
"""16 lower-case hexadecimal digits over what came: the same wave has it in every sweep, however far it got."""


@dataclass(frozen=True, slots=True, order=True)
class WaveMember:
    """One host that a wave reached.

    Attributes:
        at: When the thing was first seen there.
    """

    at: datetime
    host: HostName
    finding: FindingId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The same difference, with the same content, on many hosts.

    Attributes:
        kind: In what way it differs from what was normal.
        content: Of every member's finding.
        members: By time, then by host; each host once.
        severity: Of the worst member.
        technique: Of the worst member, None when its rules name none.
        explained: Whether packages prove each member innocent.
        approved_by: Number of the exception by which a person accepted it on all of these hosts, None for none.
    """

    id: WaveId
    key: SubjectKey
    kind: DriftKind
    content: Sha256
    members: tuple[WaveMember, ...]
    severity: Severity
    technique: Technique | None = None
    explained: bool = False
    approved_by: int | None = None

    @property
    def hosts(self) -> tuple[HostName, ...]:
        """Hosts in the order in which it reached them."""
        return tuple(member.host for member in self.members)

    @property
    def first_at(self) -> datetime:
        """When it was seen for the first time."""
        return self.members[0].at

    @property
    def last_at(self) -> datetime:
        """When it reached the last host."""
        return self.members[-1].at

    @property
    def spread(self) -> tuple[tuple[date, int], ...]:
        """How many hosts it reached on each day (UTC), days without any left out."""
        return tuple(sorted(Counter(member.at.astimezone(UTC).date() for member in self.members).items()))
