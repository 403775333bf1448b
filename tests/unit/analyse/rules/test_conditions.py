"""Conditions: what holds, what is refused, and what is shown."""

import pytest

from fleetscan.analyse.case import Case, Setting
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.rules.compile import compile_match
from fleetscan.analyse.rules.conditions import ConditionError, compile_condition
from fleetscan.analyse.rules.features import FeatureStore
from fleetscan.model.baseline import Prevalence
from fleetscan.model.finding import EvidenceLine, Provenance
from fleetscan.model.ids import Sha256
from fleetscan.model.subject import Subject, SubjectKind
from tests.model_data import job, read_stored

BOTH = frozenset({SubjectKind.JOB, SubjectKind.UNIT})


def case_of(subject: Subject, contents: Contents = read_stored) -> Case:
    return Case(
        subject=subject,
        setting=Setting(),
        contents=contents,
        provenance=Provenance.UNOWNED,
        prevalence=Prevalence(0, 0),
        seen=Prevalence(0, 0),
    )


def ask(conditions: object, subject: Subject | None = None) -> tuple[EvidenceLine, ...] | None:
    match = compile_match(conditions, BOTH, FeatureStore(), needs_drift=False)
    return match(case_of(subject or job()))


@pytest.mark.parametrize(
    "conditions",
    [
        {"kind": "job"},
        {"kind": ["unit", "job"]},
        {"kind": {"in": ["job"]}},
        {"as_root": True},
        {"transient": False},
        {"stems": "backup"},
        {"stems": {"starts_with": "back"}},
        {"stems": {"ends_with": ["up", "down"]}},
        {"run_as": {"longer_than": 3}},
        {"interval_s": {"at_least": 86_000, "at_most": 87_000}},
        {"command.path": {"matches": "^/usr/bin/[a-z]+$"}},
        {"command.line": {"contains": "backup"}},
        {"not": {"kind": "unit"}},
        {"any": [{"kind": "unit"}, {"kind": "job"}]},
        {"all": [{"kind": "job"}, {"scope": "system"}]},
        {"each": {"command": {"directive": "ExecStart"}}},
        {"some": {"command": {"not": {"inline": True}}}},
        {"some": {"command": {"any": [{"name": "x"}, {"name": "backup"}]}}},
    ],
    ids=str,
)
def test_a_condition_holds(conditions: object) -> None:
    assert ask(conditions) is not None


@pytest.mark.parametrize(
    "conditions",
    [
        {"kind": "unit"},
        {"as_root": False},
        {"stems": {"starts_with": "up"}},
        {"run_as": {"longer_than": 4}},
        {"interval_s": {"at_most": 60}},
        {"kind": "job", "scope": "user"},
        {"not": {"kind": "job"}},
        {"all": [{"kind": "job"}, {"scope": "user"}]},
        {"each": {"command": {"directive": "ExecStop"}}},
        {"each": {"link": {"name": "nothing"}}},
    ],
    ids=str,
)
def test_a_condition_does_not_hold(conditions: object) -> None:
    assert ask(conditions) is None


def test_conditions_on_one_element_have_to_hold_of_the_same_one() -> None:
    subject = job(exec_start=["/usr/bin/one --fast", "-/usr/bin/two"])
    together = {"some": {"command": {"path": "/usr/bin/one", "prefixes": {"contains": "-"}}}}
    apart = {"command.path": "/usr/bin/one", "command.prefixes": {"contains": "-"}}
    assert ask(together, subject) is None
    assert ask(apart, subject) is not None


def test_what_is_unknown_is_neither_true_nor_false() -> None:
    subject = job()
    assert ask({"account.login": False}, subject) is None
    assert ask({"account.login": True}, subject) is None
    assert ask({"slower": {"at_least": 0}}, subject) is None


def test_a_match_is_shown_with_its_place() -> None:
    lines = ask({"command.path": {"starts_with": "/usr/bin/"}})
    assert lines == (EvidenceLine("ExecStart=/usr/bin/backup", "/etc/systemd/system/backup.service", 2),)


def test_what_must_not_hold_is_not_shown() -> None:
    assert ask({"not": {"command.path": "/bin/other"}}) == ()


def test_lists_without_elements_are_not_fulfilled_by_each() -> None:
    assert ask({"each": {"command": {"inline": False}}}, job(exec_start=[])) is None


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({}, "expected a mapping"),
        ([], "expected a mapping"),
        ({"colour": "red"}, "there is no field 'colour'"),
        ({"command.colour": "red"}, "command.path"),
        ({"some": {"colour": {}}}, "expected one of"),
        ({"some": {"command": {"colour": "red"}}}, "has no 'colour'"),
        ({"some": {"command": {}}}, "expected a mapping"),
        ({"kind": {"resembles": "job"}}, "no operator 'resembles'"),
        ({"kind": {}}, "expected a value"),
        ({"kind": {"at_least": 3}}, "can never hold"),
        ({"as_root": "yes"}, "can never hold"),
        ({"interval_s": {"matches": "6"}}, "can never hold"),
        ({"command.path": {"matches": "("}}, "not a regular expression"),
        ({"command.path": {"matches": "(a+)+"}}, "for ever"),
        ({"command.path": {"starts_with": 3}}, "expected a text"),
        ({"all": []}, "expected a list"),
        ({"any": {"kind": "job"}}, "expected a list"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_with_its_place(conditions: object, words: str) -> None:
    with pytest.raises(ConditionError, match=words):
        compile_condition(conditions)


def test_conditions_that_are_nested_too_deep_are_refused() -> None:
    deep: dict[str, object] = {"kind": "job"}
    for _ in range(40):
        deep = {"not": deep}
    with pytest.raises(ConditionError, match="deep"):
        compile_condition(deep)


def test_what_depends_on_the_form_alone_is_asked_once_for_all_hosts() -> None:
    asked: list[Sha256] = []

    def contents(sha256: Sha256) -> bytes | None:
        asked.append(sha256)
        return read_stored(sha256)

    match = compile_match({"oddity.what": "nul", "share": 0}, BOTH, FeatureStore(), needs_drift=False)
    subject = job()
    for _ in range(3):
        assert match(case_of(subject, contents)) is None
    assert len(asked) == len(subject.sources)


def test_two_forms_are_not_taken_for_each_other() -> None:
    match = compile_match({"command.path": "/usr/bin/other"}, BOTH, FeatureStore(), needs_drift=False)
    assert match(case_of(job())) is None
    assert match(case_of(job(exec_start="/usr/bin/other"))) is not None


def test_a_rule_is_not_asked_of_other_kinds_and_not_without_a_difference() -> None:
    units = frozenset({SubjectKind.UNIT})
    assert compile_match({"kind": "job"}, units, FeatureStore(), needs_drift=False)(case_of(job())) is None
    assert compile_match({"kind": "job"}, BOTH, FeatureStore(), needs_drift=True)(case_of(job())) is None
