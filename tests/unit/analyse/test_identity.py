"""Whether a host is the one it was, and no other is the same."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.identity import (
    MAX_OTHERS,
    MIN_OFFSET_S,
    FleetIdentities,
    find_identity_faults,
    find_refusal,
    is_machine_id,
    measure_offset,
)
from fleetscan.model.coverage import Coverage
from fleetscan.model.identity import ClockReading, Identity, IdentityFault, IdentityFaultKind, IdentityHistory
from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.outcome import Outcome
from fleetscan.model.sweep import Visit
from tests.stored_fleet import NOW

Kind = IdentityFaultKind
A, B = "a" * 32, "b" * 32
WEB = Identity(machine_id=A, hostname="web1", host_key="SHA256:one")


def history(
    current: Identity = WEB, before: Identity | None = None, *earlier: Identity, host: str = "web1"
) -> IdentityHistory:
    ever = frozenset({current, *earlier, *([before] if before else [])})
    return IdentityHistory(host=HostName(host), sweep=SweepId(2), current=current, before=before, ever=ever)


def faults_of(one: IdentityHistory, *others: IdentityHistory) -> dict[IdentityFaultKind, IdentityFault]:
    found = find_identity_faults(one, FleetIdentities.of((one, *others)))
    return {fault.kind: fault for fault in found}


def reading(offset_s: float, duration_s: float = 5.0) -> ClockReading:
    return ClockReading(started_at=NOW, duration_s=duration_s, remote_at=NOW + timedelta(seconds=offset_s))


def failed(outcome: Outcome) -> Visit:
    return Visit(
        sweep=SweepId(2),
        host=HostName("web1"),
        outcome=outcome,
        started_at=NOW,
        duration_s=0.2,
        manifest=None,
        facts=None,
        coverage=Coverage(),
        reason="web1:22 offered SHA256:two",
        evidence=("presented: SHA256:two", "enrolled: SHA256:one"),
    )


def test_a_host_that_is_what_it_was_has_no_fault() -> None:
    assert faults_of(history(WEB, WEB), history(replace(WEB, machine_id=B, host_key="k2"), host="web2")) == {}


def test_the_first_visit_has_nothing_to_differ_from() -> None:
    assert faults_of(history(WEB, None)) == {}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Kind.MACHINE_ID_CHANGED, "machine_id"),
        (Kind.HOST_KEY_CHANGED, "host_key"),
        (Kind.HOSTNAME_CHANGED, "hostname"),
    ],
    ids=str,
)
def test_what_is_another_than_on_the_visit_before_is_told_with_both(kind: IdentityFaultKind, field: str) -> None:
    before = replace(WEB, **{field: B})
    (fault,) = faults_of(history(WEB, before)).values()
    assert (fault.kind, fault.before, fault.after) == (kind, B, getattr(WEB, field))


@pytest.mark.parametrize("field", ["machine_id", "host_key", "hostname"])
def test_what_was_not_read_has_not_changed(field: str) -> None:
    unread = replace(WEB, **{field: ""})
    changed = {Kind.MACHINE_ID_CHANGED, Kind.HOST_KEY_CHANGED, Kind.HOSTNAME_CHANGED}
    assert not changed & set(faults_of(history(unread, WEB)))
    assert not changed & set(faults_of(history(WEB, unread)))


def test_changes_at_the_same_time_are_told_of_each_other() -> None:
    found = faults_of(history(WEB, replace(WEB, machine_id=B, host_key="SHA256:old")))
    assert found[Kind.MACHINE_ID_CHANGED].notes == ("at the same time: host key changed",)


@pytest.mark.parametrize("text", ["", "uninitialized", "0" * 32, "A" * 32, A[:-1], A + "\n"])
def test_what_is_no_machine_id_is_told_and_makes_no_clones(text: str) -> None:
    odd = replace(WEB, machine_id=text)
    found = faults_of(history(odd), history(replace(odd, host_key="k2"), host="web2"))
    assert set(found) == {Kind.MACHINE_ID_MISSING}
    assert not is_machine_id(text)


def test_clones_name_each_other() -> None:
    twin = replace(WEB, hostname="web2", host_key="k2")
    third = replace(WEB, hostname="web3", host_key="k3")
    found = faults_of(history(), history(twin, host="web2"), history(third, host="web3"))
    assert set(found) == {Kind.MACHINE_ID_SHARED}
    assert found[Kind.MACHINE_ID_SHARED].others == ("web2", "web3")


def test_ten_thousand_clones_do_not_all_name_each_other() -> None:
    clones = [history(replace(WEB, host_key=f"k{number}"), host=f"h{number:05}") for number in range(10_000)]
    fleet = FleetIdentities.of(clones)
    found = [find_identity_faults(one, fleet)[0] for one in clones]
    assert {(len(fault.others), fault.others_count) for fault in found} == {(MAX_OTHERS, 9_999)}


def test_clones_from_the_first_visit_on_are_inherited_and_later_ones_are_not() -> None:
    twin = replace(WEB, hostname="web2", host_key="k2")
    born = faults_of(history(), history(twin, host="web2"))[Kind.MACHINE_ID_SHARED]
    came = faults_of(history(), history(twin, None, replace(twin, machine_id=B), host="web2"))[Kind.MACHINE_ID_SHARED]
    assert (born.is_inherited, came.is_inherited) == (True, False)


def test_one_key_on_two_hosts_is_told_and_so_is_one_machine_under_two_names() -> None:
    same_key = faults_of(history(), history(replace(WEB, machine_id=B), host="web2"))
    assert (set(same_key), same_key[Kind.HOST_KEY_SHARED].notes) == ({Kind.HOST_KEY_SHARED}, ())
    twice = faults_of(history(), history(WEB, host="alias"))
    assert set(twice) == {Kind.MACHINE_ID_SHARED, Kind.HOST_KEY_SHARED}
    assert "one machine under two names" in twice[Kind.HOST_KEY_SHARED].notes[0]


@pytest.mark.parametrize(
    ("offset_s", "measured"),
    [(0, 0), (5, 0), (-0.9, 0), (-1, 0), (-121, -120), (125, 120), (-3601, -3600), (3605, 3600)],
)
def test_any_time_within_the_visit_is_right(offset_s: float, measured: float) -> None:
    assert measure_offset(reading(offset_s)) == pytest.approx(measured)


@given(st.floats(-1e6, 1e6), st.floats(0, 3600))
def test_an_offset_is_never_told_larger_than_it_is(offset_s: float, duration_s: float) -> None:
    measured = measure_offset(reading(offset_s, duration_s))
    assert abs(measured) <= abs(offset_s) + 1e-3
    assert measured * offset_s >= 0


@pytest.mark.parametrize(
    ("offset_s", "told"),
    [(MIN_OFFSET_S + 5, True), (MIN_OFFSET_S + 4, False), (-MIN_OFFSET_S - 1, True), (-110, False)],
)
def test_a_clock_that_is_minutes_off_is_told_with_both_numbers(offset_s: float, *, told: bool) -> None:
    clocks = reading(offset_s)
    found = find_identity_faults(history(), FleetIdentities(), clocks)
    assert [fault.kind for fault in found] == ([Kind.CLOCK_OFF] if told else [])
    assert all(fault.reading == clocks for fault in found)


def test_a_long_visit_excuses_a_late_answer() -> None:
    assert find_identity_faults(history(), FleetIdentities(), reading(500, duration_s=600)) == ()


def test_a_refused_key_is_a_fault_with_what_was_presented() -> None:
    fault = find_refusal(failed(Outcome.HOST_KEY_CHANGED), was_read=True)
    assert fault is not None
    assert (fault.kind, fault.is_inherited) == (Kind.HOST_KEY_REFUSED, False)
    assert "presented: SHA256:two" in fault.notes
    first = find_refusal(failed(Outcome.HOST_KEY_CHANGED), was_read=False)
    assert first is not None
    assert not first.is_inherited


def test_an_unknown_key_of_a_host_that_was_never_read_is_only_not_enrolled() -> None:
    never = find_refusal(failed(Outcome.HOST_KEY_UNKNOWN), was_read=False)
    once = find_refusal(failed(Outcome.HOST_KEY_UNKNOWN), was_read=True)
    assert never is not None
    assert once is not None
    assert (never.is_inherited, once.is_inherited) == (True, False)


@pytest.mark.parametrize(
    "outcome", [o for o in Outcome if o not in (Outcome.HOST_KEY_CHANGED, Outcome.HOST_KEY_UNKNOWN)], ids=str
)
def test_other_outcomes_say_nothing_about_a_key(outcome: Outcome) -> None:
    assert find_refusal(failed(outcome), was_read=True) is None


TEXTS = st.sampled_from(["", A, B, "uninitialized", "k1", "k2", "\udcff"])
IDENTITIES = st.builds(Identity, machine_id=TEXTS, hostname=TEXTS, host_key=TEXTS)


@given(st.lists(IDENTITIES, min_size=1, max_size=6), st.data())
def test_faults_do_not_depend_on_the_order_of_the_fleet(fleet: list[Identity], data: st.DataObject) -> None:
    told = [history(one, host=f"h{number}") for number, one in enumerate(fleet)]
    one, other = FleetIdentities.of(told), FleetIdentities.of(data.draw(st.permutations(told)))
    assert [find_identity_faults(h, one) for h in told] == [find_identity_faults(h, other) for h in told]
