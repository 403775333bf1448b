"""The checklist as a whole: one result for each control, and none passes on what was not read."""

import re
from dataclasses import replace

import pytest

from fleetscan.analyse.controls.checklist import CONTROLS, check_state, check_unread, check_visit, sort_results
from fleetscan.analyse.controls.evidence import MAX_EVIDENCE, VisitEvidence, conclude, count_of, line_of, tell_gap
from fleetscan.model.control import ControlResult, ControlStatus
from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.ids import user_scope
from fleetscan.model.outcome import Outcome
from fleetscan.model.sweep import Visit
from tests.control_data import HOST, state, visit
from tests.model_data import gap
from tests.stored_fleet import NOW

RESTS_ON = {
    "T1053.006-DET-1": (Area.FILES, Area.CONTENT, Area.USERS),
    "T1053.006-DET-2": (Area.FILES, Area.CONTENT, Area.USERS),
    "T1053.006-DET-3": (Area.PROCESSES,),
    "T1053.006-DET-4": (),
    "T1053.006-DET-5": (Area.TIMERS, Area.LOADED, Area.FILES, Area.USERS),
    "T1053.006-DET-6": (Area.PROGRAMS, Area.FILES, Area.CONTENT, Area.USERS),
    "T1053.006-DET-7": (),
    "T1053.006-DET-8": (Area.JOURNAL,),
    "M1022-1": (Area.FILES, Area.USERS),
    "M1022-2": (Area.FILES, Area.USERS),
    "M1022-3": (Area.PROGRAMS, Area.GENERATORS, Area.USERS),
    "M1022-4": (Area.FILES, Area.USERS, Area.ATTRIBUTES),
    "M1022-5": (Area.FILES, Area.USERS, Area.ATTRIBUTES),
    "M1022-6": (Area.FILES, Area.USERS),
    "M1026-1": (Area.GRANTS,),
    "M1026-2": (Area.GRANTS,),
    "M1026-3": (Area.GRANTS,),
    "M1026-4": (Area.GRANTS,),
    "M1026-5": (Area.FILES, Area.USERS, Area.PROGRAMS, Area.GENERATORS, Area.GRANTS),
    "M1018-1": (Area.LINGER,),
    "M1018-2": (Area.FILES, Area.USERS),
    "M1018-3": (Area.FILES, Area.USERS, Area.PROGRAMS),
    "M1018-4": (Area.LINGER, Area.USERS, Area.FILES),
}


def answer(evidence: VisitEvidence) -> dict[str, ControlResult]:
    results = sort_results((*check_state(evidence.state), *check_visit(evidence)))
    return {result.control.id: result for result in results}


def test_a_host_that_is_as_it_should_be_passes_every_control() -> None:
    answers = answer(visit())
    assert {name: r.evidence for name, r in answers.items() if r.status is not ControlStatus.PASS} == {}
    assert all(result.evidence for result in answers.values())


def test_every_control_has_one_id_and_one_result_in_the_order_of_the_checklist() -> None:
    ids = [control.id for control in CONTROLS]
    assert len(set(ids)) == len(ids) == len(RESTS_ON)
    assert list(answer(visit())) == sorted(ids, key=ids.index)
    assert all(re.fullmatch(r"T1053\.006-DET-\d|M10(22|26|18)-\d", name) for name in ids)
    assert {control.attack for control in CONTROLS} == {"T1053.006", "M1022", "M1026", "M1018"}


@pytest.mark.parametrize(
    ("control", "area"), [(name, area) for name, areas in RESTS_ON.items() for area in areas], ids=str
)
def test_a_control_does_not_pass_while_what_it_rests_on_was_not_read(control: str, area: Area) -> None:
    evidence = visit(state(gaps=[gap(area, scope=None)]))
    result = answer(evidence)[control]
    assert result.status is ControlStatus.NOT_READABLE
    assert any(area.value in line.text and "permission denied" in line.text for line in result.evidence)


@pytest.mark.parametrize("area", list(Area), ids=str)
def test_a_gap_elsewhere_takes_nothing_away(area: Area) -> None:
    answers = answer(visit(state(gaps=[gap(area, scope=None)])))
    touched = {name for name, areas in RESTS_ON.items() if area in areas}
    assert {name for name, result in answers.items() if result.status is not ControlStatus.PASS} == touched


def test_nothing_is_claimed_of_a_host_without_evidence() -> None:
    empty = state(stock=(), subjects=())
    passed = {r.control.id for r in check_state(empty) if r.status is ControlStatus.PASS}
    assert not passed & {"M1022-1", "M1022-2", "M1022-6"}


def test_every_control_of_a_host_that_failed_is_not_readable() -> None:
    failed = Visit(
        sweep=1,  # type: ignore[arg-type]  # a number is enough
        host=HOST,
        outcome=Outcome.TIMEOUT,
        started_at=NOW,
        duration_s=1.0,
        manifest=None,
        facts=None,
        coverage=Coverage(),
        reason="no answer",
    )
    results = check_unread(failed)
    assert [result.control for result in results] == list(CONTROLS)
    assert {result.status for result in results} == {ControlStatus.NOT_READABLE}
    assert "timeout: no answer" in results[0].evidence[0].text


def test_a_fault_outweighs_a_gap_and_both_are_told() -> None:
    result = conclude(CONTROLS[0], [line_of("wrong")], [line_of("unread")], "fine")
    assert result.status is ControlStatus.FAIL
    assert [line.text for line in result.evidence] == ["wrong", "unread"]


def test_evidence_is_bounded_and_says_how_much_is_left_out() -> None:
    result = conclude(CONTROLS[0], [line_of(f"fault {number} " + "x" * 1000) for number in range(500)], (), "fine")
    assert (len(result.evidence), result.more) == (MAX_EVIDENCE, 500 - MAX_EVIDENCE)
    assert all(len(line.text) <= 300 for line in result.evidence)


def test_what_ran_is_not_readable_once_a_later_visit_replaced_it() -> None:
    answers = answer(replace(visit(), runtime=None))
    unread = {name for name, result in answers.items() if result.status is ControlStatus.NOT_READABLE}
    assert unread == {"T1053.006-DET-3", "T1053.006-DET-5", "T1053.006-DET-8"}


def test_a_gap_is_told_with_place_reason_and_whose_it_is() -> None:
    line = tell_gap(gap(Area.FILES, "/home/bob", scope=user_scope("bob")))
    assert (line.text, line.path) == ("files /home/bob denied (permission denied), of user bob", "/home/bob")
    assert tell_gap(gap(Area.FILES)).text == "files denied (permission denied)"


def test_numbers_and_nouns_agree() -> None:
    assert [count_of(1, "file"), count_of(2, "file")] == ["1 file", "2 files"]
    assert [count_of(1, "directory", "directories"), count_of(0, "directory", "directories")] == [
        "1 directory",
        "0 directories",
    ]
