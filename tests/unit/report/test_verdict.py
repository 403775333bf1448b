"""The first line tells the truth, above all about what was not read."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import Outcome
from fleetscan.model.sweep import SweepState
from fleetscan.report.inputs import ReportInputs
from fleetscan.report.pieces import Tone
from fleetscan.report.view import build_report_view
from tests.report_data import make_inputs, make_quiet_inputs


def with_outcome(inputs: ReportInputs, host: str, outcome: Outcome) -> ReportInputs:
    visits = tuple(replace(v, outcome=outcome, coverage=Coverage()) if v.host == host else v for v in inputs.visits)
    return replace(inputs, visits=visits)


def test_new_drift_is_counted_by_severity_with_its_denominator() -> None:
    verdict = build_report_view(make_inputs()).verdict
    assert verdict.headline == "New drift on 3 of 24 hosts: 1 critical, 2 high, 1 medium"
    assert verdict.tone is Tone.BAD


def test_what_was_not_read_is_the_first_fact() -> None:
    facts = build_report_view(make_inputs()).verdict.facts
    assert facts[:3] == ("2 hosts could not be read", "1 host read only in part", "3 known before")
    assert facts[3] == "2 baselines, the latest of 14 Nov 2026, approved by mira"


def test_a_quiet_night_is_clean_only_when_all_was_read() -> None:
    verdict = build_report_view(make_quiet_inputs()).verdict
    assert (verdict.tone, verdict.headline) == (Tone.GOOD, "No drift: all 24 hosts read completely and compared")


@given(st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.COMPLETE]))
def test_one_host_that_was_not_fully_read_takes_the_all_clear_away(outcome: Outcome) -> None:
    verdict = build_report_view(with_outcome(make_quiet_inputs(), "web-011", outcome)).verdict
    assert verdict.tone is not Tone.GOOD
    assert "all" not in verdict.headline
    assert any("read" in fact for fact in verdict.facts)


def test_a_host_with_nothing_to_compare_takes_the_all_clear_away() -> None:
    inputs = make_quiet_inputs()
    drifts = tuple(replace(d, reference="") if d.host == "web-011" else d for d in inputs.drifts)
    verdict = build_report_view(replace(inputs, drifts=drifts)).verdict
    assert verdict.tone is Tone.WARN
    assert "1 host had nothing to compare with" in verdict.facts


def test_hosts_that_an_interrupted_sweep_never_reached_count_as_unread() -> None:
    inputs = make_quiet_inputs()
    sweep = replace(inputs.sweep, state=SweepState.INTERRUPTED)
    view = build_report_view(replace(inputs, sweep=sweep, visits=inputs.visits[:-2]))
    assert view.verdict.tone is Tone.WARN
    assert "2 hosts could not be read" in view.verdict.facts
    assert [(row.label, row.count) for row in view.coverage] == [("complete", 22), ("not visited", 2)]
    assert {host.name for host in view.unread} == {"db-09", "db-10"}


def test_a_sweep_that_read_nobody_claims_nothing() -> None:
    inputs = make_quiet_inputs()
    visits = tuple(replace(v, outcome=Outcome.TIMEOUT, facts=None) for v in inputs.visits)
    assert "None of 24 hosts could be read" in build_report_view(replace(inputs, visits=visits)).verdict.headline


def test_on_a_first_sweep_nothing_is_called_new() -> None:
    view = build_report_view(replace(make_inputs(), previous=None))
    assert view.verdict.headline.startswith("Drift on")
    assert not any(item.is_new for item in view.items)
    assert len(view.news) == 7


def test_drift_of_a_host_that_was_not_read_today_is_not_shown_as_todays() -> None:
    view = build_report_view(with_outcome(make_inputs(), "web-017", Outcome.TIMEOUT))
    assert not any(item.host == "web-017" for item in view.items)
    assert HostName("web-017") in {host.name for host in view.unread}


def test_what_was_found_before_and_is_not_proven_gone_takes_the_all_clear_away() -> None:
    quiet, open_one = make_quiet_inputs(), make_inputs().findings[0]
    verdict = build_report_view(replace(quiet, unseen=(open_one,))).verdict
    assert verdict.tone is Tone.WARN
    assert verdict.headline.endswith("but what was found before is not proven gone")
    assert "1 finding from before still open, and not seen or not looked for today" in verdict.facts
    handled = replace(open_one, life=replace(open_one.life, acknowledged_by="ana"))
    assert build_report_view(replace(quiet, unseen=(handled,))).verdict.tone is Tone.GOOD
