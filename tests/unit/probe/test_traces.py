"""Transient units in the journal and in the audit log."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.ids import UnitName
from fleetscan.model.snapshot import RunTrace, TraceSource
from fleetscan.probe.people import People
from fleetscan.probe.traces import TraceLog, parse_audit_log, parse_journal

PEOPLE = People({0: "root", 1000: "ann"}, {}, {}, {}, ())
STARTED = "39f53479d3a045ac8e11786248231fbf"
REFUSED = "be02cf6855d2428ba40df7e9d022f03d"
SUCCEEDED = "7ad2d189f7e94e70a38c781354912448"
AT = datetime.fromtimestamp(1_700_000_000, UTC) + timedelta(microseconds=250)


def record(message: object, **fields: object) -> bytes:
    values = {
        "__REALTIME_TIMESTAMP": "1700000000000250",
        "MESSAGE_ID": STARTED,
        "MESSAGE": message,
        "UNIT": "run-u1.service",
        "_PID": "1",
        "_UID": "0",
        **fields,
    }
    kept = {name: value for name, value in values.items() if value != "absent"}
    return json.dumps(kept).encode("utf-8", "surrogateescape") + b"\n"


def by_user(message: str, **fields: object) -> bytes:
    return record(message, **{"UNIT": "absent", "USER_UNIT": "run-u1.timer", "_PID": "77", "_UID": "1000", **fields})


def only(log: TraceLog) -> RunTrace:
    assert log.unread == 0
    (trace,) = log.traces
    return trace


def test_a_start_is_told_with_instant_unit_and_command() -> None:
    assert only(parse_journal(record("Started run-u1.service - /bin/true."), PEOPLE)) == RunTrace(
        source=TraceSource.JOURNAL,
        at=AT,
        unit=UnitName("run-u1.service"),
        command="/bin/true",
        user="",
        event="started",
    )


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("Started /bin/sh -c echo a.", "/bin/sh -c echo a"),  # 247
        ("Started run-u1.service - /bin/sh -c echo a.", "/bin/sh -c echo a"),  # 252
        ('Started run-u1.service - "/opt/my program".', '"/opt/my program"'),
        ('Started run-u1.service - [systemd-run] /bin/sh -c "echo a".', '/bin/sh -c "echo a"'),  # 257
        ("Finished run-u1.service - [systemd-run] /bin/a b.", "/bin/a b"),
        ("Failed to start run-u1.service - /bin/a.", "/bin/a"),
        ("Started run-u1.service - Nightly job.", ""),
        ("Started run-u1.service.", ""),
        ("run-u1.service: Deactivated successfully.", ""),
        ("Started run-u1.service - /bin/true", ""),
        (f"Started {'/x' * 1000}.", "/x" * 512),
        ([*b"Started /bin/a \xff."], "/bin/a \udcff"),
        (["Started /bin/a.", "Started /bin/b."], "/bin/a"),
        ([], ""),
        ([None], ""),
        ([300], ""),
        (None, ""),
    ],
)
def test_the_description_is_the_command_where_systemd_run_made_it(message: object, command: str) -> None:
    assert only(parse_journal(record(message), PEOPLE)).command == command


@pytest.mark.parametrize(("message_id", "event"), [(STARTED, "started"), (REFUSED, "failed"), (SUCCEEDED, "ended")])
def test_the_message_id_tells_what_happened(message_id: str, event: str) -> None:
    assert only(parse_journal(record("x", MESSAGE_ID=message_id), PEOPLE)).event == event


def test_a_unit_of_a_user_is_that_of_the_account_that_wrote_the_record() -> None:
    trace = only(parse_journal(by_user("Started run-u1.timer - /bin/true."), PEOPLE))
    assert (trace.unit, trace.user) == ("run-u1.timer", "ann")


@pytest.mark.parametrize(
    "line",
    [
        record("Started /bin/true.", _PID="4711", _UID="1000"),
        record("Started /bin/true.", _PID="absent"),
        record("Started /bin/true.", MESSAGE_ID="0" * 32),
        record("Started /bin/true.", UNIT="x" * 256),
        record("Started /bin/true.", UNIT=""),
        by_user("Started /bin/true.", _UID="absent"),
        by_user("Started /bin/true.", _UID="²"),
        by_user("Started /bin/true.", _UID="9" * 11),
    ],
)
def test_what_systemd_did_not_write_is_left_out(line: bytes) -> None:
    assert parse_journal(line, PEOPLE) == TraceLog()


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"[" * 9000,
        b'{"a":' * 9000,
        b'{"_PID": %s}' % (b"9" * 9000),
        record("x", __REALTIME_TIMESTAMP="absent"),
        record("x", __REALTIME_TIMESTAMP="-1"),
        record("x", __REALTIME_TIMESTAMP="9" * 19),
        record("x", __REALTIME_TIMESTAMP="9" * 5000),
    ],
)
def test_a_record_that_cannot_be_understood_is_counted_and_hides_no_other(line: bytes) -> None:
    log = parse_journal(line.rstrip(b"\n") + b"\n" + record("Started /bin/true."), PEOPLE)
    assert (len(log.traces), log.unread) == (1, 1)


def test_traces_are_told_oldest_first() -> None:
    young, old = record("Started /b."), record("Started /a.", __REALTIME_TIMESTAMP="1600000000000000")
    assert [trace.command for trace in parse_journal(young + old, PEOPLE).traces] == ["/a", "/b"]


SYSCALL = (
    b"type=SYSCALL msg=audit(1700000000.250:41): arch=c000003e syscall=59 success=yes exit=0 items=2 ppid=5 pid=6 "
    b'auid=%d uid=0 gid=0 euid=0 comm="systemd-run" exe="/usr/bin/systemd-run" key="run"\x1dARCH=x86_64 AUID="ann"\n'
)
EXECVE = b"type=EXECVE msg=audit(1700000000.250:41): argc=4 %s\n"
ARGUMENTS = b'a0="systemd-run" a1="--on-active=1s" a2="/bin/sh" a3=2D63206563686F'
UNSET = 4_294_967_295


def test_what_ran_systemd_run_is_one_trace_with_the_account_that_logged_in() -> None:
    log = parse_audit_log(SYSCALL % 1000 + EXECVE % ARGUMENTS, PEOPLE)
    assert only(log) == RunTrace(
        source=TraceSource.AUDIT,
        at=datetime.fromtimestamp(1_700_000_000, UTC) + timedelta(milliseconds=250),
        unit=UnitName(""),
        command="systemd-run --on-active=1s /bin/sh -c echo",
        user="ann",
        event="EXECVE",
    )


def test_without_a_login_the_account_is_the_one_it_ran_as() -> None:
    assert only(parse_audit_log(SYSCALL % UNSET + EXECVE % ARGUMENTS, PEOPLE)).user == "root"


def test_without_its_arguments_the_program_is_the_command() -> None:
    trace = only(parse_audit_log(SYSCALL % 1000, PEOPLE))
    assert (trace.command, trace.event) == ("/usr/bin/systemd-run", "SYSCALL")


def test_without_the_call_the_account_is_not_known() -> None:
    assert only(parse_audit_log(EXECVE % ARGUMENTS, PEOPLE)).user == ""


def test_long_arguments_come_in_pieces_and_in_any_order() -> None:
    pieces = b'a10="z" a1_len=4 a1[1]="d" a1[0]="abc" a0="systemd-run" a2="0"'
    assert only(parse_audit_log(EXECVE % pieces, PEOPLE)).command == "systemd-run abcd 0 z"


def test_the_names_that_auditd_adds_to_a_record_are_no_part_of_it() -> None:
    trace = only(parse_audit_log(EXECVE % (b'a0="systemd-run" a1="x"\x1da2="y"'), PEOPLE))
    assert trace.command == "systemd-run x"


def test_commands_of_an_audit_event_are_cut() -> None:
    assert len(only(parse_audit_log(EXECVE % (b'a0="%s"' % (b"x" * 5000)), PEOPLE)).command) == 1024


def test_the_same_serial_at_another_time_is_another_event() -> None:
    other = EXECVE.replace(b"1700000000.250", b"1700000001.250")
    assert len(parse_audit_log(EXECVE % ARGUMENTS + other % ARGUMENTS, PEOPLE).traces) == 2


def test_a_service_that_began_is_told_by_its_name() -> None:
    line = (
        b"type=SERVICE_START msg=audit(1700000000.250:42): pid=1 uid=0 auid=4294967295 ses=4294967295 "
        b'subj=system_u:system_r:init_t:s0 msg=\'unit=run-u1 comm="systemd" exe="/usr/lib/systemd/systemd" '
        b'hostname=? addr=? terminal=? res=success\'\x1dUID="root"\n'
    )
    trace = only(parse_audit_log(line, PEOPLE))
    assert (trace.unit, trace.event, trace.command) == ("run-u1.service", "SERVICE_START", "")


def test_a_host_without_an_audit_log_has_no_traces() -> None:
    assert parse_audit_log(b"absent", PEOPLE) == TraceLog()


@pytest.mark.parametrize(
    "line",
    [
        b"type=EXECVE",
        b"type=EXECVE msg=audit(1.2:3): ",
        b"type=EXECVE msg=audit(999999999999.000:3): argc=0",
        b"type=SERVICE_STOP msg=audit(1700000000.250:42): pid=1",
    ],
)
def test_an_audit_record_that_cannot_be_understood_is_counted(line: bytes) -> None:
    assert parse_audit_log(line, PEOPLE) == TraceLog(unread=1)


@given(
    st.binary(max_size=300) | st.text('type=EXCV msg=audit(17.250:4): a0="x" 6F\n{}[]', max_size=200).map(str.encode)
)
def test_any_bytes_are_traces_or_unread(payload: bytes) -> None:
    for log in (parse_journal(payload, PEOPLE), parse_audit_log(payload, PEOPLE)):
        assert len(log.traces) + log.unread <= payload.count(b"\n") + 1
