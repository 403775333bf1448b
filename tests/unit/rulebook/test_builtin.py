"""The rules that come along: their own tests, what they cover, and that they leave a stock host alone."""

from itertools import product

import pytest

from fleetscan.analyse.case import Case, Setting
from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.analyse.rules.conditions import compile_condition
from fleetscan.analyse.weigh import weigh_case
from fleetscan.model.baseline import Prevalence
from fleetscan.model.drift import DriftItem, DriftKind, TargetChange
from fleetscan.model.finding import Provenance, Technique
from fleetscan.model.ids import SYSTEM, HostName, UnitName
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from fleetscan.rulebook.load import WrittenRule, load_written
from fleetscan.rulebook.trials import run_trials
from tests.model_data import WEB, job, read_stored

WRITTEN = load_written()
RULES = tuple(written.rule for written in WRITTEN)
TIMER = "[Timer]\nOnCalendar=daily\n"
SERVICE = "[Service]\nExecStart=/usr/bin/true\n"
VENDOR = "/usr/lib/systemd/system"
NOT_BY_RULES = frozenset({SubjectKind.IDENTITY})
"""Judged where hosts are told apart."""


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: str(written.rule.id))
def test_a_rule_passes_its_own_tests(written: WrittenRule) -> None:
    outcomes = run_trials(written.entry, written.rule)
    assert [outcome for outcome in outcomes if not outcome.passed] == []
    assert {outcome.expected for outcome in outcomes} == {True, False}


def test_there_is_a_rule_for_every_technique_that_rules_tell() -> None:
    told = {rule.technique for rule in RULES}
    assert set(Technique) - told == {Technique.IDENTITY}


def test_the_published_ids_are_there() -> None:
    published = {f"FS-{number:03}" for number in range(1, 33)}
    assert published - {rule.id for rule in RULES} == set()


def test_rules_say_why_and_what_innocent_things_they_match() -> None:
    for rule in RULES:
        assert rule.rationale.strip().endswith("."), rule.id
        assert rule.false_positives.strip(), rule.id
        assert "placeholder" not in rule.rationale, rule.id


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: str(written.rule.id))
def test_conditions_compile_alone(written: WrittenRule) -> None:
    compile_condition(written.entry.match)


def difference_of(kind: DriftKind, subject_kind: SubjectKind) -> DriftItem:
    subject: Subject = job()
    if subject_kind is not SubjectKind.JOB:
        key = SubjectKey(subject_kind, SYSTEM, "thing.service" if subject_kind is SubjectKind.UNIT else "/some/thing")
        subject = seal_subject(Subject(key=key, fingerprint=subject.fingerprint, properties=(("a", "b"),)))
    contradiction = Disagreement(DisagreementKind.CHANGED_SINCE_LOAD, UnitName("x.timer"), "differs")
    return DriftItem(
        host=HostName("web-1"),
        cohort=WEB,
        kind=kind,
        subject=subject,
        expected=None if kind is DriftKind.ADDED else subject,
        prevalence=Prevalence(0, 11),
        reference="peers",
        targets=(TargetChange(path="/x", before="a", after="b"),) if kind is DriftKind.TARGET else (),
        doors=("/x deploy:deploy 0777",) if kind is DriftKind.WRITABLE else (),
        disagreements=(contradiction,) if kind is DriftKind.VIEW else (),
    )


def case_of(item: DriftItem) -> Case:
    return Case(
        subject=item.subject,
        setting=Setting(),
        contents=read_stored,
        provenance=Provenance.UNKNOWN,
        prevalence=Prevalence(0, 11),
        seen=Prevalence(0, 11),
        drift=(item,),
    )


UNITS = (SubjectKind.JOB, SubjectKind.UNIT)
NEVER_CHANGED = frozenset({SubjectKind.LINGER, SubjectKind.STAMP})
"""They are there or not."""
THINGS = [kind for kind in SubjectKind if kind not in NOT_BY_RULES]
POSSIBLE = [
    *product((DriftKind.ADDED, DriftKind.REMOVED), THINGS),
    *product((DriftKind.CHANGED,), [kind for kind in THINGS if kind not in NEVER_CHANGED]),
    *product((DriftKind.STATE, DriftKind.TARGET, DriftKind.WRITABLE, DriftKind.VIEW), UNITS),
]


@pytest.mark.parametrize(("kind", "subject_kind"), POSSIBLE, ids=lambda value: str(value.value))
def test_every_difference_is_judged_by_a_rule(kind: DriftKind, subject_kind: SubjectKind) -> None:
    weighed = weigh_case(case_of(difference_of(kind, subject_kind)), RULES)
    assert weighed is not None
    assert weighed.hits
