"""What is said of a judged sweep, and the exit code that scripts go by."""

from dataclasses import replace

import pytest

from fleetscan.analyse.drift import TOO_FEW_OTHERS
from fleetscan.cli.judged import drift_exit_code, drift_records, exit_code, has_unread, unread_lines
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.drift import Severity
from fleetscan.model.outcome import Outcome
from fleetscan.report.inputs import ReportInputs
from tests.report_data import make_inputs, make_quiet_inputs

WORST = max(item.severity for drift in make_inputs().drifts for item in drift.items)


def with_unread(inputs: ReportInputs) -> ReportInputs:
    return replace(inputs, visits=(*inputs.visits[:-1], replace(inputs.visits[-1], outcome=Outcome.PARTIAL)))


def test_nothing_found_and_everything_read_is_zero() -> None:
    assert exit_code(make_quiet_inputs(), Severity.INFO) == 0


def test_an_unread_host_is_three_and_drift_is_one_even_beside_it() -> None:
    assert exit_code(with_unread(make_quiet_inputs()), Severity.INFO) == 3
    assert has_unread(make_inputs())
    assert exit_code(make_inputs(), WORST) == 1


def test_a_host_without_an_outcome_counts_as_unread() -> None:
    inputs = make_quiet_inputs()
    assert not has_unread(inputs)
    assert has_unread(replace(inputs, visits=inputs.visits[1:]))
    assert exit_code(replace(inputs, visits=inputs.visits[1:]), Severity.INFO) == 3


@pytest.mark.parametrize("severity", Severity)
def test_only_findings_at_or_above_the_threshold_is_one(severity: Severity) -> None:
    inputs = make_inputs()
    kept = tuple(finding for finding in inputs.findings if finding.severity < severity)
    assert exit_code(replace(inputs, findings=kept), severity) == 3
    assert exit_code(inputs, severity) == (1 if severity <= WORST else 3)


def test_drift_is_listed_worst_first_with_both_numbers() -> None:
    inputs = make_inputs()
    records = drift_records(inputs)
    assert len(records) == sum(len(drift.items) for drift in inputs.drifts)
    order = ["critical", "high", "medium", "low", "info"]
    ranks = [order.index(record.severity) for record in records]
    assert ranks == sorted(ranks)
    assert all(0 <= record.prevalence_count <= record.prevalence_of_hosts for record in records)
    assert {record.is_new for record in records} == {True, False}
    assert all(record.owner_email for record in records)


def test_every_unread_host_has_a_line_with_its_reason() -> None:
    inputs = make_inputs()
    lines = list(unread_lines(inputs))
    unread = {visit.host for visit in inputs.visits if visit.outcome is not Outcome.COMPLETE}
    assert {line.split(":")[0] for line in lines} == unread
    for visit in inputs.visits:
        if not visit.outcome.has_state:
            assert f"{visit.host}: {visit.outcome.value}: {visit.reason}" in lines


def test_what_could_not_be_compared_for_want_of_the_package_database_is_three() -> None:
    inputs = make_quiet_inputs()
    host = inputs.drifts[0].host
    note = "backup.timer: whether /usr/sbin/x is its package's could not be asked"
    missing = Coverage.of([Gap(Area.PACKAGES, None, ReadStatus.FAILED, None, "no answer")])
    visits = tuple(replace(v, coverage=missing) if v.host == host else v for v in inputs.visits)
    assert exit_code(replace(inputs, visits=visits), Severity.INFO) == 0  # it hid nothing
    for said, code in ((note, 3), (f"new.timer: {TOO_FEW_OTHERS}", 0)):
        drifts = tuple(replace(d, not_compared=(said,)) if d.host == host else d for d in inputs.drifts)
        asked = replace(inputs, drifts=drifts, visits=visits)
        assert (exit_code(asked, Severity.INFO), drift_exit_code(asked, Severity.INFO)) == (code, code)
