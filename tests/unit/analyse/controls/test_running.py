"""Processes of timer units, list-timers and systemd-run."""

from dataclasses import replace

import pytest

from fleetscan.analyse.controls.running import check_audited, check_listed, check_processes, check_transient
from fleetscan.analyse.traces import build_traces
from fleetscan.model.control import ControlStatus
from fleetscan.model.coverage import Area
from fleetscan.model.ids import SYSTEM, UnitName, user_scope
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.snapshot import RuntimeState, RunTrace, TimerRow, TraceSource, UnitProcess
from tests.control_data import BACKUP, FINE, RUNTIME, audit_rule, state, visit
from tests.model_data import gap
from tests.stored_fleet import NOW

UNAUDITED = tuple(one for one in FINE if not one.property("watches").endswith("systemd-run"))


def process(executable: str, parent: int = 1) -> UnitProcess:
    return UnitProcess(
        scope=SYSTEM,
        unit=UnitName("backup.service"),
        pid=300,
        parent_pid=parent,
        user="root",
        started_at=NOW,
        command="backup --all",
        executable=executable,
    )


@pytest.mark.parametrize("path", ["/tmp/x", "/dev/shm/.x", "/memfd:x (deleted)", "/usr/bin/backup (deleted)"])
def test_a_process_whose_program_is_not_on_disk_fails(path: str) -> None:
    result = check_processes(visit(runtime=replace(RUNTIME, processes=(process("/usr/bin/ok"), process(path)))))
    assert result.status is ControlStatus.FAIL
    assert [line.path for line in result.evidence] == [path]
    assert "child of PID 1, as root" in result.evidence[0].text


def test_children_of_pid_1_are_told_first() -> None:
    told = replace(RUNTIME, processes=(process("/usr/bin/child", parent=300), process("/usr/bin/backup")))
    result = check_processes(visit(runtime=told))
    assert result.status is ControlStatus.PASS
    assert [line.path for line in result.evidence] == ["/usr/bin/backup", "/usr/bin/child"]


def test_a_process_whose_program_may_not_be_read_does_not_pass() -> None:
    result = check_processes(visit(runtime=replace(RUNTIME, processes=(process(""),))))
    assert result.status is ControlStatus.NOT_READABLE


@pytest.mark.parametrize(
    "kind", [DisagreementKind.NO_FILE, DisagreementKind.NOT_LISTED, DisagreementKind.UNREADABLE], ids=str
)
def test_a_timer_that_the_views_tell_differently_fails(kind: DisagreementKind) -> None:
    hidden = replace(BACKUP, disagreements=(Disagreement(kind, UnitName("backup.timer"), "in memory, no file"),))
    result = check_listed(visit(state(subjects=[hidden])))
    assert result.status is ControlStatus.FAIL
    assert "in memory, no file" in result.evidence[0].text


def test_a_timer_that_is_not_enabled_is_no_contradiction() -> None:
    dormant = replace(
        BACKUP, disagreements=(Disagreement(DisagreementKind.NEVER_LOADED, UnitName("backup.timer"), "not loaded"),)
    )
    assert check_listed(visit(state(subjects=[dormant]))).status is ControlStatus.PASS


def test_a_list_without_any_timer_proves_nothing() -> None:
    assert check_listed(visit(runtime=RuntimeState())).status is ControlStatus.NOT_READABLE


def test_systemd_run_that_nobody_audits_fails() -> None:
    assert check_audited(visit(state(stock=UNAUDITED))).status is ControlStatus.FAIL


@pytest.mark.parametrize(("source", "status"), [("file", "fail"), ("file loaded", "pass"), ("loaded", "pass")])
def test_a_rule_counts_once_the_kernel_has_it(source: str, status: str) -> None:
    evidence = state(audit_rule("/usr/bin/systemd-run", source=source), stock=UNAUDITED)
    assert check_audited(visit(evidence)).status.value == status


def test_a_rule_that_leaves_systemd_run_out_is_no_audit() -> None:
    rule = replace(audit_rule("/usr/bin/systemd-run"), name="-a never,exit -F path=/usr/bin/systemd-run -S all")
    assert check_audited(visit(state(rule, stock=UNAUDITED))).status is ControlStatus.FAIL


def test_rules_that_could_not_be_read_may_be_there() -> None:
    unread = state(stock=UNAUDITED, gaps=[gap(Area.AUDIT, scope=None)])
    assert check_audited(visit(unread)).status is ControlStatus.NOT_READABLE
    log_only = state(stock=UNAUDITED, gaps=[gap(Area.AUDIT, "/var/log/audit", scope=None)])
    assert check_audited(visit(log_only)).status is ControlStatus.FAIL


def test_what_ran_between_two_visits_and_is_gone_fails() -> None:
    trace = RunTrace(
        source=TraceSource.JOURNAL,
        at=NOW,
        unit=UnitName("run-u7.service"),
        command="/usr/bin/id",
        user="root",
        event="started",
    )
    traces = build_traces(RuntimeState(traces=(trace,)), ())
    result = check_transient(visit(traces=traces))
    assert result.status is ControlStatus.FAIL
    assert "/usr/bin/id" in result.evidence[0].text


def test_a_rule_about_unit_files_does_not_audit_systemd_run() -> None:
    result = check_audited(visit(state(audit_rule("/etc/systemd/system"), stock=UNAUDITED)))
    assert [line.text for line in result.evidence] == ["no rule of the audit system watches systemd-run"]


def test_a_rule_that_is_not_loaded_is_named() -> None:
    result = check_audited(visit(state(audit_rule("/usr/bin/systemd-run", source="file"), stock=UNAUDITED)))
    assert [line.text for line in result.evidence] == ["only in a file, not loaded: -w /usr/bin/systemd-run -p wa"]


def test_many_processes_are_told_in_few_lines() -> None:
    crowd = tuple(process(f"/usr/bin/p{number}", parent=1) for number in range(30))
    result = check_processes(visit(runtime=replace(RUNTIME, processes=crowd)))
    assert [line.text for line in result.evidence[-1:]] == ["and 20 more"]


def test_user_managers_that_listed_their_timers_are_named() -> None:
    row = TimerRow(scope=user_scope("bob"), unit=UnitName("own.timer"))
    result = check_listed(visit(runtime=replace(RUNTIME, timers=(*RUNTIME.timers, row))))
    assert result.evidence[0].text == "2 timers of the system, and those of bob: no view contradicts another"
