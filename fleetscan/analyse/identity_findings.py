"""From faults of identity to findings: rules FS-150 to FS-155, severity, evidence and sentence."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fleetscan.analyse.findings import content_of, finding_id
from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.analyse.identity import MAX_OTHERS
from fleetscan.analyse.identity_sentence import name_others, say_fault
from fleetscan.analyse.sentence import cut_text
from fleetscan.model.baseline import Cohort, Prevalence
from fleetscan.model.drift import Severity
from fleetscan.model.finding import EvidenceLine, Finding, Hit, RuleId, SeverityStep, Technique
from fleetscan.model.identity import IdentityAspect, IdentityFault, IdentityFaultKind
from fleetscan.model.ids import SYSTEM, HostName
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind

_FAR_OFF_S = 600.0
_MANY_HOSTS = 3
_ADVERSARY_IN_THE_MIDDLE = "T1557"


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    title: str
    aspect: IdentityAspect
    severity: Severity
    attack: tuple[str, ...] = ()


_RULES = {
    IdentityFaultKind.MACHINE_ID_CHANGED: _Rule(
        "FS-150", "The machine-id is another than on the visit before", IdentityAspect.MACHINE_ID, Severity.MEDIUM
    ),
    IdentityFaultKind.HOST_KEY_CHANGED: _Rule(
        "FS-151",
        "The host key is another than on the visit before",
        IdentityAspect.HOST_KEY,
        Severity.HIGH,
        (_ADVERSARY_IN_THE_MIDDLE,),
    ),
    IdentityFaultKind.HOST_KEY_REFUSED: _Rule(
        "FS-151",
        "The host key is not the enrolled one",
        IdentityAspect.HOST_KEY,
        Severity.HIGH,
        (_ADVERSARY_IN_THE_MIDDLE,),
    ),
    IdentityFaultKind.HOST_KEY_UNKNOWN: _Rule(
        "FS-151",
        "No host key is enrolled",
        IdentityAspect.HOST_KEY,
        Severity.HIGH,
        (_ADVERSARY_IN_THE_MIDDLE,),
    ),
    IdentityFaultKind.MACHINE_ID_SHARED: _Rule(
        "FS-152", "Several hosts have one machine-id", IdentityAspect.MACHINE_ID, Severity.MEDIUM
    ),
    IdentityFaultKind.HOST_KEY_SHARED: _Rule(
        "FS-152", "Several hosts have one host key", IdentityAspect.HOST_KEY, Severity.MEDIUM
    ),
    IdentityFaultKind.HOSTNAME_CHANGED: _Rule(
        "FS-153", "The hostname is another than on the visit before", IdentityAspect.HOSTNAME, Severity.LOW
    ),
    IdentityFaultKind.CLOCK_OFF: _Rule("FS-154", "The clock is wrong", IdentityAspect.CLOCK, Severity.LOW),
    IdentityFaultKind.MACHINE_ID_MISSING: _Rule(
        "FS-155", "There is no machine-id", IdentityAspect.MACHINE_ID, Severity.LOW
    ),
}


RULE_IDS: tuple[str, ...] = tuple(dict.fromkeys(rule.id for rule in _RULES.values()))
"""Of the rules of identity, which are not read from files."""


@dataclass(frozen=True, slots=True)
class FaultCounts:
    """How common faults are.

    Attributes:
        hosts: Hosts that were looked at.
        by_kind: Hosts by kind of fault.
    """

    hosts: int
    by_kind: Mapping[IdentityFaultKind, int]

    @staticmethod
    def of(hosts: int, faults: Iterable[IdentityFault]) -> "FaultCounts":
        """Count each host once for each kind."""
        return FaultCounts(hosts, Counter(kind for _, kind in {(fault.host, fault.kind) for fault in faults}))


def build_identity_findings(
    host: HostName, cohort: Cohort, faults: Sequence[IdentityFault], counts: FaultCounts
) -> tuple[Finding, ...]:
    """Build a finding for each aspect of a host's identity that is at fault.

    Args:
        host: Whose they are.
        cohort: Of the host; for one that was never read with nothing but its role.
        faults: All of this host.
        counts: Of all hosts that were visited with this one.

    Returns:
        By aspect; of several faults of one aspect the worst leads.
    """
    by_aspect: dict[IdentityAspect, list[IdentityFault]] = {}
    for fault in faults:
        by_aspect.setdefault(_RULES[fault.kind].aspect, []).append(fault)
    return tuple(_build(host, cohort, aspect, group, counts) for aspect, group in sorted(by_aspect.items()))


def _build(
    host: HostName, cohort: Cohort, aspect: IdentityAspect, faults: Sequence[IdentityFault], counts: FaultCounts
) -> Finding:
    judged = sorted(((_weigh(fault, counts), fault) for fault in faults), key=lambda pair: -pair[0][0])
    (severity, steps), leading = judged[0]
    subject = seal_subject(
        Subject(
            key=SubjectKey(SubjectKind.IDENTITY, SYSTEM, aspect.value),
            fingerprint=UNSEALED,
            properties=tuple(sorted(_tell(fault) for fault in faults)),
            summary=say_fault(leading),
        )
    )
    others = max(0, counts.by_kind.get(leading.kind, 0) - 1)
    return Finding(
        id=finding_id(host, subject.key),
        host=host,
        cohort=cohort,
        subject=subject,
        severity=severity,
        content=content_of(subject),
        hits=tuple(_build_hit(fault) for _, fault in judged),
        prevalence=Prevalence(others, max(0, counts.hosts - 1)),
        steps=steps,
        techniques=(Technique.IDENTITY,),
        sentence=f"{host} {say_fault(leading)}",
    )


def _build_hit(fault: IdentityFault) -> Hit:
    rule = _RULES[fault.kind]
    lines = [f"before: {fault.before}"] if fault.before else []
    if fault.reading is not None:
        reading = fault.reading
        lines += [
            f"the host's clock: {reading.remote_at.isoformat()}",
            f"the scanner's clock when the visit began: {reading.started_at.isoformat(timespec='seconds')}",
            f"the visit took {reading.duration_s:.1f} s",
        ]
    elif fault.after:
        lines.append(f"now: {fault.after}" if fault.before else fault.after)
    if fault.others:
        lines.append(f"also on {name_others(fault, MAX_OTHERS)}")
    return Hit(
        rule=RuleId(rule.id),
        title=rule.title,
        severity=rule.severity,
        technique=Technique.IDENTITY,
        attack=rule.attack,
        evidence=tuple(EvidenceLine(cut_text(line, 300)) for line in (*lines, *fault.notes)),
    )


def _weigh(fault: IdentityFault, counts: FaultCounts) -> tuple[Severity, tuple[SeverityStep, ...]]:
    """Give the severity of one fault, and why it is not its rule's own."""
    severity = _RULES[fault.kind].severity
    match fault.kind:
        case IdentityFaultKind.CLOCK_OFF:
            alike = counts.by_kind.get(fault.kind, 0)
            if counts.hosts >= _MANY_HOSTS and alike * 2 > counts.hosts:
                why = (
                    f"{alike} of {counts.hosts} clocks differ from the scanner's: it may be the scanner's that is wrong"
                )
                return Severity.INFO, (SeverityStep(Severity.INFO, why),)
            if abs(fault.offset_s) >= _FAR_OFF_S:
                return Severity.MEDIUM, (SeverityStep(Severity.MEDIUM, "ten minutes or more"),)
        case IdentityFaultKind.MACHINE_ID_SHARED | IdentityFaultKind.HOST_KEY_SHARED if fault.is_inherited:
            why = "all of these hosts had it from the first visit on: clones of one image"
            return Severity.INFO, (SeverityStep(Severity.INFO, why),)
        case IdentityFaultKind.HOST_KEY_UNKNOWN if fault.is_inherited:
            return Severity.MEDIUM, (SeverityStep(Severity.MEDIUM, "the host was never read: it is not enrolled yet"),)
    return severity, ()


def _tell(fault: IdentityFault) -> tuple[str, str]:
    """Give what a fault is, for the digest that exceptions hold for: no number that is another on every visit."""
    if fault.kind is IdentityFaultKind.CLOCK_OFF:
        size = "ten minutes or more" if abs(fault.offset_s) >= _FAR_OFF_S else "minutes"
        return fault.kind.value, f"{'ahead' if fault.offset_s > 0 else 'behind'} by {size}"
    if fault.others:
        return fault.kind.value, f"{fault.after} with {name_others(fault, MAX_OTHERS)}"
    return fault.kind.value, f"{fault.before} → {fault.after}" if fault.before else fault.after
