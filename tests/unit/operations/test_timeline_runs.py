"""When one job runs: calendars in the host's zone, the rest as its manager told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.ids import SYSTEM, UnitName
from fleetscan.model.origin import Origin
from fleetscan.model.snapshot import TimerRow
from fleetscan.model.unit import Directive, EffectiveUnit, Job, LoadState, UnitState
from fleetscan.operations.timeline_runs import MAX_RUNS, Runs, Window, find_runs, is_running, tell_delay
from fleetscan.systemd.triggers import build_triggers

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = Window(NOON, NOON + timedelta(hours=24))
NAME = UnitName("x.timer")


def job(
    *settings: tuple[str, str], name: str = NAME, state: UnitState | None = None, links: tuple[str, ...] = ()
) -> Job:
    timer = EffectiveUnit(
        name=UnitName(name),
        scope=SYSTEM,
        load=LoadState.LOADED,
        directives=tuple(Directive("Timer", key, value, Origin("/x", 1)) for key, value in settings),
    )
    return Job(
        scope=SYSTEM,
        name=name,
        unit_names=(UnitName(name),),
        timer=timer,
        activates=None,
        triggers=build_triggers(timer),
        links=links,
        state=state or UnitState(active="active"),
    )


def row(next_at: datetime | None) -> TimerRow:
    return TimerRow(scope=SYSTEM, unit=NAME, next_at=next_at)


def hours(runs: Runs | None) -> list[float]:
    return [] if runs is None else [(at - NOON) / timedelta(hours=1) for at in runs.times]


@pytest.mark.parametrize(("zone", "after"), [("UTC", 12), ("Europe/Berlin", 11), ("America/New_York", 16)])
def test_a_calendar_is_computed_in_the_zone_of_the_host(zone: str, after: float) -> None:
    runs = find_runs(job(("OnCalendar", "daily")), None, zone, DAY)
    assert hours(runs) == [after]
    assert runs is not None
    assert runs.basis == "calendar"


def test_a_zone_that_nobody_knows_is_utc() -> None:
    for zone in ("Moon/Base", "../../etc/passwd", "x" * 1000):
        assert hours(find_runs(job(("OnCalendar", "daily")), None, zone, DAY)) == [12]


def test_all_calendars_of_a_timer_count_and_each_run_once() -> None:
    both = job(("OnCalendar", "0/12:00"), ("OnCalendar", "daily"), ("OnCalendar", "18:00"))
    assert hours(find_runs(both, None, "UTC", DAY)) == [6, 12, 24]


def test_what_is_no_calendar_runs_when_the_manager_said() -> None:
    boot = job(("OnBootSec", "15min"))
    runs = find_runs(boot, row(NOON + timedelta(hours=2)), "UTC", DAY)
    assert hours(runs) == [2]
    assert runs is not None
    assert runs.basis == "list-timers"
    for told in (None, row(None), row(NOON - timedelta(hours=1)), row(NOON), row(NOON + timedelta(hours=25))):
        assert find_runs(boot, told, "UTC", DAY) is None


def test_a_repeating_timer_goes_on_at_its_interval_however_old_the_visit_is() -> None:
    repeating = job(("OnBootSec", "1min"), ("OnUnitActiveSec", "10h"))
    runs = find_runs(repeating, row(NOON + timedelta(hours=2)), "UTC", DAY)
    assert hours(runs) == [2, 12, 22]
    assert runs is not None
    assert runs.basis == "repeats"
    assert hours(find_runs(repeating, row(NOON - timedelta(days=365, hours=1)), "UTC", DAY)) == [9, 19]
    assert hours(find_runs(repeating, row(NOON), "UTC", DAY)) == [10, 20]


def test_a_timer_of_every_second_is_counted_up_to_a_bound() -> None:
    for busy in (job(("OnCalendar", "*:*:*")), job(("OnUnitActiveSec", "1s"))):
        runs = find_runs(busy, row(NOON), "UTC", DAY)
        assert runs is not None
        assert (len(runs.times), runs.is_cut) == (MAX_RUNS, True)


@given(
    st.integers(-50 * 365 * 24 * 3600, 50 * 365 * 24 * 3600),
    st.sampled_from(["1us", "1ms", "7s", "3h", "400d", "infinity", "0"]),
)
def test_runs_lie_in_the_window_in_order_whatever_the_host_says(seconds: int, span: str) -> None:
    runs = find_runs(job(("OnUnitActiveSec", span)), row(NOON + timedelta(seconds=seconds)), "UTC", DAY)
    if runs is not None:
        assert list(runs.times) == sorted(set(runs.times))
        assert len(runs.times) <= MAX_RUNS
        assert all(DAY.after < at <= DAY.until for at in runs.times)


@pytest.mark.parametrize(
    ("state", "links", "expected"),
    [
        (UnitState(active="active"), (), True),
        (UnitState(active="inactive", enabled="enabled"), ("/x",), False),
        (UnitState(active="failed"), (), False),
        (UnitState(enabled="enabled"), (), True),
        (UnitState(enabled="disabled"), (), False),
        (UnitState(enabled="masked", active="active"), (), False),
        (UnitState(listed=True), (), True),
        (UnitState(), ("/etc/systemd/system/timers.target.wants/x.timer",), True),
        (UnitState(), (), False),
    ],
)
def test_a_timer_runs_as_far_as_any_view_tells(state: UnitState, links: tuple[str, ...], *, expected: bool) -> None:
    assert is_running(job(("OnCalendar", "daily"), state=state, links=links)) is expected


def test_a_template_does_not_run_itself() -> None:
    assert not is_running(job(("OnCalendar", "daily"), name="x@.timer"))
    assert is_running(job(("OnCalendar", "daily"), name="x@1.timer"))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ((), ""),
        ((("RandomizedDelaySec", "1h"),), "1h"),
        ((("RandomizedDelaySec", "0"),), ""),
        ((("RandomizedDelaySec", "1h"), ("FixedRandomDelay", "yes")), "1h, always the same"),
    ],
    ids=["none", "some", "zero", "fixed"],
)
def test_a_random_delay_is_told(settings: tuple[tuple[str, str], ...], told: str) -> None:
    assert tell_delay(job(*settings).timer) == told
