"""Stamps and traces of units that packages brought and took away."""

from dataclasses import replace

import pytest

from fleetscan.analyse.installed import Installed
from fleetscan.analyse.past_units import explain_by_past, unit_of
from fleetscan.model.drift import ExplanationKind, Severity
from fleetscan.model.finding import Finding
from fleetscan.model.ids import SYSTEM, UnitName
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from tests.acceptance_data import finding

MARKS = {"package": "tidy", "verified": "verified"}


GONE = Installed(versions={"cron": "1"})


def told(kind: SubjectKind = SubjectKind.STAMP) -> Finding:
    found = finding(severity=Severity.LOW)
    key = SubjectKey(kind, SYSTEM, "tidy.timer")
    return replace(found, subject=Subject(key=key, fingerprint=found.subject.fingerprint))


def past(**marks: str) -> Artifact:
    return Artifact(
        kind=ArtifactKind.FILE,
        scope=SYSTEM,
        name="/usr/lib/systemd/system/tidy.timer",
        properties=tuple(sorted({**MARKS, **marks}.items())),
    )


def test_the_stamp_of_a_timer_that_went_with_its_package_is_explained() -> None:
    found = explain_by_past(told(), [past()], GONE)
    assert found.severity is Severity.INFO
    assert [proof.kind for proof in found.explanations] == [ExplanationKind.UNINSTALLED]


@pytest.mark.parametrize(
    ("files", "installed"),
    [
        ([], GONE),
        ([past()], Installed(versions={"tidy": "1"})),
        ([past()], Installed(timers={"tidy": frozenset({"tidy.timer"})})),
        ([past()], Installed(is_known=False)),
        ([past(verified="changed")], GONE),
        ([past(), past(verified="unowned", package="")], GONE),
    ],
    ids=["never seen", "still installed", "its file was deleted", "nobody could ask", "changed", "somebody's own, too"],
)
def test_everything_else_stays_as_it_is(files: list[Artifact], installed: Installed) -> None:
    assert explain_by_past(told(), files, installed) == told()


def test_a_name_that_a_package_left_does_not_excuse_what_systemd_run_started_under_it() -> None:
    trace = told(SubjectKind.TRACE)
    run = replace(trace.subject, unit_names=(UnitName("tidy.service"),), properties=(("command", "/bin/sh -c x"),))
    assert explain_by_past(replace(trace, subject=run), [past()], GONE).severity is Severity.LOW
    plain = replace(trace.subject, unit_names=(UnitName("tidy.service"),), properties=(("command", ""),))
    assert explain_by_past(replace(trace, subject=plain), [past()], GONE).severity is Severity.INFO


def test_a_trace_without_a_unit_names_none() -> None:
    trace = told(SubjectKind.TRACE)
    assert unit_of(trace) == ""
    named = replace(trace, subject=replace(trace.subject, unit_names=(UnitName("x.service"),)))
    assert unit_of(named) == "x.service"
