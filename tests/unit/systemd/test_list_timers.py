import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import TimerRow
from fleetscan.systemd.list_timers import parse_list_timers_json, parse_list_timers_text

NEXT_AT = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
LAST_AT = datetime(2026, 1, 4, 6, 0, 7, tzinfo=UTC)
COLOURED_ROW = (
    "\x1b[0;1;32mMon 2026-01-05 06:00:00 UTC\x1b[0m 11h Sun 2026-01-04 06:00:07 UTC 12h ago "
    "\x1b]8;;file://h/a.timer\x07a.timer\x1b]8;;\x07 a.service\r"
)
NEXT_US = int(NEXT_AT.timestamp()) * 1_000_000


def from_json(*items: object, systemd_version: int = 252) -> tuple[TimerRow, ...]:
    return parse_list_timers_json(json.dumps(items).encode(), systemd_version=systemd_version, scope=SYSTEM)


def from_text(text: str) -> tuple[TimerRow, ...]:
    return parse_list_timers_text(text.encode(), SYSTEM)


def row(line: str) -> TimerRow:
    (only,) = from_text(line)
    return only


def test_json_zero_and_null_mean_never() -> None:
    item = {"next": None, "left": None, "last": 0, "passed": 0, "unit": "a.timer", "activates": "a.service"}
    (only,) = from_json(item)
    assert (only.next_at, only.last_at, only.activates) == (None, None, ("a.service",))


def test_json_times_are_microseconds_since_the_epoch() -> None:
    (only,) = from_json({"next": NEXT_US + 250_000, "last": NEXT_US, "passed": 77, "unit": "a.timer"})
    assert only.next_at == NEXT_AT.replace(microsecond=250_000)
    assert only.last_at == NEXT_AT


@pytest.mark.parametrize(
    ("activates", "names"),
    [
        ("a.service", ("a.service",)),
        (None, ()),
        ("", ()),
        (["a.service", "b.target"], ("a.service", "b.target")),
        ("a.service, b.target", ("a.service", "b.target")),
    ],
)
def test_json_activates_of_all_eras_is_read(activates: object, names: tuple[str, ...]) -> None:
    (only,) = from_json({"unit": "a.timer", "activates": activates})
    assert only.activates == names


def test_an_infinite_next_elapse_is_never() -> None:
    (only,) = from_json({"unit": "a.timer", "next": 2**64 - 1})
    assert only.next_at is None


def test_rows_are_sorted_by_unit_not_by_time() -> None:
    assert [r.unit for r in from_json({"unit": "b.timer"}, {"unit": "a.timer"})] == ["a.timer", "b.timer"]


@pytest.mark.parametrize(
    "item",
    [
        {}, {"unit": 5}, {"unit": "no timer"}, {"unit": "a.timer", "next": "soon"}, {"unit": "a.timer", "next": True},
        {"unit": "a.timer", "last": -1}, {"unit": "a.timer", "last": 2**64}, {"unit": "a.timer", "activates": 5},
        {"unit": "a.timer", "activates": [None]}, {"unit": "a.timer", "activates": "a.ser\u2026"}, "a.timer",
    ],
)  # fmt: skip
def test_json_that_is_no_list_of_timers_is_an_error(item: object) -> None:
    with pytest.raises(ParseError):
        from_json(item)


def test_text_in_place_of_json_is_an_error_and_not_an_empty_list() -> None:
    with pytest.raises(ParseError, match="not a JSON array"):
        parse_list_timers_json(b"0 timers listed.\n", systemd_version=0, scope=SYSTEM)
    with pytest.raises(ParseError, match="text only"):
        parse_list_timers_json(b"[]", systemd_version=239, scope=SYSTEM)


@pytest.mark.parametrize(
    "line",
    [
        "Mon 2026-01-05 06:00:00 UTC  11h left  Sun 2026-01-04 06:00:07 UTC  12h ago  a.timer a.service",
        "Mon 2026-01-05 06:00:00 UTC 1 day 3h left Sun 2026-01-04 06:00:07 UTC 1 months 2 days ago a.timer a.service",
        "Mon 2026-01-05 06:00:00 UTC      11h Sun 2026-01-04 06:00:07 UTC  12h ago a.timer  a.service",
        "Mon 2026-01-05 06:00:00 UTC 5min ago Sun 2026-01-04 06:00:07 UTC  3s left a.timer  a.service",
        "Mo 2026-01-05 06:00:00 UTC 11h left So 2026-01-04 06:00:07 UTC 12h ago a.timer a.service",
        "\u043f\u043d 2026-01-05 06:00:00 UTC 11h left \u0432\u0441 2026-01-04 06:00:07 UTC 12h ago a.timer a.service",
        "Mon 2026-01-05 06:00:00 11h left Sun 2026-01-04 06:00:07 12h ago a.timer a.service",
        "Mon 2026-01-05 09:00:00 +03 11h left Sun 2026-01-04 11:30:07 +0530 12h ago a.timer a.service",
        COLOURED_ROW,
    ],
)
def test_a_row_of_any_era_gives_the_same_timer(line: str) -> None:
    found = row(line)
    assert (found.unit, found.activates) == ("a.timer", ("a.service",))
    assert (found.next_at, found.last_at) == (NEXT_AT, LAST_AT)


@pytest.mark.parametrize("cell", ["-", "n/a"])
def test_empty_cells_tell_next_from_last(cell: str) -> None:
    time = "Sun 2026-01-04 06:00:07 UTC"
    only_last = row(f"{cell}    {cell} {time} 12h ago a.timer a.service")
    assert (only_last.next_at, only_last.last_at) == (None, LAST_AT)
    only_next = row(f"{time} 12h left {cell}      {cell} a.timer a.service")
    assert (only_next.next_at, only_next.last_at) == (LAST_AT, None)
    neither = row(f"{cell} {cell} {cell} {cell} a.timer a.service")
    assert (neither.next_at, neither.last_at) == (None, None)


def test_a_row_may_activate_nothing_or_several_units() -> None:
    assert row("n/a n/a n/a n/a a.timer").activates == ()
    assert row("- - - - a.timer -").activates == ()
    assert row("- - - - a.timer a.service, b\\x2dc.service").activates == ("a.service", "b\\x2dc.service")
    assert row("- - - - a.timer b.timer").activates == ("b.timer",)


def test_a_time_beyond_the_year_9999_is_never() -> None:
    assert row("--- XXXX-XX-XX XX:XX:XX - - - a.timer a.service").next_at is None


def test_header_and_footer_are_no_rows() -> None:
    text = (
        "NEXT LEFT LAST PASSED UNIT ACTIVATES\n- - - - a.timer a.service\n\n1 timers listed.\n"
        "Pass --all to see loaded but inactive timers, too.\n"
    )
    assert len(from_text(text)) == 1
    assert from_text("0 timers listed.\n") == ()
    assert from_text("") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- - - - a.timer a.service\n2 timers listed.\n", "footer counts 2"),
        ("Tue 2026-11-\u2026 5s left - - heartbeat.tim\u2026 heartbeat.ser\u2026\n", "cut"),
        ("- - - - a.timer heartbeat.ser...\n", "not a unit name"),
        ("Failed to connect to bus: Host is down\n", "not a row"),
        ("Mon 2026-01-05 06:00:00 CET 11h left - - a.timer a.service\n", "UTC"),
        ("Mon 2026-13-05 06:00:00 UTC 11h left - - a.timer a.service\n", "UTC"),
        ("soon later - - a.timer a.service\n", "times"),
    ],
)
def test_what_cannot_be_read_for_sure_is_an_error_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason) as caught:
        from_text(text)
    assert caught.value.line >= 1


HOSTILE = st.one_of(
    st.binary(),
    st.text(alphabet='[]{}":,0123456789eE.-nulunitactivatesx', max_size=60).map(str.encode),
    st.lists(
        st.sampled_from(
            [
                "-",
                "n/a",
                "Mon 2026-01-05 06:00:00",
                "UTC",
                "+99",
                "a.timer",
                "b.service",
                "\n",
                "0001-01-01 00:00:00 +03",
            ]
        )
    ).map(lambda parts: " ".join(parts).encode()),
)


@given(HOSTILE)
def test_no_bytes_raise_anything_but_a_parse_error(data: bytes) -> None:
    with suppress(ParseError):
        parse_list_timers_text(data, SYSTEM)
    with suppress(ParseError):
        parse_list_timers_json(data, systemd_version=0, scope=SYSTEM)


def test_json_nested_beyond_all_bounds_is_an_error() -> None:
    for data in (b"[" * 100_000, b"[" + b"9" * 10_000 + b"]"):
        with pytest.raises(ParseError):
            parse_list_timers_json(data, systemd_version=0, scope=SYSTEM)
