"""What hosts showed of themselves, up to a sweep, on both databases."""

from dataclasses import replace

from fleetscan.model.identity import Identity
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.store.store import Store
from tests.stored_fleet import DB, WEB, failure, snapshot, sweep_day

pytest_plugins = ("tests.databases",)


def shown(key: str, machine_id: str = "m1") -> HostSnapshot:
    one = snapshot(WEB)
    return replace(one, facts=replace(one.facts, machine_id=machine_id), host_key=key)


def identity(key: str, machine_id: str = "m1") -> Identity:
    return Identity(machine_id=machine_id, hostname=WEB, host_key=key)


def test_a_history_has_the_visit_the_one_before_and_all_that_was_ever_shown(store: Store) -> None:
    sweeps = [sweep_day(store, day, shown(key)).id for day, key in enumerate(("k1", "k2", "k1"))]
    (last,) = store.visits.identity_histories(sweeps[2])
    assert (last.host, last.sweep, last.current, last.before) == (WEB, sweeps[2], identity("k1"), identity("k2"))
    assert last.ever == {identity("k1"), identity("k2")}


def test_the_past_does_not_know_the_future(store: Store) -> None:
    first = sweep_day(store, 0, shown("k1")).id
    sweep_day(store, 1, shown("k2", "m2"))
    (history,) = store.visits.identity_histories(first)
    assert (history.current, history.before) == (identity("k1"), None)
    assert history.ever == {identity("k1")}


def test_a_visit_that_failed_showed_nothing(store: Store) -> None:
    sweep_day(store, 0, shown("k1"))
    sweep_day(store, 1, failure(WEB))
    third = sweep_day(store, 2, shown("k2")).id
    (history,) = store.visits.identity_histories(third)
    assert history.before == identity("k1")


def test_a_host_that_the_sweep_did_not_read_has_its_last_identity_and_none_before(store: Store) -> None:
    sweep_day(store, 0, shown("k1"), failure(DB))
    first = sweep_day(store, 1, shown("k2")).id
    later = sweep_day(store, 2, snapshot(DB)).id
    histories = {history.host: history for history in store.visits.identity_histories(later)}
    assert set(histories) == {DB, WEB}
    web = histories[WEB]
    assert (web.sweep, web.current, web.before) == (first, identity("k2"), None)
