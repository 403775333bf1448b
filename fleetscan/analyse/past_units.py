"""What a host's own past says of stamps and traces: the unit they speak of was there, and a package brought it."""

from collections.abc import Iterable
from dataclasses import replace

from fleetscan.analyse.installed import Installed
from fleetscan.model.drift import Explanation, ExplanationKind, Severity
from fleetscan.model.finding import Finding, SeverityStep
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import Artifact
from fleetscan.model.subject import SubjectKind

ASKED_KINDS = (SubjectKind.STAMP, SubjectKind.TRACE)


def unit_of(finding: Finding) -> str:
    """Name the unit that a stamp or trace speaks of; empty when it names none."""
    if finding.key.kind is SubjectKind.STAMP:
        return finding.key.name
    return finding.subject.unit_names[0] if finding.subject.unit_names else ""


def explain_by_past(finding: Finding, past: Iterable[Artifact], installed: Installed) -> Finding:
    """Give the finding, explained when every file of its unit that was ever seen was a package's that is gone now.

    A package is gone only when the database was read whole without it. Nothing explains what systemd-run started: a
    name that is free again can be taken by anybody.

    Args:
        finding: Of a stamp or a trace.
        past: Unit files of its unit's name that the host ever had.
        installed: Packages of the host.
    """
    files = tuple(past)
    owners = {artifact.property("package") for artifact in files}
    are_packaged = all(artifact.property("verified") == Verification.VERIFIED for artifact in files)
    if not files or not are_packaged or finding.severity is Severity.INFO or _was_started_by_hand(finding):
        return finding
    if not all(map(installed.is_gone, owners)):
        return finding
    detail = f"{', '.join(sorted(owners))} is not installed any more, and had brought {unit_of(finding)}"
    proof = Explanation(ExplanationKind.UNINSTALLED, detail)
    return replace(
        finding,
        severity=Severity.INFO,
        steps=(*finding.steps, SeverityStep(Severity.INFO, f"explained by {proof.kind.value}: {detail}")),
        explanations=(*finding.explanations, proof),
        drift=tuple(replace(item, severity=Severity.INFO) for item in finding.drift),
    )


def _was_started_by_hand(finding: Finding) -> bool:
    """Tell whether the logs have a command line: systemd tells one only of units that it was handed without a file."""
    return finding.key.kind is SubjectKind.TRACE and bool(dict(finding.subject.properties).get("command"))
