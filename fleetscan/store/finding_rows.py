"""Findings as rows and back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from fleetscan.model.baseline import Cohort
from fleetscan.model.digest import digest_json
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding, FindingId, FindingLife, FindingState, Hit, Provenance, RuleId, Technique
from fleetscan.model.finding_event import FindingEvent
from fleetscan.model.ids import HostName, Scope, Sha256, SweepId
from fleetscan.model.subject import SubjectKey, SubjectKind
from fleetscan.store.codec import decode_value, encode_value
from fleetscan.store.packing import pack_document, unpack_document
from fleetscan.store.tables import FindingRow, HostRow

LIFE_COLUMNS = (
    FindingRow.state,
    FindingRow.first_seen_at,
    FindingRow.last_seen_at,
    FindingRow.first_sweep,
    FindingRow.last_sweep,
    FindingRow.fixed_at,
    FindingRow.acknowledged_by,
    FindingRow.acknowledged_at,
)
RECORD_COLUMNS = (
    FindingRow.id,
    HostRow.name.label("host"),
    FindingRow.kind,
    FindingRow.scope,
    FindingRow.name,
    FindingRow.severity,
    FindingRow.content,
    FindingRow.content_since_at,
    FindingRow.suppressed_by,
    FindingRow.acknowledged_reason,
    FindingRow.data,
    *LIFE_COLUMNS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingText:
    """What a finding said when its content or its judgement last changed; shown also when it is fixed."""

    cohort: Cohort
    title: str
    sentence: str
    hits: tuple[Hit, ...]
    techniques: tuple[Technique, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """A finding as it is remembered, without what a sweep must compute: the subject, drift and prevalence.

    Attributes:
        content_since_at: When this content was first seen, or seen again after it was fixed.
        suppressed_by: Number of the exception that held for it, None for none.
        acknowledged_reason: What the person who acknowledged it said, empty for nothing.
        title: Of the rule that speaks for it.
        hits: Worst first, at least one.
        techniques: The leading one first.
    """

    id: FindingId
    host: HostName
    key: SubjectKey
    severity: Severity
    content: Sha256
    content_since_at: datetime
    life: FindingLife
    suppressed_by: int | None
    acknowledged_reason: str
    cohort: Cohort
    title: str
    sentence: str
    hits: tuple[Hit, ...]
    techniques: tuple[Technique, ...]
    provenance: Provenance

    @property
    def rule(self) -> RuleId:
        """The rule that speaks for it."""
        return self.hits[0].rule


@dataclass(frozen=True, slots=True)
class FindingHistory:
    """A finding with everything that happened to it, oldest first."""

    finding: FindingRecord
    events: tuple[FindingEvent, ...]


def thing_of(key: SubjectKey) -> int:
    """Give 64 signed bits of a digest over a subject's identity: what an index can find it by, on all hosts."""
    digest = digest_json([key.kind.value, key.scope, key.name])
    return int.from_bytes(bytes.fromhex(digest)[:8], "big", signed=True)


def judgement_of(finding: Finding) -> dict[str, Any]:
    """Give the columns whose change makes a finding's row be written anew."""
    return {
        "rule": finding.leading.rule,
        "technique": finding.techniques[0].value if finding.techniques else "",
        "severity": int(finding.severity),
        "suppressed_by": finding.suppressed_by,
    }


def content_row(finding: Finding, host_id: int) -> dict[str, Any]:
    """Give all columns but those of its life."""
    text = FindingText(
        cohort=finding.cohort,
        title=finding.leading.title,
        sentence=finding.sentence,
        hits=finding.hits,
        techniques=finding.techniques,
        provenance=finding.provenance,
    )
    return {
        "id": finding.id,
        "host_id": host_id,
        "kind": finding.key.kind.value,
        "scope": finding.key.scope,
        "name": finding.key.name,
        "thing": thing_of(finding.key),
        "content": finding.content,
        "data": pack_document(encode_value(text, FindingText)),
        **judgement_of(finding),
    }


def life_row(life: FindingLife) -> dict[str, Any]:
    """Give the columns of a life, for a finding that is not fixed."""
    return {
        "state": life.state.value,
        "first_sweep": life.first_sweep,
        "first_seen_at": life.first_seen_at,
        "last_sweep": life.last_sweep,
        "last_seen_at": life.last_seen_at,
        "fixed_sweep": None,
        "fixed_at": None,
        "acknowledged_by": life.acknowledged_by,
        "acknowledged_at": life.acknowledged_at,
    }


def read_life(row: Row[*tuple[Any, ...]]) -> FindingLife:
    """Build a life from a row with `LIFE_COLUMNS`."""
    return FindingLife(
        state=FindingState(row.state),
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        first_sweep=SweepId(row.first_sweep),
        last_sweep=SweepId(row.last_sweep),
        fixed_at=row.fixed_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
    )


def read_key(row: Row[*tuple[Any, ...]]) -> SubjectKey:
    """Build the identity of a subject from a row with `kind`, `scope` and `name`."""
    return SubjectKey(SubjectKind(row.kind), Scope(row.scope), row.name)


def read_record(row: Row[*tuple[Any, ...]]) -> FindingRecord:
    """Build a finding from a row with `RECORD_COLUMNS`."""
    text = decode_value(unpack_document(row.data), FindingText)
    return FindingRecord(
        id=FindingId(row.id),
        host=row.host,
        key=read_key(row),
        severity=Severity(row.severity),
        content=row.content,
        content_since_at=row.content_since_at,
        life=read_life(row),
        suppressed_by=row.suppressed_by,
        acknowledged_reason=row.acknowledged_reason,
        cohort=text.cohort,
        title=text.title,
        sentence=text.sentence,
        hits=text.hits,
        techniques=text.techniques,
        provenance=text.provenance,
    )
