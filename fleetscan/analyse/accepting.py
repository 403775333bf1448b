"""Findings after people have had their say: what exceptions leave of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from fleetscan.analyse.exceptions import Accepted, apply_exceptions, why_suppressed
from fleetscan.analyse.judge import HostVerdict
from fleetscan.analyse.waves import find_approvals
from fleetscan.model.acceptance import FindingException
from fleetscan.model.drift import DriftItem, Explanation, ExplanationKind, Severity
from fleetscan.model.finding import Finding, SeverityStep, Technique
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
    findings = [accept_finding(finding, exceptions, groups, now) for finding in verdict.findings]
    judged = {finding.key: finding for finding in findings}
    items = [_rate(item, judged) for item in verdict.drift.items]
    items.sort(key=lambda item: (-item.severity, item.key, item.kind.value))
    ranked = sorted(findings, key=lambda finding: (-finding.severity, finding.key))
    return HostVerdict(replace(verdict.drift, items=tuple(items)), tuple(ranked))


def accept_finding(
    finding: Finding, exceptions: Collection[FindingException], groups: Collection[str], now: datetime
) -> Finding:
    """Give a finding with exceptions applied, those for roll-outs among them."""
    accepted = apply_exceptions(finding, exceptions, groups, now)
    left = _take_hits(finding, accepted) if accepted.taken else finding
    if accepted.hits:
        approved = find_approvals([finding], tuple(exceptions), {finding.host: groups}, now).get(finding.id)
        if approved is not None:
            return _explain_by_wave(left, approved, exceptions)
    return left


def _take_hits(finding: Finding, accepted: Accepted) -> Finding:
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
        techniques=_techniques_left(finding, accepted) if accepted.hits else finding.techniques,
        explanations=(*finding.explanations, proof),
        suppressed_by=accepted.suppressed_by,
        drift=tuple(replace(item, severity=severity) for item in finding.drift),
    )


def _explain_by_wave(finding: Finding, number: int, exceptions: Iterable[FindingException]) -> Finding:
    exception = next(exception for exception in exceptions if exception.id == number)
    why = f"roll-out approved: {why_suppressed(exception)}"
    return replace(
        finding,
        severity=Severity.INFO,
        steps=(*finding.steps, SeverityStep(Severity.INFO, why)),
        explanations=(*finding.explanations, Explanation(ExplanationKind.WAVE, why)),
        suppressed_by=number,
        drift=tuple(replace(item, severity=Severity.INFO) for item in finding.drift),
    )


def _severity_left(finding: Finding, accepted: Accepted) -> Severity:
    if not accepted.hits:
        return Severity.INFO
    if accepted.hits[0] == finding.leading:
        return finding.severity  # what was taken away did not speak for it
    return min(finding.severity, max(hit.severity for hit in accepted.hits))


def _techniques_left(finding: Finding, accepted: Accepted) -> tuple[Technique, ...]:
    """Give the techniques that are not those of accepted rules alone."""
    gone = {hit.technique for hit, _number in accepted.taken} - {hit.technique for hit in accepted.hits}
    return tuple(technique for technique in finding.techniques if technique not in gone)


def _rate(item: DriftItem, judged: Mapping[SubjectKey, Finding]) -> DriftItem:
    finding = judged.get(item.key)
    return item if finding is None else replace(item, severity=finding.severity)
