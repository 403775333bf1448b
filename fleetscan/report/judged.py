"""What rules say of the things of a report: why each is shown, and why it is as bad as it is."""

from collections import defaultdict
from collections.abc import Mapping

from fleetscan.model.drift import PEERS, DriftItem, DriftKind
from fleetscan.model.finding import Finding
from fleetscan.model.ids import HostName
from fleetscan.model.subject import SubjectKey
from fleetscan.report.inputs import ReportInputs
from fleetscan.report.pieces import RuleView
from fleetscan.report.visible import bounded_text

_CHARS = 400
_MAX_LINES = 8

Findings = Mapping[SubjectKey, Finding]


def index_findings(inputs: ReportInputs) -> Mapping[HostName, Findings]:
    """Give the findings of a report by host and subject."""
    found: defaultdict[HostName, dict[SubjectKey, Finding]] = defaultdict(dict)
    for finding in inputs.findings:
        found[finding.host][finding.key] = finding
    return found


def list_items(drift: tuple[DriftItem, ...], findings: Findings) -> tuple[DriftItem, ...]:
    """Give all that is to be shown of a host: its drift, and what rules judge although nothing differs."""
    differing = {item.key for item in drift}
    return (*drift, *(_show_standing(finding) for key, finding in findings.items() if key not in differing))


def list_rules(finding: Finding | None) -> tuple[RuleView, ...]:
    """Give the rules of a finding, the leading one first."""
    return tuple(
        RuleView(
            id=bounded_text(hit.rule, 60),
            title=bounded_text(hit.title, _CHARS),
            severity=hit.severity.label,
            attack=", ".join(bounded_text(word, 20) for word in hit.attack[:_MAX_LINES]),
            evidence=tuple(
                bounded_text(f"{line.text} ({line.path}:{line.line})" if line.line else line.text, _CHARS)
                for line in hit.evidence[:_MAX_LINES]
            ),
        )
        for hit in (finding.hits if finding else ())
    )


def tell_reasons(finding: Finding | None) -> tuple[str, ...]:
    """Say why a severity is what it is, and what explains or suppresses the finding."""
    if finding is None:
        return ()
    lines = [f"{finding.leading.severity.label} by rule {finding.leading.rule}"]
    lines += [f"{step.to.label}: {step.reason}" for step in finding.steps]
    lines += [f"explained by {proof.kind.value}: {proof.detail}" for proof in finding.explanations]
    return tuple(bounded_text(line, _CHARS) for line in lines[:20])


def _show_standing(finding: Finding) -> DriftItem:
    return DriftItem(
        host=finding.host,
        cohort=finding.cohort,
        kind=DriftKind.STANDING,
        subject=finding.subject,
        expected=None,
        prevalence=finding.prevalence,
        reference=PEERS,
        severity=finding.severity,
        sentence=finding.sentence,
        first_seen_at=finding.life.first_seen_at,
    )
