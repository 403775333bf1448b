"""Weighing: how the severities of rules become that of a case, and why."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.case import Case, Setting
from fleetscan.analyse.rules.rule import Match, Rule
from fleetscan.analyse.weigh import Weighed, weigh_case
from fleetscan.model.baseline import Prevalence
from fleetscan.model.drift import DriftItem, DriftKind, Explanation, ExplanationKind, Severity
from fleetscan.model.finding import EvidenceLine, Provenance, RuleId, Technique
from fleetscan.model.ids import HostName
from fleetscan.model.subject import SubjectKind
from tests.model_data import WEB, job, read_stored

SUBJECT = job()
SOME = Prevalence(3, 11)
PROOF = Explanation(ExplanationKind.PACKAGE, "backup 1 → 2")


def rule(
    number: int = 1,
    severity: Severity = Severity.HIGH,
    *,
    technique: Technique | None = None,
    needs_drift: bool = False,
    fixed: bool = False,
    weight_only: bool = False,
    about_new: bool = False,
    precedence: int = 0,
    match: Match | None = None,
) -> Rule:
    return Rule(
        id=RuleId(f"T-{number:03}"),
        title=f"rule {number}",
        severity=severity,
        technique=technique,
        attack=("T1053.006",),
        rationale="why",
        false_positives="none",
        references=(),
        kinds=frozenset({SubjectKind.JOB}),
        needs_drift=needs_drift,
        fixed=fixed,
        weight_only=weight_only,
        about_new=about_new,
        precedence=precedence,
        match=match or (lambda _case: (EvidenceLine("seen"),)),
    )


def difference(kind: DriftKind = DriftKind.CHANGED, *proofs: Explanation, raw_only: bool = False) -> DriftItem:
    return DriftItem(
        host=HostName("web-1"),
        cohort=WEB,
        kind=kind,
        subject=SUBJECT,
        expected=SUBJECT,
        prevalence=Prevalence(0, 11),
        reference="peers",
        raw_only=raw_only,
        explanations=proofs,
    )


def case(
    *drift: DriftItem,
    provenance: Provenance = Provenance.UNOWNED,
    prevalence: Prevalence = SOME,
    hosts: int = 4,
    baseline: int | None = None,
) -> Case:
    return Case(
        subject=SUBJECT,
        setting=Setting(),
        contents=read_stored,
        provenance=provenance,
        prevalence=prevalence,
        seen=prevalence,
        hosts=hosts,
        drift=drift,
        baseline=baseline,
    )


def weigh(subject: Case, *rules: Rule) -> Weighed:
    found = weigh_case(subject, rules)
    assert found is not None
    assert (found.steps[-1].to if found.steps else found.hits[0].severity) is found.severity
    return found


COMMON = Prevalence(10, 11)
RARE = Prevalence(0, 11)


def test_nothing_that_matches_is_nothing() -> None:
    assert weigh_case(case(), [rule(match=lambda _case: None)]) is None
    assert weigh_case(case(), []) is None


def test_the_worst_rule_decides() -> None:
    found = weigh(case(), rule(1, Severity.LOW), rule(2, Severity.CRITICAL))
    assert found.severity is Severity.CRITICAL
    assert [hit.rule for hit in found.hits] == ["T-002", "T-001"]
    assert found.steps == ()


def test_rules_that_only_add_weight_find_nothing() -> None:
    assert weigh_case(case(), [rule(weight_only=True)]) is None
    assert weigh(case(), rule(1, weight_only=True), rule(2, Severity.LOW)).severity is Severity.HIGH


def test_a_rule_about_differences_is_not_asked_without_one() -> None:
    assert weigh_case(case(), [rule(needs_drift=True)]) is None
    assert weigh(case(difference()), rule(needs_drift=True)).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("given", "severity", "words"),
    [
        (case(provenance=Provenance.VERIFIED), Severity.MEDIUM, "belongs to a package"),
        (case(prevalence=COMMON, hosts=11), Severity.MEDIUM, "on 10 of 11 comparable hosts"),
        (case(prevalence=COMMON, hosts=11, provenance=Provenance.VERIFIED), Severity.MEDIUM, "package"),
        (case(prevalence=RARE, hosts=1), Severity.CRITICAL, "on 1 host only, of 12"),
        (case(prevalence=Prevalence(1, 11), hosts=2), Severity.CRITICAL, "on 2 hosts only"),
        (case(difference(DriftKind.ADDED, PROOF)), Severity.INFO, "explained by package: backup 1 → 2"),
        (case(baseline=4), Severity.INFO, "baseline 4"),
        (case(difference(DriftKind.CHANGED), provenance=Provenance.VERIFIED), Severity.MEDIUM, "package"),
    ],
)
def test_a_step_is_told_with_its_reason(given: Case, severity: Severity, words: str) -> None:
    found = weigh(given, rule())
    assert found.severity is severity
    assert len(found.steps) == 1
    assert words in found.steps[0].reason


@pytest.mark.parametrize(
    "given",
    [
        case(prevalence=Prevalence(8, 11)),
        case(prevalence=Prevalence(4, 4), hosts=5),
        case(prevalence=Prevalence(0, 9), hosts=1),
        case(prevalence=RARE, hosts=3),
        case(difference(DriftKind.ADDED)),
        case(difference(DriftKind.ADDED, PROOF), difference(DriftKind.WRITABLE)),
        case(difference(DriftKind.STATE), prevalence=COMMON, provenance=Provenance.VERIFIED),
        case(difference(DriftKind.REMOVED), prevalence=COMMON),
        case(difference(DriftKind.WRITABLE), provenance=Provenance.VERIFIED),
        case(difference(DriftKind.VIEW), prevalence=COMMON),
        case(difference(DriftKind.TARGET), provenance=Provenance.VERIFIED),
    ],
)
def test_what_says_nothing_about_innocence_moves_nothing(given: Case) -> None:
    found = weigh(given, rule())
    assert found.severity is Severity.HIGH
    assert found.steps == ()


def test_fixed_rules_are_not_judged_milder() -> None:
    found = weigh(case(provenance=Provenance.VERIFIED), rule(fixed=True))
    assert found.severity is Severity.HIGH
    mixed = weigh(case(provenance=Provenance.VERIFIED), rule(1, Severity.CRITICAL), rule(2, Severity.HIGH, fixed=True))
    assert mixed.severity is Severity.HIGH


def test_rules_about_what_is_new_are_not_raised_once_more() -> None:
    assert weigh(case(prevalence=RARE, hosts=1), rule(about_new=True)).severity is Severity.HIGH


def test_what_is_told_for_completeness_is_never_raised() -> None:
    assert weigh(case(prevalence=RARE, hosts=1), rule(1, Severity.INFO)).severity is Severity.INFO


def test_three_reasons_together_are_worse_than_each() -> None:
    found = weigh(case(), rule(1), rule(2, Severity.LOW), rule(3, Severity.LOW, technique=Technique.DROP_IN))
    assert found.severity is Severity.CRITICAL
    assert found.steps[0].reason == "3 reasons together"


def test_rules_that_say_the_same_are_one_reason() -> None:
    alike = [rule(number, technique=Technique.DROP_IN) for number in range(1, 6)]
    assert weigh(case(), *alike, rule(6, technique=Technique.CHANGE), rule(7, Severity.INFO)).severity is Severity.HIGH


def test_nothing_is_worse_than_critical() -> None:
    three = [rule(number, Severity.CRITICAL) for number in range(1, 4)]
    found = weigh(case(prevalence=RARE, hosts=1), *three)
    assert found.severity is Severity.CRITICAL
    assert found.steps == ()


def test_an_explained_change_of_bytes_does_not_excuse_what_stands_there() -> None:
    explained = case(difference(DriftKind.CHANGED, PROOF, raw_only=True))
    assert weigh(explained, rule(needs_drift=True)).severity is Severity.INFO
    assert weigh(explained, rule(1, needs_drift=True), rule(2, Severity.LOW)).severity is Severity.LOW


def test_the_most_special_technique_names_the_case() -> None:
    found = weigh(
        case(),
        rule(1, Severity.CRITICAL, technique=Technique.PLAIN_PAIR, precedence=10),
        rule(2, Severity.LOW, technique=Technique.LINK_OUT, precedence=78),
        rule(3, Severity.CRITICAL),
    )
    assert found.techniques == (Technique.LINK_OUT, Technique.PLAIN_PAIR)
    assert found.hits[0].rule == "T-001"


severities = st.sampled_from(list(Severity))
rules_of_any_kind = st.lists(
    st.builds(
        rule,
        st.integers(1, 999),
        severities,
        technique=st.sampled_from([None, *Technique]),
        needs_drift=st.booleans(),
        fixed=st.booleans(),
        weight_only=st.booleans(),
        about_new=st.booleans(),
        precedence=st.integers(0, 100),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)
cases_of_any_kind = st.builds(
    lambda drift, provenance, count, hosts, baseline: case(
        *drift, provenance=provenance, prevalence=Prevalence(count, 11), hosts=hosts, baseline=baseline
    ),
    st.lists(
        st.builds(
            lambda kind, proofs, raw: difference(kind, *proofs, raw_only=raw),
            st.sampled_from([kind for kind in DriftKind if kind is not DriftKind.STANDING]),
            st.lists(st.just(PROOF), max_size=1),
            st.booleans(),
        ),
        max_size=3,
    ),
    st.sampled_from(list(Provenance)),
    st.integers(0, 11),
    st.integers(1, 12),
    st.sampled_from([None, 3]),
)


@given(cases_of_any_kind, rules_of_any_kind, st.randoms())
def test_the_order_of_rules_makes_no_difference(given: Case, rules: list[Rule], random: object) -> None:
    shuffled = list(rules)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a `random.Random`
    assert weigh_case(given, rules) == weigh_case(given, shuffled)


@given(cases_of_any_kind, rules_of_any_kind, st.data())
def test_one_more_rule_never_makes_a_case_milder(given: Case, rules: list[Rule], data: st.DataObject) -> None:
    more = data.draw(st.builds(rule, st.just(1000), severities, technique=st.none(), fixed=st.booleans()))
    before, after = weigh_case(given, rules), weigh_case(given, [*rules, more])
    assert after is None or before is None or after.severity >= before.severity


@given(cases_of_any_kind, rules_of_any_kind)
def test_a_worse_rule_never_makes_a_case_milder(given: Case, rules: list[Rule]) -> None:
    worse = [replace(one, severity=Severity(min(one.severity + 1, Severity.CRITICAL))) for one in rules]
    before, after = weigh_case(given, rules), weigh_case(given, worse)
    if before is not None and after is not None:
        assert after.severity >= before.severity


@given(cases_of_any_kind, rules_of_any_kind)
def test_every_step_has_a_reason_and_the_last_one_is_the_severity(given: Case, rules: list[Rule]) -> None:
    found = weigh_case(given, rules)
    if found is not None:
        assert all(step.reason for step in found.steps)
        assert not found.steps or found.steps[-1].to is found.severity


def test_that_a_generator_may_have_written_it_does_not_excuse_what_it_does() -> None:
    generated = Explanation(ExplanationKind.GENERATED, "all generators are normal")
    is_new, does_harm = rule(1, Severity.MEDIUM, needs_drift=True), rule(2, Severity.HIGH)
    assert weigh(case(difference(DriftKind.ADDED, generated)), is_new).severity is Severity.INFO
    assert weigh(case(difference(DriftKind.ADDED, generated)), is_new, does_harm).severity is Severity.HIGH
    assert weigh(case(difference(DriftKind.ADDED, generated, PROOF)), is_new, does_harm).severity is Severity.INFO
