"""What a cohort normally has, and who said so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.subject import Subject, SubjectKey


@dataclass(frozen=True, slots=True)
class Prevalence:
    """On how many of how many comparable hosts a thing is seen. Always both numbers."""

    count: int
    of_hosts: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 when there is no comparable host."""
        return self.count / self.of_hosts if self.of_hosts else 0.0

    def __str__(self) -> str:
        return f"{self.count} of {self.of_hosts}"


WIDENED = "*"
"""Stands for any value in a cohort that is wider than the rule's own."""


@dataclass(frozen=True, slots=True, order=True)
class Cohort:
    """The hosts that should look alike: role × OS id × version.

    Attributes:
        role: The group, or what a rule puts in its place: several values joined by `+`, `web+dmz`.
        os_id: `WIDENED` for any; then the version is, too.
        os_version_id: `WIDENED` for any.
    """

    role: str
    os_id: str
    os_version_id: str

    def __str__(self) -> str:
        """Give `web/debian-12`, wider `web/debian-*`, `web/*`, and `*` for the whole fleet."""
        if self.os_id == WIDENED:
            return WIDENED if self.role == WIDENED else f"{self.role}/{WIDENED}"
        return f"{self.role}/{self.os_id or 'unknown'}-{self.os_version_id or 'rolling'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What a person who decides should know of one form, as it was when it was proposed.

    Attributes:
        hits: Rules that say something of it, worst first: `high FS-004: runs from a world-writable folder`.
        first_seen_at: Since when one host, the first by name that has it, has all of it; None when not looked up.
        note: Why it is in or out where the share alone does not say so, in plain words; empty for nothing to say.
    """

    hits: tuple[str, ...] = ()
    first_seen_at: datetime | None = None
    note: str = ""


NO_REMARKS = Remarks()


@dataclass(frozen=True, slots=True)
class Variant:
    """One accepted form of a subject, with how common it was.

    Attributes:
        any_target: The hosts agree on the units and not on the files that these run; any of those is accepted.
    """

    subject: Subject
    prevalence: Prevalence
    any_target: bool = False
    remarks: Remarks = NO_REMARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineItem:
    """One subject of a baseline.

    Attributes:
        variants: Accepted forms, most common first; at least one.
        prevalence: Hosts with any form of it.
        required: Whether a host without it has drifted (`removed`).
    """

    key: SubjectKey
    variants: tuple[Variant, ...]
    prevalence: Prevalence
    required: bool


class OutlierReason(StrEnum):
    """Why a proposal leaves a form out."""

    FEW_HOSTS = "too few hosts"
    DISAGREE = "hosts do not agree"
    """Hosts have the subject in forms of which none is common enough."""
    ALONE = "on a single host"
    """Of a cohort that is too small to tell what is common, and nothing else vouches for it."""
    QUESTIONABLE = "questionable"
    """A rule of high severity or above speaks against it and no package vouches for it."""
    NOT_GOLDEN = "not on a golden host"
    NOT_CHOSEN = "not chosen"
    """It is not in the version before, and nobody chose it."""
    LEFT_OUT = "left out by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A form of a subject that a proposal leaves out.

    Attributes:
        hosts: Sorted; empty for what a person left out.
    """

    subject: Subject
    prevalence: Prevalence
    hosts: tuple[HostName, ...]
    reason: OutlierReason = OutlierReason.FEW_HOSTS
    remarks: Remarks = NO_REMARKS


class ProposalSource(StrEnum):
    """What a proposal was made from."""

    SWEEP = "sweep"
    """The complete visits of a sweep."""
    GOLDEN = "golden"
    """Hosts that a person named as good."""
    PREVIOUS = "previous"
    """The version before, with drift that a person chose."""
    IMPORT = "import"
    """A file that was reviewed elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a baseline could be, computed from one sweep; nothing is accepted until a person approves it.

    Attributes:
        hosts: How many complete visits it is computed from.
        skipped: Hosts of the cohort that were not used, with the reason (partial, failed).
        items: Sorted by key.
        outliers: Sorted by key; not part of the baseline.
        note: In plain words, what it was made from: `golden hosts web1, web2`; empty for none.
    """

    cohort: Cohort
    sweep: SweepId
    hosts: int
    skipped: tuple[tuple[HostName, str], ...]
    min_prevalence: float
    items: tuple[BaselineItem, ...]
    outliers: tuple[Outlier, ...]
    source: ProposalSource = ProposalSource.SWEEP
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who accepted a baseline, when and why."""

    author: str
    reason: str
    approved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The approved state of a cohort. Never changed; a newer version replaces it.

    Attributes:
        approval: The one that made it current.
        approvals: Of all persons who approved it, in order; the last is `approval`.
        rolled_back_to: The version whose items these are again, None when it is no rollback.
    """

    id: int
    cohort: Cohort
    version: int
    sweep: SweepId
    hosts: int
    min_prevalence: float
    approval: Approval
    items: tuple[BaselineItem, ...]
    approvals: tuple[Approval, ...] = ()
    rolled_back_to: int | None = None
