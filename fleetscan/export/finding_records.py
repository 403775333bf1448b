"""The records of findings, as lists give them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fleetscan.model.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """One line that shows why; `line` is 0 where none is meant."""

    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRecord:
    """One rule that matched; `severity` is the rule's own."""

    rule: str
    title: str
    severity: str
    technique: str
    attack: tuple[str, ...]
    evidence: tuple[EvidenceRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """One thing on one host that rules have something to say of.

    `technique` is the leading one of `techniques`, `rule` the leading one of `rules`; `drift` are the kinds of drift it
    shows; `why` tells step by step how the leading rule's severity became this one; `explained_by` are innocent proofs;
    `suppressed_by` is the number of the exception that holds for it. `seen` is false for what this sweep does not show:
    it is fixed, it could not be looked for, or the logs told of it once; of that only what is remembered is given.
    """

    id: str
    sweep: int
    host: str
    owner_email: str
    cohort: str
    severity: str
    state: str
    seen: bool
    technique: str
    techniques: tuple[str, ...]
    rule: str
    rules: tuple[str, ...]
    attack: tuple[str, ...]
    drift: tuple[str, ...]
    subject: str
    scope: str
    name: str
    units: tuple[str, ...]
    paths: tuple[str, ...]
    sentence: str
    provenance: str
    prevalence_count: int
    prevalence_of_hosts: int
    why: tuple[str, ...]
    hits: tuple[HitRecord, ...]
    explained_by: tuple[str, ...]
    suppressed_by: int | None
    content: str
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    fixed_at: datetime | None
    acknowledged_by: str


def build_finding_records(
    sweep: int, findings: Iterable[Finding], owners: dict[str, str], *, seen: bool = True
) -> list[FindingRecord]:
    """Build records in the order of the findings.

    Args:
        sweep: In which they were found.
        findings: Judged.
        owners: Mail addresses by host.
        seen: Whether the sweep shows them.
    """
    return [_build_record(sweep, finding, owners.get(finding.host, ""), seen=seen) for finding in findings]


def _build_record(sweep: int, finding: Finding, owner_email: str, *, seen: bool) -> FindingRecord:
    techniques = tuple(technique.value for technique in finding.techniques)
    return FindingRecord(
        id=finding.id,
        sweep=sweep,
        host=finding.host,
        owner_email=owner_email,
        cohort=str(finding.cohort),
        severity=finding.severity.label,
        state=finding.life.state.value,
        seen=seen,
        technique=techniques[0] if techniques else "",
        techniques=techniques,
        rule=finding.leading.rule,
        rules=tuple(dict.fromkeys(hit.rule for hit in finding.hits)),
        attack=tuple(dict.fromkeys(word for hit in finding.hits for word in hit.attack)),
        drift=tuple(dict.fromkeys(item.kind.value for item in finding.drift)),
        subject=finding.key.kind.value,
        scope=finding.key.scope,
        name=finding.key.name,
        units=tuple(finding.subject.unit_names),
        paths=finding.subject.paths,
        sentence=finding.sentence,
        provenance=finding.provenance.value,
        prevalence_count=finding.prevalence.count,
        prevalence_of_hosts=finding.prevalence.of_hosts,
        why=tuple(f"{step.reason}: {step.to.label}" for step in finding.steps),
        hits=tuple(
            HitRecord(
                rule=hit.rule,
                title=hit.title,
                severity=hit.severity.label,
                technique=hit.technique.value if hit.technique else "",
                attack=hit.attack,
                evidence=tuple(EvidenceRecord(text=e.text, path=e.path, line=e.line) for e in hit.evidence),
            )
            for hit in finding.hits
        ),
        explained_by=tuple(f"{proof.kind.value}: {proof.detail}" for proof in finding.explanations),
        suppressed_by=finding.suppressed_by,
        content=finding.content,
        first_seen_at=finding.life.first_seen_at,
        last_seen_at=finding.life.last_seen_at,
        fixed_at=finding.life.fixed_at,
        acknowledged_by=finding.life.acknowledged_by,
    )
