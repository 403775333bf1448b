"""A rule that is ready to be asked."""

from collections.abc import Callable
from dataclasses import dataclass

from fleetscan.analyse.case import Case
from fleetscan.model.drift import Severity
from fleetscan.model.finding import EvidenceLine, RuleId, Technique
from fleetscan.model.subject import SubjectKind

Match = Callable[[Case], tuple[EvidenceLine, ...] | None]
"""Gives the lines that show why a case matches (perhaps none), None when it does not match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        severity: Before prevalence, provenance and combination move it.
        technique: What a match means; None for rules that only add weight.
        attack: Identifiers of ATT&CK.
        kinds: Subjects that it is asked of.
        needs_drift: Whether it is asked only of what differs from the reference.
        fixed: Whether prevalence and provenance leave its severity alone.
        weight_only: Whether it raises what other rules find and finds nothing by itself.
        about_new: Whether it speaks of what is new or rare already, so that being rare does not raise it once more.
        precedence: How special its technique is: of several that match, the highest one names the finding.
    """

    id: RuleId
    title: str
    severity: Severity
    technique: Technique | None
    attack: tuple[str, ...]
    rationale: str
    false_positives: str
    references: tuple[str, ...]
    kinds: frozenset[SubjectKind]
    needs_drift: bool
    fixed: bool
    weight_only: bool
    match: Match
    about_new: bool = False
    precedence: int = 0
