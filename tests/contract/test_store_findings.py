"""Findings across sweeps and what people say of them, on both databases."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import event

from fleetscan.analyse.finding_life import decide_life
from fleetscan.errors import UsageError
from fleetscan.model.acceptance import ExceptionScope
from fleetscan.model.drift import Severity
from fleetscan.model.finding import (
    Finding,
    FindingId,
    FindingLife,
    FindingState,
    RuleId,
)
from fleetscan.model.finding_event import EventKind, LifeStep, Remembered
from fleetscan.model.ids import SYSTEM, HostName, Sha256, SweepId
from fleetscan.model.subject import SubjectKey, SubjectKind
from fleetscan.store.store import Store
from tests.finding_data import HOSTILE, ONE, OTHER, RULE, finding, key_of
from tests.stored_fleet import DAY, DB, NOW, WEB, begin

pytest_plugins = ("tests.databases",)


class Fleet:
    """A store whose sweeps are one day apart."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sweep = SweepId(0)

    def at(self, sweep: int | None = None) -> datetime:
        return NOW + (self.sweep if sweep is None else sweep) * DAY

    def record(self, *seen: Finding, absent: Iterable[Finding] = ()) -> dict[FindingId, FindingLife]:
        """Judge a new sweep."""
        self.sweep = begin(self.store).id
        return self.again(self.sweep, *seen, absent=absent)

    def again(self, sweep: SweepId, *seen: Finding, absent: Iterable[Finding] = ()) -> dict[FindingId, FindingLife]:
        gone = [one.id for one in absent]
        return dict(self.store.findings.record(sweep, self.at(sweep), seen, gone, decide=decide_life))

    def life(self, one: Finding) -> FindingLife:
        return self.store.findings.lives([one.id])[one.id]

    def events(self, one: Finding) -> list[EventKind]:
        return [event.kind for event in self.store.findings.read_finding(one.id).events]


@pytest.fixture
def fleet(store: Store) -> Fleet:
    return Fleet(store)


def test_a_new_finding_reads_back_with_all_that_it_said(fleet: Fleet) -> None:
    seen = finding()
    lives = fleet.record(seen)
    record = fleet.store.findings.read_finding(seen.id).finding
    assert lives == {seen.id: record.life}
    assert record.life == FindingLife(
        state=FindingState.NEW,
        first_seen_at=fleet.at(),
        last_seen_at=fleet.at(),
        first_sweep=fleet.sweep,
        last_sweep=fleet.sweep,
    )
    for name in ("id", "host", "key", "severity", "content", "cohort", "sentence", "hits", "techniques", "provenance"):
        assert getattr(record, name) == getattr(seen, name)
    assert (record.title, record.rule, record.suppressed_by) == (seen.leading.title, RULE, None)
    assert record.content_since_at == fleet.at()


def test_a_life_goes_from_new_to_known_to_fixed_to_returned(fleet: Fleet) -> None:
    seen = finding()
    states = []
    for is_there in (True, True, False, False, True):
        lives = fleet.record(seen) if is_there else fleet.record(absent=[seen])
        assert lives[seen.id] == fleet.life(seen)
        states.append(lives[seen.id].state.value)
    assert states == ["new", "known", "fixed", "fixed", "returned"]
    assert fleet.events(seen) == [EventKind.OPENED, EventKind.FIXED, EventKind.RETURNED]
    life = fleet.life(seen)
    assert (life.first_seen_at, life.last_seen_at, life.fixed_at) == (fleet.at(1), fleet.at(5), None)


def test_what_is_neither_seen_nor_proven_absent_stays_as_it_is(fleet: Fleet) -> None:
    seen, other = finding(), finding(DB)
    fleet.record(seen, other)
    before = fleet.life(seen)
    fleet.record(other)
    assert fleet.life(seen) == before
    assert fleet.record(seen)[seen.id].state is FindingState.KNOWN


def test_a_fixed_finding_is_still_shown_as_it_was(fleet: Fleet) -> None:
    seen = finding()
    fleet.record(seen)
    fleet.record(absent=[seen])
    record = fleet.store.findings.read_finding(seen.id).finding
    assert (record.life.state, record.life.fixed_at) == (FindingState.FIXED, fleet.at())
    assert (record.sentence, record.hits) == (seen.sentence, seen.hits)


def test_the_same_sweep_recorded_again_changes_nothing(fleet: Fleet) -> None:
    stays, goes, comes = finding(name="stays"), finding(name="goes"), finding(name="comes")
    fleet.record(stays, goes)
    first = fleet.record(stays, comes, absent=[goes])
    seen_first = [fleet.store.findings.read_finding(one.id) for one in (stays, goes, comes)]
    assert fleet.again(fleet.sweep, stays, comes, absent=[goes]) == first
    assert [fleet.store.findings.read_finding(one.id) for one in (stays, goes, comes)] == seen_first


def test_an_older_sweep_changes_nothing_also_when_the_newer_one_found_nothing(fleet: Fleet) -> None:
    seen, unknown = finding(), finding(name="unknown")
    fleet.record(seen)
    fleet.record(absent=[seen])
    fleet.record()
    assert fleet.store.findings.last_recorded_sweep() == fleet.sweep
    before = fleet.store.findings.read_finding(seen.id)
    lives = fleet.again(SweepId(2), replace(seen, content=OTHER), unknown)
    assert fleet.store.findings.read_finding(seen.id) == before
    assert lives[seen.id] == before.finding.life
    assert lives[unknown.id].state is FindingState.NEW
    assert fleet.store.findings.lives([unknown.id]) == {}
    assert fleet.store.findings.last_recorded_sweep() == fleet.sweep


def test_nothing_is_recorded_of_a_sweep_that_is_not_there(fleet: Fleet) -> None:
    with pytest.raises(UsageError, match="there is no sweep 9"):
        fleet.again(SweepId(9), finding())
    assert fleet.store.findings.list_findings() == ()
    assert fleet.store.findings.last_recorded_sweep() is None


def test_a_finding_that_is_given_twice_is_refused(fleet: Fleet) -> None:
    with pytest.raises(ValueError, match="given twice"):
        fleet.record(finding(), finding())
    with pytest.raises(ValueError, match="given twice"):
        fleet.record(finding(), absent=[finding()])


def test_the_absence_of_an_unknown_finding_is_nothing(fleet: Fleet) -> None:
    assert fleet.record(absent=[finding()]) == {}
    assert fleet.store.findings.list_findings() == ()


def test_other_content_is_new_again_and_takes_the_acknowledgement_back(fleet: Fleet) -> None:
    seen = finding()
    fleet.record(seen)
    fleet.store.findings.acknowledge(seen.id, author="ana", reason="rebuilding\x00", at=NOW)
    assert fleet.record(seen)[seen.id].acknowledged_by == "ana"
    changed = replace(seen, content=OTHER, sentence="it runs /tmp/y now")
    life = fleet.record(changed)[seen.id]
    assert (life.state, life.acknowledged_by, life.acknowledged_at) == (FindingState.NEW, "", None)
    record = fleet.store.findings.read_finding(seen.id).finding
    assert (record.sentence, record.acknowledged_reason, record.content) == (changed.sentence, "", OTHER)
    assert (record.content_since_at, record.life.first_seen_at) == (fleet.at(), fleet.at(1))
    assert fleet.events(seen) == [EventKind.OPENED, EventKind.ACKNOWLEDGED, EventKind.CHANGED]


def test_another_judgement_of_the_same_content_is_written_and_is_no_event(fleet: Fleet) -> None:
    exception = fleet.store.exceptions.add_exception(
        ExceptionScope(rule=RULE), reason="ours", owner="web team", author="ana", at=NOW
    )
    seen = finding()
    fleet.record(seen)
    fleet.store.findings.acknowledge(seen.id, author="ana", reason="seen", at=NOW)
    judged = replace(seen, severity=Severity.INFO, suppressed_by=exception, sentence="accepted")
    fleet.record(judged)
    record = fleet.store.findings.read_finding(seen.id).finding
    assert (record.severity, record.suppressed_by, record.sentence) == (Severity.INFO, exception, "accepted")
    assert (record.life.state, record.acknowledged_reason) == (FindingState.KNOWN, "seen")
    assert record.content_since_at == fleet.at(1)
    fleet.again(fleet.sweep, seen)
    assert fleet.store.findings.read_finding(seen.id).finding.severity is Severity.HIGH
    assert fleet.events(seen) == [EventKind.OPENED, EventKind.ACKNOWLEDGED]


def test_open_findings_of_hosts_are_told_with_what_they_are_about(fleet: Fleet) -> None:
    here, there, fixed = finding(), finding(DB), finding(name="fixed")
    fleet.record(here, there, fixed)
    fleet.record(here, there, absent=[fixed])
    opened = fleet.store.findings.open_ids([WEB, HostName("never\udc80seen")])
    assert {one: (known.host, known.key, known.content) for one, known in opened.items()} == {
        here.id: (WEB, here.key, ONE)
    }
    assert fleet.store.findings.open_ids([]) == {}


def test_findings_are_listed_worst_first_and_by_what_is_asked(fleet: Fleet) -> None:
    low = finding(name="low", severity=Severity.LOW)
    mine = finding(name="mine", rule=RuleId("ACME-1"))
    there, gone = finding(DB), finding(name="gone")
    fleet.record(low, mine, there, gone)
    fleet.record(low, mine, replace(there, content=OTHER), absent=[gone])

    def listed(**asked: object) -> set[str]:
        return {one.id for one in fleet.store.findings.list_findings(**asked)}  # type: ignore[arg-type] # of each kind

    listed_all = fleet.store.findings.list_findings()
    assert [(one.severity, one.host) for one in listed_all] == [
        (Severity.HIGH, DB),
        (Severity.HIGH, WEB),
        (Severity.HIGH, WEB),
        (Severity.LOW, WEB),
    ]
    assert listed(states=[FindingState.FIXED]) == {gone.id}
    assert listed(states=[FindingState.NEW, FindingState.KNOWN], hosts=[WEB]) == {low.id, mine.id}
    assert listed(severities=[Severity.LOW]) == {low.id}
    assert listed(hosts=[]) == set()
    assert listed(rule=RuleId("ACME-1")) == {mine.id}
    assert listed(since=fleet.at()) == {there.id, gone.id}


def test_a_finding_is_read_by_the_beginning_of_its_id(fleet: Fleet) -> None:
    one = replace(finding(name="one"), id=FindingId("ab00000000000001"))
    two = replace(finding(name="two"), id=FindingId("ab10000000000001"))
    fleet.record(one, two)
    assert fleet.store.findings.read_finding("ab1").finding.id == two.id
    with pytest.raises(UsageError, match="more than one finding begins with ab"):
        fleet.store.findings.read_finding("ab")
    with pytest.raises(UsageError, match="there is no finding ff"):
        fleet.store.findings.read_finding("ff")


@pytest.mark.parametrize("prefix", ["", "%", "ab_", "AB", "ab ", "0" * 17])
def test_what_is_no_beginning_of_an_id_is_refused(fleet: Fleet, prefix: str) -> None:
    with pytest.raises(UsageError, match="is not the beginning"):
        fleet.store.findings.read_finding(prefix)


def test_people_acknowledge_take_it_back_and_write_notes_and_all_of_it_is_kept(fleet: Fleet) -> None:
    seen = finding()
    fleet.record(seen)
    findings = fleet.store.findings
    acknowledged = findings.acknowledge(seen.id[:6], author="ana", reason="asked the team", at=NOW + DAY)
    assert (acknowledged.life.acknowledged_by, acknowledged.life.acknowledged_at) == ("ana", NOW + DAY)
    assert acknowledged.acknowledged_reason == "asked the team"
    findings.add_note(seen.id, author="ben", text="they say\x00\udc80 no", at=NOW + 2 * DAY)
    taken_back = findings.unacknowledge(seen.id, author="ben", at=NOW + 3 * DAY, reason="not theirs")
    assert (taken_back.life.acknowledged_by, taken_back.acknowledged_reason) == ("", "")
    assert [(event.kind.value, event.author, event.text) for event in findings.read_finding(seen.id).events] == [
        ("opened", "", ""),
        ("acknowledged", "ana", "asked the team"),
        ("note", "ben", "they say\x00\udc80 no"),
        ("unacknowledged", "ben", "not theirs"),
    ]


def test_what_is_fixed_is_not_acknowledged_and_what_nobody_acknowledged_is_not_taken_back(fleet: Fleet) -> None:
    seen = finding()
    fleet.record(seen)
    with pytest.raises(UsageError, match="is not acknowledged"):
        fleet.store.findings.unacknowledge(seen.id, author="ana", at=NOW)
    fleet.record(absent=[seen])
    with pytest.raises(UsageError, match="is fixed"):
        fleet.store.findings.acknowledge(seen.id, author="ana", reason="mine", at=NOW)
    assert fleet.events(seen) == [EventKind.OPENED, EventKind.FIXED]


def test_a_spread_tells_on_which_hosts_a_thing_is_and_since_when(fleet: Fleet) -> None:
    first, second, gone = finding(WEB), finding(DB), finding(HostName("db2"))
    unrelated = finding(WEB, "other.timer")
    fleet.record(first, gone, unrelated)
    fleet.record(replace(first, content=OTHER), second, unrelated, absent=[gone])
    spread = fleet.store.findings.spread
    assert spread(key_of()) == ((WEB, fleet.at(1)), (DB, fleet.at(2)))
    assert spread(key_of(), OTHER) == ((WEB, fleet.at(2)),)
    assert spread(key_of(), ONE) == ((DB, fleet.at(2)),)
    assert spread(key_of(), ONE, include_fixed=True) == ((HostName("db2"), fleet.at(1)), (DB, fleet.at(2)))
    assert spread(key_of("nowhere.timer")) == ()


def test_a_thing_of_another_kind_or_scope_is_another_thing(fleet: Fleet) -> None:
    fleet.record(finding())
    assert fleet.store.findings.spread(SubjectKey(SubjectKind.UNIT, SYSTEM, HOSTILE)) == ()


def test_any_number_of_findings_can_be_asked_for_at_once(fleet: Fleet) -> None:
    seen = finding()
    fleet.record(seen)
    more_than_parameters = range(70_000)
    ids = [FindingId(f"{number:016x}") for number in more_than_parameters]
    assert set(fleet.store.findings.lives([*ids, seen.id])) == {seen.id}
    hosts = [HostName(f"h{number}") for number in more_than_parameters]
    assert set(fleet.store.findings.open_ids([*hosts, WEB])) == {seen.id}


def test_how_many_statements_a_recording_takes_does_not_depend_on_how_many_findings_there_are(fleet: Fleet) -> None:
    statements: list[str] = []

    @event.listens_for(fleet.store._database.engine, "before_cursor_execute")
    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    taken = []
    for size in (4, 400):
        many = [finding(HostName(f"h{number}"), f"{size}.timer") for number in range(size)]
        fleet.record(*many)
        statements.clear()
        fleet.record(*(replace(one, content=OTHER) for one in many[:2]), *many[2:-1], absent=many[-1:])
        taken.append(len(statements))
    assert taken[0] == taken[1] < 15


def test_a_person_may_acknowledge_while_a_sweep_is_recorded(fleet: Fleet) -> None:
    mine, other = finding(name="mine"), finding(name="other")
    fleet.record(mine, other)
    sweep = begin(fleet.store).id

    def acknowledge() -> None:
        fleet.store.findings.acknowledge(mine.id, author="ana", reason="seen", at=NOW)

    person = threading.Thread(target=acknowledge)

    def decide(past: Remembered | None, content: Sha256 | None, sweep: SweepId, at: datetime) -> LifeStep | None:
        if person.ident is None:
            person.start()
        return decide_life(past, content, sweep, at)

    fleet.store.findings.record(sweep, fleet.at(sweep), [mine, other], (), decide=decide)
    person.join()
    assert (fleet.life(mine).state, fleet.life(mine).acknowledged_by) == (FindingState.KNOWN, "ana")


def test_two_recordings_at_once_follow_each_other(fleet: Fleet) -> None:
    sweep = begin(fleet.store).id
    both_decide = threading.Barrier(2)
    lives: list[FindingLife] = []
    met: list[bool] = []

    def decide(past: Remembered | None, content: Sha256 | None, sweep: SweepId, at: datetime) -> LifeStep | None:
        with suppress(threading.BrokenBarrierError):
            both_decide.wait(0.3)
            met.append(True)
        return decide_life(past, content, sweep, at)

    def record() -> None:
        found = fleet.store.findings.record(sweep, fleet.at(sweep), [finding()], (), decide=decide)
        lives.append(found[finding().id])

    others = [threading.Thread(target=record) for _ in range(2)]
    for one in others:
        one.start()
    for one in others:
        one.join()
    assert lives == [fleet.life(finding())] * 2
    assert met == []
