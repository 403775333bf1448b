"""Builders of findings and exceptions for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fleetscan.model.acceptance import ExceptionKind, ExceptionScope, FindingException
from fleetscan.model.baseline import Cohort, Prevalence
from fleetscan.model.drift import DriftItem, DriftKind, Explanation, Severity
from fleetscan.model.finding import Finding, FindingId, FindingLife, Hit, RuleId, Technique
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.subject import Subject
from tests.model_data import WEB, job

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BACKUP = job()


def content(digit: str) -> Sha256:
    """Give a digest that is one hexadecimal digit repeated."""
    return Sha256(digit * 64)


def finding(
    host: str = "web-1",
    *,
    subject: Subject = BACKUP,
    digest: str = "a",
    rules: Sequence[str] = ("FS-001",),
    cohort: Cohort = WEB,
    kind: DriftKind | None = DriftKind.ADDED,
    explanations: tuple[Explanation, ...] = (),
    first_seen_at: datetime | None = NOW,
    severity: Severity = Severity.HIGH,
) -> Finding:
    """Build a finding with one hit per rule; first seen when its drift was, which was absent a day before."""
    item = None
    if kind is not None:
        item = DriftItem(
            host=HostName(host),
            cohort=cohort,
            kind=kind,
            subject=subject,
            expected=None,
            prevalence=Prevalence(0, 9),
            reference="peers",
            first_seen_at=first_seen_at,
            last_absent_at=first_seen_at - DAY if first_seen_at else None,
        )
    return Finding(
        id=FindingId(f"{host}-{subject.key.name}"),
        host=HostName(host),
        cohort=cohort,
        subject=subject,
        severity=severity,
        content=content(digest),
        hits=tuple(
            Hit(rule=RuleId(rule), title="New timer", severity=severity, technique=Technique.PLAIN_PAIR)
            for rule in rules
        ),
        prevalence=Prevalence(0, 9),
        drift=(item,) if item else (),
        techniques=(Technique.PLAIN_PAIR,),
        explanations=explanations,
        life=FindingLife(first_seen_at=first_seen_at),
    )


def accepted(
    number: int = 1,
    *,
    kind: ExceptionKind = ExceptionKind.FINDING,
    rule: str = "",
    unit: str = "",
    digest: str = "",
    host: str = "",
    group: str = "",
    cohort: str = "",
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> FindingException:
    """Build an exception."""
    scope = ExceptionScope(
        rule=RuleId(rule) if rule else None,
        unit=unit,
        content=content(digest) if digest else None,
        host=host,
        group=group,
        cohort=cohort,
    )
    return FindingException(
        id=number,
        kind=kind,
        scope=scope,
        reason="known job",
        owner="web team",
        ticket="OPS-7",
        author="ada",
        created_at=NOW - 10 * DAY,
        expires_at=expires_at,
        revoked_at=revoked_at,
        revoked_by="eve" if revoked_at else "",
    )
