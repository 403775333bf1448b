"""First and last seen, where, and what changed each time; and how it spread. On both databases."""

import pytest

from fleetscan.analyse.filediff import Contents
from fleetscan.errors import UsageError
from fleetscan.export.question_records import HistoryRecord
from fleetscan.model.drift import DriftItem
from fleetscan.operations import history_walk
from fleetscan.operations.compare_states import Side, diff_sides
from fleetscan.operations.history import Target, find_target, tell_history
from fleetscan.operations.spread import tell_spread
from fleetscan.store.store import Store
from tests.integration.operations.question_fleet import (
    ETC,
    HIDDEN,
    LATER_SERVICE,
    NAMES,
    PAYLOAD_SHA256,
    infected,
    stock,
)
from tests.stored_fleet import DAY, NOW, failure, sweep_day

pytest_plugins = ("tests.databases",)
ONE, TWO, THREE, FOUR = NAMES


def events(records: tuple[HistoryRecord, ...]) -> list[tuple[str, str, int]]:
    return [(record.host, record.event, (record.at - NOW).days) for record in records]


@pytest.fixture
def tale(store: Store) -> Store:
    """`web2` first, `web3` a day later; changed on `web2`; removed from `web3` and back; `web4` never."""
    sweep_day(store, 0, *(stock(name) for name in NAMES))
    sweep_day(store, 1, stock(ONE, 1), infected(TWO, 1), stock(THREE, 1), stock(FOUR, 1))
    sweep_day(store, 2, stock(ONE, 2), infected(TWO, 2, LATER_SERVICE), infected(THREE, 2), stock(FOUR, 2))
    sweep_day(store, 3, stock(ONE, 3), infected(TWO, 3, LATER_SERVICE), stock(THREE, 3), stock(FOUR, 3))
    sweep_day(store, 4, infected(ONE, 4), infected(TWO, 4, LATER_SERVICE), infected(THREE, 4), stock(FOUR, 4))
    return store


def test_a_unit_is_followed_over_hosts_and_time(tale: Store) -> None:
    for name in ("evil.timer", "evil", "evil.service"):
        assert events(tell_history(tale, name)) == [
            (ONE, "first seen", 4),
            (ONE, "last seen", 4),
            (TWO, "first seen", 1),
            (TWO, "changed", 2),
            (TWO, "last seen", 4),
            (THREE, "first seen", 2),
            (THREE, "gone", 3),
            (THREE, "back", 4),
            (THREE, "last seen", 4),
        ]


def test_a_change_says_which_directives_when_and_since_when_it_was_otherwise(tale: Store) -> None:
    (changed,) = (r for r in tell_history(tale, "evil.timer") if r.event == "changed")
    assert [(c.key, c.after) for c in changed.changes] == [
        ("ExecStart", ("/bin/sh /opt/x/run.sh --more",)),
        ("User", ("nobody",)),
    ]
    assert (changed.at, changed.before_at) == (NOW + 2 * DAY, NOW + DAY)


def test_a_content_is_followed_by_the_beginning_of_its_hash(tale: Store) -> None:
    records = tell_history(tale, PAYLOAD_SHA256[:8])
    assert events(records) == [
        (ONE, "first seen", 4),
        (ONE, "last seen", 4),
        (TWO, "first seen", 1),
        (TWO, "last seen", 4),
        (THREE, "first seen", 2),
        (THREE, "gone", 3),
        (THREE, "back", 4),
        (THREE, "last seen", 4),
    ]
    assert {record.sentence for record in records} == {"/opt/x/run.sh"}
    assert {record.name for record in records} == {PAYLOAD_SHA256}


def test_a_hosts_past_is_what_came_changed_and_went(tale: Store) -> None:
    records = tell_history(tale, THREE)
    assert [(r.event, r.name) for r in records] == [
        ("first seen", THREE),
        ("first seen", "evil.timer"),
        ("gone", "evil.timer"),
        ("back", "evil.timer"),
        ("last seen", THREE),
    ]
    assert (records[1].at, records[1].before_at) == (NOW + 2 * DAY, NOW + DAY)
    assert [record.present for record in records] == [False, False, False, True, True]


def test_what_a_visit_could_not_read_is_not_gone_and_changes_behind_it_are_told(store: Store) -> None:
    sweep_day(store, 0, infected(ONE))
    sweep_day(store, 1, stock(ONE, 1, HIDDEN))
    assert events(tell_history(store, "evil.timer")) == [(ONE, "first seen", 0), (ONE, "last seen", 0)]
    assert not tell_history(store, "evil.timer")[-1].present
    sweep_day(store, 2, infected(ONE, 2, LATER_SERVICE))
    for text in ("evil.timer", ONE):
        told = [event for _, event, _ in events(tell_history(store, text))]
        assert told == ["first seen", "changed", "last seen"]


def test_a_period_is_known_by_its_visit_that_read_the_most(store: Store) -> None:
    sweep_day(store, 0, infected(ONE))
    sweep_day(store, 1, stock(ONE, 1))
    sweep_day(store, 2, stock(ONE, 2, HIDDEN))
    for text in ("evil.timer", PAYLOAD_SHA256):
        assert events(tell_history(store, text)) == [(ONE, "first seen", 0), (ONE, "gone", 1)]


def test_a_host_that_failed_since_was_last_seen_before(store: Store) -> None:
    sweep_day(store, 0, infected(ONE))
    sweep_day(store, 1, failure(ONE, NOW + DAY))
    assert events(tell_history(store, "evil.timer"))[-1] == (ONE, "last seen", 0)


def test_equal_steps_of_many_hosts_are_compared_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep_day(store, 0, *(stock(name) for name in NAMES))
    sweep_day(store, 1, *(infected(name, 1) for name in NAMES))
    calls: list[str] = []

    def counting(before: Side, after: Side, contents: Contents) -> tuple[tuple[DriftItem, ...], tuple[str, ...]]:
        calls.append(before.name)
        return diff_sides(before, after, contents)

    monkeypatch.setattr(history_walk, "diff_sides", counting)
    assert len(tell_history(store, "evil.timer")) == 2 * len(NAMES)
    assert len(calls) == 1


def test_what_a_text_names_is_found_out(tale: Store) -> None:
    assert find_target(tale, ONE) is Target.HOST
    assert find_target(tale, PAYLOAD_SHA256[:6]) is Target.HASH
    assert find_target(tale, "facade") is Target.UNIT
    assert find_target(tale, "evil") is Target.UNIT


@pytest.mark.parametrize(
    ("text", "target", "told"),
    [
        ("nobody.timer", None, "ever had a unit"),
        ("evil", Target.HOST, "never read"),
        ("evil", Target.HASH, "whose hash begins"),
        ("123456", Target.HASH, "whose hash begins"),
    ],
)
def test_what_was_never_seen_is_the_users_error(tale: Store, text: str, target: Target | None, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        tell_history(tale, text, target)


def test_a_spread_begins_with_the_first_host_and_counts_by_day(tale: Store) -> None:
    of_unit, of_content = tell_spread(tale, "evil.timer"), tell_spread(tale, PAYLOAD_SHA256)
    for records in (of_unit, of_content):
        assert [(r.rank, r.host, r.total, r.of_hosts, r.present) for r in records] == [
            (1, TWO, 1, 4, True),
            (2, THREE, 2, 4, True),
            (3, ONE, 3, 4, True),
        ]
        first = records[0]
        assert (first.first_seen_at, first.last_absent_at, first.day) == (NOW + DAY, NOW, "2026-03-02")
    assert of_content[0].paths == ("/opt/x/run.sh",)
    assert f"{ETC}/evil.timer" in of_unit[0].paths


def test_absence_behind_a_gap_proves_nothing_about_the_first_host(store: Store) -> None:
    sweep_day(store, 0, stock(ONE))
    sweep_day(store, 1, stock(ONE, 1, HIDDEN))
    sweep_day(store, 2, infected(ONE, 2))
    (first,) = tell_spread(store, "evil.timer")
    assert (first.first_seen_at, first.last_absent_at) == (NOW + 2 * DAY, NOW)
    with pytest.raises(UsageError, match="ever had a unit"):
        tell_spread(store, ONE)
