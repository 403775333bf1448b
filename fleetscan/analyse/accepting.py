"""Findings after people have had their say: what exceptions leave of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from fleetscan.analyse.exceptions import Accepted, apply_exceptions
from fleetscan.analyse.judge import HostVerdict
from fleetscan.model.acceptance import FindingException
from fleetscan.model.drift import DriftItem, Explanation, ExplanationKind, Severity
from fleetscan.model.finding import Finding, SeverityStep
from fleetscan.model.subject import SubjectKey


def accept_verdict(
    verdict: HostVerdict, exceptions: Collection[FindingException], groups: Collection[str], now: datetime
) -> HostVerdict:
    """Give a host's verdict with exceptions applied; nothing disappears, what is accepted is `info`.

    Args:
        verdict: As rules found it.
        exceptions: In force or not.
        groups: Of the host.
        now: Decides which are in force.
    """
    if not exceptions or not verdict.findings:
        return verdict
    findings = [_accept(finding, exceptions, groups, now) for finding in verdict.findings]
    judged = {finding.key: finding for finding in findings}
    items = [_rate(item, judged) for item in verdict.drift.items]
    items.sort(key=lambda item: (-item.severity, item.key, item.kind.value))
    ranked = sorted(findings, key=lambda finding: (-finding.severity, finding.key))
    return HostVerdict(replace(verdict.drift, items=tuple(items)), tuple(ranked))


def _accept(
    finding: Finding, exceptions: Iterable[FindingException], groups: Collection[str], now: datetime
) -> Finding:
    accepted = apply_exceptions(finding, exceptions, groups, now)
    if not accepted.taken:
        return finding
    severity = _severity_left(finding, accepted)
    proof = Explanation(ExplanationKind.EXCEPTION, accepted.why)
    steps = finding.steps
    if severity is not finding.severity:
        steps = (*steps, SeverityStep(severity, accepted.why))
    return replace(
        finding,
        severity=severity,
        # What speaks for a finding that is accepted as a whole is still to be seen.
        hits=accepted.hits or finding.hits,
        steps=steps,
        explanations=(*finding.explanations, proof),
        suppressed_by=accepted.suppressed_by,
        drift=tuple(replace(item, severity=severity) for item in finding.drift),
    )


def _severity_left(finding: Finding, accepted: Accepted) -> Severity:
    if not accepted.hits:
        return Severity.INFO
    return min(finding.severity, max(hit.severity for hit in accepted.hits))


def _rate(item: DriftItem, judged: Mapping[SubjectKey, Finding]) -> DriftItem:
    finding = judged.get(item.key)
    return item if finding is None else replace(item, severity=finding.severity)
