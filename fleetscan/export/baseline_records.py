"""The records of proposals and baselines; parts of the published, versioned schema."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """One person's approval."""

    author: str
    reason: str
    approved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRecord:
    """One proposal or baseline. `version` is null for proposals.

    `state` is proposed, awaiting (another approval), approved or retired. `source` is what it was made from (sweep,
    golden, previous, import), `note` says it in detail. `approvals` are all so far; the last needed one is repeated
    in `approved_at`, `approved_by` and `reason`.
    """

    id: int
    cohort: str
    version: int | None
    state: str
    sweep: int
    hosts: int
    min_prevalence: float
    proposed_at: datetime
    proposed_by: str
    approved_at: datetime | None
    approved_by: str
    reason: str
    source: str
    note: str
    approvals: tuple[ApprovalRecord, ...]
    rolled_back_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFormRecord:
    """One form of a subject.

    `targets` are the files that it runs and reads, each with what it is; `doors` what others than root may write of
    it; `hits` what rules said when it was proposed; `first_seen_at` since when one host has it; `note` why it is in or
    out where the share does not say so. With `any_target` any programs are accepted behind it.
    """

    summary: str
    state: str
    prevalence_count: int
    prevalence_of_hosts: int
    provenance: str
    any_target: bool
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    doors: tuple[str, ...]
    hits: tuple[str, ...]
    first_seen_at: datetime | None
    note: str
    meaning_sha256: str
    state_sha256: str
    raw_sha256: str
    target_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineItemRecord:
    """One subject of a proposal or baseline; `accepted` is false for outliers that the proposal leaves out.

    `why` says why an outlier is left out. `summary` is of the most common of `forms`.
    """

    cohort: str
    accepted: bool
    required: bool
    subject: str
    scope: str
    name: str
    summary: str
    prevalence_count: int
    prevalence_of_hosts: int
    hosts: tuple[str, ...]
    why: str
    forms: tuple[BaselineFormRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineChangeRecord:
    """One subject in which two baselines differ: `added`, `removed` or `changed`; `details` say in what."""

    kind: str
    subject: str
    scope: str
    name: str
    before: str
    after: str
    details: tuple[str, ...]
