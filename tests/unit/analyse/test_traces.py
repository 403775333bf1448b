"""Transient units that only the logs tell of."""

from datetime import UTC, datetime, timedelta

from fleetscan.analyse.findings import content_of
from fleetscan.analyse.traces import MAX_TRACES, build_traces
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, UnitName, user_scope
from fleetscan.model.snapshot import RuntimeState, RunTrace, TraceSource
from fleetscan.model.subject import Subject, SubjectKind

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
INVENTED = "run-r0123456789abcdef0123456789abcdef.service"
OTHER = "run-rfedcba9876543210fedcba9876543210.service"


def trace(
    unit: str = "miner.service",
    command: str = "/opt/x -q",
    user: str = "root",
    *,
    source: TraceSource = TraceSource.JOURNAL,
    minutes: int = 0,
) -> RunTrace:
    return RunTrace(
        source=source,
        at=NOW + timedelta(minutes=minutes),
        unit=UnitName(unit),
        command=command,
        user=user,
        event="started",
    )


def build(*traces: RunTrace, units: tuple[tuple[Scope, str], ...] = ()) -> tuple[Subject, ...]:
    return build_traces(RuntimeState(traces=traces), units)


def test_a_unit_that_ran_and_is_gone_is_told_once_with_all_that_the_logs_say() -> None:
    (subject,) = build(
        trace(command="", source=TraceSource.AUDIT, minutes=1), trace(), trace(minutes=2, source=TraceSource.AUDIT)
    )
    assert (subject.key.kind, subject.key.scope, subject.key.name) == (SubjectKind.TRACE, SYSTEM, "miner.service")
    told = dict(subject.properties)
    assert (told["command"], told["source"], told["at"]) == ("/opt/x -q", "audit, journal", NOW.isoformat())
    assert subject.transient
    assert subject.summary == "ran /opt/x -q through systemd-run, as its audit, journal tells"


def test_a_unit_of_which_only_the_start_is_known_is_not_said_to_be_systemd_runs() -> None:
    (subject,) = build(trace(command=""))
    assert subject.summary == "ran miner.service, which is gone, as its journal tells"


def test_what_the_snapshot_has_is_left_out() -> None:
    assert build(trace(), units=((SYSTEM, "miner.service"),)) == ()


def test_a_unit_of_another_scope_does_not_hide_what_ran_under_its_name() -> None:
    eves = user_scope("eve")
    assert len(build(trace(user="eve"), units=((SYSTEM, "miner.service"),))) == 1
    assert len(build(trace(user=""), units=((eves, "miner.service"),))) == 1
    for place in (eves, GLOBAL_USER):
        assert build(trace(user="eve"), units=((place, "miner.service"),)) == ()


def test_scopes_and_other_units_that_run_nothing_by_themselves_are_left_out() -> None:
    assert build(trace("session-3.scope"), trace("x.mount"), trace("user.slice")) == ()
    assert len(build(trace("x.timer"))) == 1


def test_a_users_trace_is_in_the_users_scope() -> None:
    scopes = {subject.key.scope for subject in build(trace(user="eve"), trace(user="0"), trace(user=""))}
    assert scopes == {SYSTEM, user_scope("eve")}


def test_invented_names_are_the_same_thing_when_they_run_the_same() -> None:
    one, other = build(trace(INVENTED)), build(trace(OTHER, minutes=30, source=TraceSource.AUDIT))
    assert one[0].key == other[0].key
    assert one[0].key.name.startswith("run-*.service#")
    assert content_of(one[0]) == content_of(other[0])
    assert build(trace(INVENTED, "/opt/y"))[0].key != one[0].key


def test_a_record_without_a_unit_is_known_by_its_command() -> None:
    names = {subject.key.name.partition("#")[0] for subject in build(trace(""), trace("", "/opt/y"))}
    assert names == {"systemd-run"}
    assert len(build(trace(""), trace("", "/opt/y"))) == 2


def test_a_second_command_of_the_same_unit_is_not_hidden_by_the_first() -> None:
    (accepted,) = build(trace())
    (both,) = build(trace(), trace(command="/tmp/evil", minutes=5))
    assert "/tmp/evil" in dict(both.properties)["command"]
    assert content_of(both) != content_of(accepted)
    (turned,) = build(trace(command="/tmp/evil"), trace(minutes=5))
    assert content_of(turned) == content_of(both)  # in whichever order


def test_how_many_are_told_is_bounded_and_that_there_are_more_is_told() -> None:
    many = [trace(f"t{number:03}.service") for number in range(MAX_TRACES)]
    assert len(build(*many)) == MAX_TRACES
    flooded = build(*many, trace("zz.service", "/tmp/evil"))
    assert len(flooded) == MAX_TRACES
    (rest,) = (subject for subject in flooded if subject.key.name == "further units")
    assert rest.summary.startswith("ran 2 further units")
    # Whoever accepts them does not accept another one among them.
    (other,) = (s for s in build(*many, trace("zz.service", "/tmp/worse")) if s.key.name == "further units")
    assert content_of(other) != content_of(rest)
    assert flooded == build(*many[::-1], trace("zz.service", "/tmp/evil"))
