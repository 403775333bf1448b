from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.model.origin import Origin
from fleetscan.model.unit import Trigger
from fleetscan.systemd.cadence import next_runs, runs_a_day, shortest_interval_s
from fleetscan.systemd.calendar import normalise_calendar
from fleetscan.systemd.timespan import format_timespan, parse_timespan

ORIGIN = Origin("/etc/systemd/system/x.timer", 3)


def on_calendar(text: str) -> Trigger:
    return Trigger("OnCalendar", text, normalise_calendar(text), ORIGIN)


def span(directive: str, text: str) -> Trigger:
    return Trigger(directive, text, format_timespan(parse_timespan(text)), ORIGIN)


def instants(text: str, after: str, zone: str, count: int = 3) -> list[str]:
    runs = next_runs(text, datetime.fromisoformat(after), zone, count)
    return [run.strftime("%Y-%m-%d %H:%M:%S") for run in runs]


def test_an_hour_that_the_clock_skips_does_not_elapse() -> None:
    assert instants("*-*-* 02:30:00", "2026-03-28T12:00:00+00:00", "Europe/Berlin", 2) == [
        "2026-03-30 00:30:00",
        "2026-03-31 00:30:00",
    ]


def test_an_hour_that_the_clock_repeats_elapses_once() -> None:
    assert instants("*-*-* *:30:00", "2026-10-24T23:00:00+00:00", "Europe/Berlin") == [
        "2026-10-24 23:30:00",
        "2026-10-25 00:30:00",
        "2026-10-25 02:30:00",
    ]


def test_from_within_the_repeated_hour_the_rest_of_it_elapses() -> None:
    assert instants("*-*-* *:30:00", "2026-10-25T01:10:00+00:00", "Europe/Berlin", 2) == [
        "2026-10-25 01:30:00",
        "2026-10-25 02:30:00",
    ]


def test_the_zone_of_the_expression_goes_before_the_zone_of_the_host() -> None:
    assert instants("00:00 Asia/Tokyo", "2026-01-01T00:00:00+00:00", "Europe/Berlin", 1) == ["2026-01-01 15:00:00"]


def test_the_last_day_of_the_month_is_found() -> None:
    assert instants("*-*~1 23:50", "2026-01-31T23:50:00+00:00", "UTC") == [
        "2026-02-28 23:50:00",
        "2026-03-31 23:50:00",
        "2026-04-30 23:50:00",
    ]


def test_fractions_of_a_second_elapse() -> None:
    runs = next_runs("*:*:0/0.5", datetime(2026, 1, 1, 0, 0, 59, tzinfo=UTC), "UTC", 3)
    assert [run.timestamp() % 60 for run in runs] == [59.5, 0.0, 0.5]


def test_millions_of_instants_a_minute_are_not_walked() -> None:
    after = datetime(2026, 1, 1, 0, 0, 59, 999_990, tzinfo=UTC)
    runs = next_runs("*:*:0/0.000007", after, "UTC", 2)
    assert [(run - after) / timedelta(microseconds=1) for run in runs] == [6, 10]


@pytest.mark.parametrize("text", ["*-02-30", "Mon *-04-31", "2020-01-01 00:00:00"])
def test_an_expression_that_never_comes_again_has_no_next_run(text: str) -> None:
    assert next_runs(text, datetime(2026, 1, 1, tzinfo=UTC), "UTC", 5) == ()


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ParseError, match="time zone"):
        next_runs("daily", datetime(2026, 1, 1, tzinfo=UTC), "Middle/Earth", 1)


@settings(max_examples=40)
@given(
    st.sampled_from(["*:0/7", "Mon,Thu 03:00", "*-*~2 5:00", "*-1/5-3 0/7:0", "*:*:0/13", "00:00:00.25"]),
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001 (the strategy adds UTC itself)
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_next_runs_rise_and_lie_after_the_given_instant(text: str, after: datetime, zone: str) -> None:
    begin = after.replace(tzinfo=UTC)
    runs = next_runs(text, begin, zone, 4)
    assert len(runs) == 4
    assert all(earlier < later for earlier, later in zip((begin, *runs), runs, strict=False))
    assert all(run.utcoffset() == timedelta(0) for run in runs)


@pytest.mark.parametrize(
    ("text", "interval_s"),
    [
        ("daily", 86_400),
        ("*:0/5", 300),
        ("*:*:*", 1),
        ("*:*:0/0.000001", 1),
        ("23:59", 86_400),
        ("*-*-* 00,23:59:00", 3600),
        ("*:00,55", 300),
        ("Mon..Fri 8..18:0/15", 900),
        ("Fri *-*-13", 28 * 86_400),
        ("*-*~1..7/2", 2 * 86_400),
        ("2020-1-1", None),
        ("*-02-30", None),
    ],
)
def test_the_shortest_interval_of_a_calendar_is_exact(text: str, interval_s: int | None) -> None:
    assert shortest_interval_s([on_calendar(text)]) == interval_s


def test_an_interval_over_midnight_counts() -> None:
    assert shortest_interval_s([on_calendar("*-*-* 00,12,23:00:00")]) == 3600


def test_spans_repeat_only_after_the_unit_was_active() -> None:
    assert shortest_interval_s([span("OnBootSec", "1min"), span("OnStartupSec", "2min")]) is None
    assert shortest_interval_s([span("OnBootSec", "1min"), span("OnUnitActiveSec", "30s")]) == 30
    assert shortest_interval_s([span("OnUnitActiveSec", "infinity"), span("OnUnitInactiveSec", "0")]) is None


def test_a_trigger_that_systemd_refuses_has_no_cadence() -> None:
    broken = Trigger("OnCalendar", "tomorrow", "", ORIGIN)
    assert shortest_interval_s([broken]) is None
    assert runs_a_day([broken]) == 0


def test_runs_a_day_add_up_and_equal_lines_count_once() -> None:
    assert runs_a_day([on_calendar("*:0/10")]) == pytest.approx(144)
    assert runs_a_day([on_calendar("Mon..Fri 6:00")]) == pytest.approx(5 / 7, rel=0.01)
    both = [on_calendar("daily"), on_calendar("0:00"), span("OnUnitActiveSec", "6h")]
    assert runs_a_day(both) == pytest.approx(5)
