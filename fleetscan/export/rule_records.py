"""The records of rules and of their tests; parts of the published, versioned schema."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRecord:
    """One rule: what it finds, how bad that is, and why. `file` is empty for those that come along."""

    id: str
    title: str
    severity: str
    technique: str
    attack: tuple[str, ...]
    kinds: tuple[str, ...]
    needs_drift: bool
    fixed: bool
    weight_only: bool
    precedence: int
    rationale: str
    false_positives: str
    references: tuple[str, ...]
    tests: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestRecord:
    """One test of a rule: whether it had to match (`expected`), and whether it did."""

    rule: str
    name: str
    expected: bool
    matched: bool
    passed: bool
    file: str
