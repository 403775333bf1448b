from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.ids import SYSTEM, UnitName
from fleetscan.model.origin import Origin
from fleetscan.model.unit import Directive, EffectiveUnit, LoadState, Trigger
from fleetscan.systemd.triggers import build_triggers, describe_triggers


def timer(*assignments: tuple[str, str]) -> EffectiveUnit:
    return EffectiveUnit(
        name=UnitName("x.timer"),
        scope=SYSTEM,
        load=LoadState.LOADED,
        directives=tuple(
            Directive("Timer", key, value, Origin("/x.timer", line)) for line, (key, value) in enumerate(assignments, 2)
        ),
    )


def describe(*assignments: tuple[str, str]) -> str:
    return describe_triggers(build_triggers(timer(*assignments)))


def test_triggers_keep_order_value_and_origin_and_gain_a_normal_form() -> None:
    triggers = build_triggers(timer(("OnBootSec", "900"), ("Unit", "y.service"), ("OnCalendar", "*:0/5")))
    assert triggers == (
        Trigger("OnBootSec", "900", "15min", Origin("/x.timer", 2)),
        Trigger("OnCalendar", "*:0/5", "*-*-* *:00/5:00", Origin("/x.timer", 4)),
    )


def test_two_spellings_of_one_schedule_have_one_normal_form() -> None:
    first, second = build_triggers(timer(("OnCalendar", "daily"), ("OnCalendar", "*-*-* 0:0")))
    assert first.normal == second.normal


def test_specifiers_in_a_schedule_are_expanded() -> None:
    unit = replace(timer(("OnCalendar", "*-*-* %i:00"), ("OnBootSec", "%im")), name=UnitName("at@7.timer"))
    assert [trigger.normal for trigger in build_triggers(unit)] == ["*-*-* 07:00:00", "7min"]


def test_a_value_that_systemd_refuses_is_kept_without_normal_form() -> None:
    (trigger,) = build_triggers(timer(("OnCalendar", "tomorrow")))
    assert (trigger.value, trigger.normal) == ("tomorrow", "")


def test_assignments_of_other_sections_are_no_triggers() -> None:
    unit = EffectiveUnit(
        name=UnitName("x.timer"),
        scope=SYSTEM,
        load=LoadState.LOADED,
        directives=(Directive("Service", "OnCalendar", "daily", Origin("/x.timer", 2)),),
    )
    assert build_triggers(unit) == ()


@pytest.mark.parametrize(
    ("values", "is_on"),
    [(["yes"], True), (["On"], True), (["yes", "no"], False), (["yes", "maybe"], True), (["yes", ""], False)],
)
def test_the_last_valid_value_of_a_switch_counts(values: list[str], *, is_on: bool) -> None:
    assert bool(build_triggers(timer(*(("OnClockChange", value) for value in values)))) is is_on


@pytest.mark.parametrize(
    ("assignments", "phrase"),
    [
        ([], "never"),
        ([("OnCalendar", "daily")], "daily"),
        ([("OnCalendar", "*:*")], "every minute"),
        ([("OnCalendar", "*:0/5")], "every 5min"),
        ([("OnCalendar", "0/6:00")], "every 6h"),
        ([("OnCalendar", "weekly")], "weekly on Mon"),
        ([("OnCalendar", "6,18:00")], "*-*-* 06,18:00:00"),
        ([("OnCalendar", "*:0/7")], "*-*-* *:00/7:00"),  # 00:56 and 01:00 are not seven minutes apart
        ([("OnCalendar", "daily"), ("OnCalendar", "0:00"), ("OnCalendar", "monthly")], "daily and monthly"),
        ([("OnBootSec", "15min"), ("OnUnitActiveSec", "1d")], "15min after boot, then every 1d"),
        ([("OnUnitInactiveSec", "1h")], "1h after each run ends"),
        ([("OnClockChange", "yes")], "when the clock is set"),
        ([("OnCalendar", "daily"), ("OnBootSec", "5")], "daily; 5s after boot"),
        ([("OnCalendar", "tomorrow\x1b[0m")], "not valid: OnCalendar='tomorrow\\x1b[0m'"),
    ],
)
def test_a_schedule_is_said_in_a_short_phrase(assignments: list[tuple[str, str]], phrase: str) -> None:
    assert describe(*assignments) == phrase


@given(st.lists(st.tuples(st.sampled_from(["OnCalendar", "OnBootSec", "OnUnitActiveSec", "OnClockChange"]), st.text())))
def test_any_value_can_be_described(assignments: list[tuple[str, str]]) -> None:
    assert describe(*assignments).isprintable()
