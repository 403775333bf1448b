"""The cost of a visit, as shells print `times`."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.probe.times import parse_times


@pytest.mark.parametrize(
    ("tail", "seconds"),
    [
        (b"0m0.010s 0m0.020s\n0m0.100s 0m0.200s\n", 0.33),  # bash
        (b"0m0.010000s 0m0.020000s\n1m0.100000s 0m0.200000s\n", 60.33),  # dash
        (b"0m0.01s 0m0.02s\n0m0.10s 2m0.20s\n", 120.33),  # busybox
        (b"9m9.0s 9m9.0s of somebody else\n0m0.010s 0m0.020s\n0m0.100s 0m0.200s\n", 0.33),
    ],
)
def test_shell_and_children_are_added(tail: bytes, seconds: float) -> None:
    assert parse_times(tail) == pytest.approx(seconds)


@pytest.mark.parametrize("tail", [b"", b"bye\n", b"0m1.2.3s 0m0s\n", b"0m.s 0m.s\n"])
def test_other_text_gives_nothing(tail: bytes) -> None:
    assert parse_times(tail) is None


@pytest.mark.parametrize("tail", [b"0m" + b"9" * 400 + b"s 0m0s\n", b"9" * 5000 + b"m0s 0m0s\n"])
def test_numbers_without_end_give_nothing_beyond_measure(tail: bytes) -> None:
    assert math.isfinite(parse_times(tail) or 0.0)


@given(st.binary(max_size=100))
def test_other_bytes_never_raise(tail: bytes) -> None:
    parse_times(tail)
