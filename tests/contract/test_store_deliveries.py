"""The outbox to other systems, on both databases: at least once, and never again after it was taken."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from fleetscan.model.digest import digest_bytes
from fleetscan.model.finding import FindingId
from fleetscan.model.finding_event import EventKind
from fleetscan.model.ids import SweepId
from fleetscan.store.deliveries import ClaimedNews, DeliveryState, News
from fleetscan.store.store import Store
from fleetscan.store.tables import DeliveryRow
from tests.finding_data import ONE, OTHER, finding
from tests.stored_fleet import DAY, NOW, begin, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

LEASE = timedelta(minutes=10)
HOUR = timedelta(hours=1)
HOSTILE = "a\x00b\udc80\u202e|='\"\n"


def news(subject: str = "f" * 16, *, occasion: str = "new", payload: bytes = b"what", at: datetime = NOW) -> News:
    return News(subject=subject, content=ONE, occasion=occasion, happened_at=at, payload=payload)


def claim(store: Store, at: datetime = NOW, *, limit: int = 100) -> tuple[ClaimedNews, ...]:
    return store.deliveries.claim("siem", at, limit=limit, lease=LEASE)


@pytest.fixture
def sweep(store: Store) -> SweepId:
    return begin(store).id


def counts(store: Store) -> dict[DeliveryState, int]:
    [standing] = store.deliveries.standings()
    return dict(standing.counts)


def test_news_is_put_in_once_for_each_sink(store: Store, sweep: SweepId) -> None:
    assert store.deliveries.enqueue("siem", sweep, [news(), news("e" * 16)], NOW) == 2
    assert store.deliveries.enqueue("siem", sweep, [news(), news("d" * 16)], NOW + DAY) == 1
    assert store.deliveries.enqueue("chat", sweep, [news()], NOW) == 1
    assert store.deliveries.enqueue("chat", sweep, [], NOW) == 0
    assert counts_of(store) == {"siem": 3, "chat": 1}


def counts_of(store: Store) -> dict[str, int]:
    return {standing.sink: sum(standing.counts.values()) for standing in store.deliveries.standings()}


@pytest.mark.parametrize(
    "other",
    [
        news("e" * 16),
        news(occasion="fixed"),
        news(at=NOW + DAY),
        News(subject="f" * 16, content=OTHER, occasion="new", happened_at=NOW, payload=b""),
    ],
    ids=["subject", "occasion", "time", "content"],
)
def test_each_part_of_the_key_makes_other_news(store: Store, sweep: SweepId, other: News) -> None:
    assert store.deliveries.enqueue("siem", sweep, [news(), other], NOW) == 2


def test_what_was_taken_is_never_given_out_again_nor_put_in_again(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news()], NOW)
    claimed = claim(store)
    assert [(one.attempts, one.payload) for one in claimed] == [(1, b"what")]
    store.deliveries.mark_sent(claimed, NOW)
    assert store.deliveries.enqueue("siem", sweep, [news()], NOW + DAY) == 0
    store.deliveries.revive("siem", NOW)
    assert claim(store, NOW + 30 * DAY) == ()
    assert counts(store) == {DeliveryState.SENT: 1}
    assert store.deliveries.states("siem") == {news().key: DeliveryState.SENT}


def test_what_was_taken_is_forgotten(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news(payload=b"secret plans")], NOW)
    store.deliveries.mark_sent(claim(store), NOW)
    with store._database.read() as connection:
        assert connection.execute(select(DeliveryRow.payload)).scalar_one() == b""


def test_two_claims_share_nothing_until_the_first_runs_out(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news(f"{n:016}") for n in range(3)], NOW)
    first, second = claim(store, limit=2), claim(store, limit=2)
    assert (len(first), len(second)) == (2, 1)
    store.deliveries.revive("siem", NOW)
    assert claim(store, NOW + LEASE - timedelta(seconds=1)) == ()
    late = claim(store, NOW + LEASE)
    assert [(one.id, one.attempts) for one in late] == [(one.id, 2) for one in (*first, *second)]


def test_who_was_late_cannot_take_a_claim_from_who_has_it_now(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news()], NOW)
    first = claim(store)
    second = claim(store, NOW + LEASE)
    store.deliveries.mark_waiting(first, "no answer", NOW + LEASE, NOW + LEASE)
    store.deliveries.mark_refused(first, "no", NOW + LEASE)
    assert counts(store) == {DeliveryState.SENDING: 1}
    store.deliveries.mark_sent(second, NOW + LEASE)
    assert counts(store) == {DeliveryState.SENT: 1}


def test_what_failed_waits_for_its_time(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news()], NOW)
    store.deliveries.mark_waiting(claim(store), HOSTILE, NOW, NOW + HOUR)
    assert claim(store, NOW + HOUR - timedelta(seconds=1)) == ()
    [standing] = store.deliveries.standings()
    assert (standing.last_error, standing.due_at, standing.last_sent_at) == (HOSTILE, NOW + HOUR, None)
    assert [one.attempts for one in claim(store, NOW + HOUR)] == [2]


def test_a_person_may_ask_for_what_waits_and_what_was_refused(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news(), news("e" * 16)], NOW)
    one, other = claim(store)
    store.deliveries.mark_waiting([one], "later", NOW, NOW + HOUR)
    store.deliveries.mark_refused([other], "never", NOW)
    store.deliveries.revive("chat", NOW)
    assert claim(store) == ()
    store.deliveries.revive("siem", NOW)
    assert [claimed.id for claimed in claim(store)] == [one.id, other.id]


def test_a_claim_is_held_for_longer_only_by_who_has_it(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news(), news("e" * 16)], NOW)
    first = claim(store)
    late = NOW + LEASE - timedelta(seconds=1)
    assert store.deliveries.renew(first[:1], late, LEASE) == first[:1]
    [taken] = claim(store, NOW + LEASE)
    assert taken.id == first[1].id
    assert store.deliveries.renew(first, NOW + LEASE, LEASE) == first[:1]


def test_a_refused_one_is_not_tried_by_itself(store: Store, sweep: SweepId) -> None:
    store.deliveries.enqueue("siem", sweep, [news()], NOW)
    store.deliveries.mark_refused(claim(store), "400", NOW)
    assert claim(store, NOW + 30 * DAY) == ()
    assert counts(store) == {DeliveryState.REFUSED: 1}


def test_the_latest_content_of_each_subject_is_told(store: Store, sweep: SweepId) -> None:
    host = News(subject="web1", content=OTHER, occasion="host", happened_at=NOW + DAY, payload=b"")
    store.deliveries.enqueue("siem", sweep, [news("web1"), news("db1")], NOW)
    store.deliveries.enqueue("siem", sweep, [host], NOW + DAY)
    assert store.deliveries.latest_contents("siem") == {"web1": OTHER, "db1": ONE}
    assert store.deliveries.latest_contents("chat") == {}


def test_the_last_turn_of_a_finding_is_told_and_notes_are_no_turns(store: Store) -> None:
    from fleetscan.analyse.finding_life import decide_life

    made = finding()
    for day, (seen, absent) in enumerate([((made,), ()), ((), (made.id,)), ((made,), ())]):
        sweep = sweep_day(store, day, snapshot())
        store.findings.record(sweep.id, NOW + day * DAY, seen, frozenset(absent), decide=decide_life)
        if day == 0:
            assert store.deliveries.latest_turns([made.id]) == {}
    store.findings.add_note(made.id, author="ana", text="hm", at=NOW + 9 * DAY)
    assert store.deliveries.latest_turns([made.id, FindingId("0" * 16)]) == {
        made.id: (EventKind.RETURNED, NOW + 2 * DAY)
    }


def test_payloads_hold_any_bytes(store: Store, sweep: SweepId) -> None:
    data = bytes(range(256)) * 4096
    store.deliveries.enqueue("siem", sweep, [news(digest_bytes(data)[:16], payload=data)], NOW)
    assert claim(store)[0].payload == data
