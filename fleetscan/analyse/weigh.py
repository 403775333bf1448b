"""How bad all that rules say of a case is together, and why it is not what the worst of them says by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fleetscan.analyse.case import Case
from fleetscan.analyse.rules.rule import Rule
from fleetscan.model.drift import DriftKind, ExplanationKind, Severity
from fleetscan.model.finding import EvidenceLine, Hit, Provenance, SeverityStep, Technique

COMMON_SHARE = 0.8
COMMON_OF = 5
"""On this share of at least so many comparable hosts a form is common."""
RARE_HOSTS = 2
RARE_OF = 10
"""On so few hosts of at least so many comparable ones it is rare."""
COMBINED = 3
"""So many reasons make a thing worse than each of them says; rules of one technique are one reason."""

_MAX_DETAIL = 200
_OF_CONTENT = frozenset({DriftKind.ADDED, DriftKind.CHANGED})
"""Differences in what a thing is. Of the others neither packages nor equal hosts say that they are innocent."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What rules say of a case together.

    Attributes:
        severity: After all steps.
        steps: How it became what it is, in order; empty when it is the worst rule's own.
        hits: Worst first, the more special one first where they are equal.
        techniques: The most special first, none twice.
    """

    severity: Severity
    steps: tuple[SeverityStep, ...]
    hits: tuple[Hit, ...]
    techniques: tuple[Technique, ...]


_Match = tuple[Rule, tuple[EvidenceLine, ...]]


def weigh_case(case: Case, rules: Sequence[Rule]) -> Weighed | None:
    """Ask all rules of a case; the order of the rules makes no difference.

    Returns:
        None when no rule says anything, or only rules that add weight do.
    """
    kind, differs = case.subject.key.kind, bool(case.drift)
    matched: list[_Match] = []
    for rule in rules:
        if kind in rule.kinds and (differs or not rule.needs_drift):
            lines = rule.match(case)
            if lines is not None:
                matched.append((rule, lines))
    if all(rule.weight_only for rule, _lines in matched):
        return None
    matched.sort(key=lambda match: (-match[0].severity, -match[0].precedence, match[0].id))
    severity, steps = _weigh(case, [rule for rule, _lines in matched])
    special = sorted(matched, key=lambda match: (-match[0].precedence, -match[0].severity, match[0].id))
    techniques = dict.fromkeys(rule.technique for rule, _lines in special if rule.technique is not None)
    return Weighed(severity, steps, tuple(_build_hit(*match) for match in matched), tuple(techniques))


def _weigh(case: Case, rules: Sequence[Rule]) -> tuple[Severity, tuple[SeverityStep, ...]]:
    """Give the severity of rules, worst first, and the steps to it."""
    proof = _find_proof(case)
    standing = [rule for rule in rules if not rule.needs_drift]
    is_open = _rests_on_generator(case) and any(rule.severity > Severity.INFO for rule in standing)
    settled = proof if not is_open and (_is_about_difference(case) or not standing) else ""
    settled = settled or _find_acceptance(case)
    scale = _Scale(rules[0].severity)
    running = _about_processes(case, rules) if settled else []
    if running:  # packages and baselines speak of files, and of no process
        rules = running
        scale.put(rules[0].severity, f"its files: {settled}")
    elif settled:
        scale.put(Severity.INFO, settled)
        return scale.result
    elif proof:  # of bytes alone, or of nobody's text: what stands there is judged as before
        rules = standing
        scale.put(rules[0].severity, proof)
    lowering = _find_lowering(case)
    if lowering and scale.severity > _worst_fixed(rules):
        scale.move(-1, lowering)
    worst = [rule for rule in rules if rule.severity is rules[0].severity]
    is_rare = case.hosts <= RARE_HOSTS and case.prevalence.of_hosts >= RARE_OF
    if is_rare and scale.severity > Severity.INFO and not all(rule.about_new for rule in worst):
        hosts = "host" if case.hosts == 1 else "hosts"
        scale.move(1, f"on {case.hosts} {hosts} only, of {case.prevalence.of_hosts + 1}")
    reasons = _count_reasons(rules)
    if reasons >= COMBINED:
        scale.move(1, f"{reasons} reasons together")
    return scale.result


@dataclass(slots=True)
class _Scale:
    """A severity that moves, and remembers why."""

    severity: Severity
    steps: list[SeverityStep] = field(default_factory=list)

    def move(self, by: int, reason: str) -> None:
        """Go up or down, never beyond the ends."""
        self.put(Severity(min(max(self.severity + by, Severity.INFO), Severity.CRITICAL)), reason)

    def put(self, severity: Severity, reason: str) -> None:
        """Go to a severity; nothing is told when it is there already."""
        if severity is not self.severity:
            self.severity = severity
            self.steps.append(SeverityStep(severity, reason))

    @property
    def result(self) -> tuple[Severity, tuple[SeverityStep, ...]]:
        """What it came to."""
        return self.severity, tuple(self.steps)


def _count_reasons(rules: Sequence[Rule]) -> int:
    """Count what speaks against a case: techniques, and rules without one; a mere change is no reason of its own."""
    telling = [rule for rule in rules if rule.severity > Severity.INFO and rule.technique is not Technique.CHANGE]
    return len({rule.technique.value if rule.technique is not None else rule.id for rule in telling})


def _find_proof(case: Case) -> str:
    """Say what explains all that differs; empty when something is left."""
    if not case.drift or not all(item.explanations for item in case.drift):
        return ""
    proofs = dict.fromkeys(proof for item in case.drift for proof in item.explanations)
    told = "; ".join(f"{proof.kind.value}: {proof.detail}" for proof in proofs)
    return f"explained by {told}"[:_MAX_DETAIL]


def _about_processes(case: Case, rules: Sequence[Rule]) -> list[Rule]:
    """Give the rules that speak of nothing but what was seen running."""
    if not case.processes:
        return []
    still = replace(case, processes=())
    return [rule for rule in rules if rule.match(still) is None]


def _rests_on_generator(case: Case) -> bool:
    """Tell whether nothing but a generator is said to have written something: of such a text nobody knows what it does.

    Where generators write root may write as well; what stands there is judged as on hosts that differ in nothing.
    """
    return any({proof.kind for proof in item.explanations} == {ExplanationKind.GENERATED} for item in case.drift)


def _is_about_difference(case: Case) -> bool:
    return any(not item.raw_only for item in case.drift)


def _find_acceptance(case: Case) -> str:
    if case.baseline is None:
        return ""
    return f"baseline {case.baseline} has it in this form"


def _find_lowering(case: Case) -> str:
    """Say why a case is milder than its rules; of two reasons one counts."""
    if any(item.raw_only or item.kind not in _OF_CONTENT for item in case.drift):
        return ""
    if case.provenance is Provenance.VERIFIED:
        return "every file belongs to a package, unchanged"
    common = case.prevalence
    if common.of_hosts >= COMMON_OF and common.share >= COMMON_SHARE:
        return f"on {common} comparable hosts"
    return ""


def _worst_fixed(rules: Sequence[Rule]) -> int:
    """Give the severity below which nothing is lowered; -1 when there is no such rule."""
    return max((rule.severity.value for rule in rules if rule.fixed), default=-1)


def _build_hit(rule: Rule, lines: tuple[EvidenceLine, ...]) -> Hit:
    return Hit(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        technique=rule.technique,
        attack=rule.attack,
        evidence=lines,
    )
