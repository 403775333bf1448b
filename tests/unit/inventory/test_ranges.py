import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.inventory.ranges import MAX_NAMES, expand_name


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web", ["web"]),
        ("web[1:3].example.org", ["web1.example.org", "web2.example.org", "web3.example.org"]),
        ("web[008:011]", ["web008", "web009", "web010", "web011"]),
        ("web[8:11]", ["web8", "web9", "web10", "web11"]),
        ("n[0:30:10]", ["n0", "n10", "n20", "n30"]),
        ("n[1:6:2]", ["n1", "n3", "n5"]),
        ("db[a:c]", ["dba", "dbb", "dbc"]),
        ("db[A:E:2]", ["dbA", "dbC", "dbE"]),
        ("r[1:2]n[a:b]", ["r1na", "r1nb", "r2na", "r2nb"]),
        ("x[7:7]", ["x7"]),
    ],
)
def test_range_expands_in_order_with_both_ends(pattern: str, names: list[str]) -> None:
    assert list(expand_name(pattern)) == names


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("web[3:1]", "ends before it begins"),
        ("web[c:a]", "ends before it begins"),
        ("web[1:9:0]", "step"),
        ("web[01:100]", "same number of digits"),
        ("web[1:09]", "same number of digits"),
        ("web[1-5]", "is not a range"),
        ("web[a:9]", "is not a range"),
        ("web[a:Z]", "is not a range"),
        ("web[]", "is not a range"),
        ("web[1:5", "not closed"),
        ("web1:5]", "not closed"),
        ("web[[1:5]]", "not closed"),
        ("[2001:db8::1]", "without brackets"),
        ("web[1:999999999]", "more than"),
        ("web[1:1000]x[1:1000]", "more than"),
    ],
)
def test_malformed_range_is_refused_with_the_reason(pattern: str, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        expand_name(pattern)


def test_a_range_of_the_largest_size_is_accepted_and_one_more_is_not() -> None:
    assert len(expand_name(f"h[1:{MAX_NAMES}]")) == MAX_NAMES
    with pytest.raises(ParseError):
        expand_name(f"h[0:{MAX_NAMES}]")


@given(st.integers(0, 10_000), st.integers(0, 300), st.integers(1, 50), st.integers(0, 8))
def test_numeric_range_has_the_right_count_order_and_no_repeats(first: int, length: int, step: int, width: int) -> None:
    ends = [f"{n:0{width}d}" if width else str(n) for n in (first, first + length)]
    padded = any(len(end) > 1 and end.startswith("0") for end in ends)
    if padded and len(ends[0]) != len(ends[1]):
        ends = [f"{n:09d}" for n in (first, first + length)]
    names = expand_name(f"a[{ends[0]}:{ends[1]}:{step}]b")
    numbers = [int(name[1:-1]) for name in names]
    assert len(names) == length // step + 1
    assert len(set(names)) == len(names)
    assert numbers == list(range(first, first + length + 1, step))
    if padded:
        assert {len(name) for name in names} == {len(ends[0]) + 2 if len(ends[0]) == len(ends[1]) else 11}


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4)), min_size=1, max_size=3))
def test_several_ranges_multiply_and_stay_sorted(spans: list[tuple[int, int]]) -> None:
    names = expand_name("-".join(f"[{first:03d}:{first + more:03d}]" for first, more in spans))
    expected = 1
    for _, more in spans:
        expected *= more + 1
    assert len(set(names)) == len(names) == expected
    assert list(names) == sorted(names)


@given(st.text(alphabet=string.ascii_letters + string.digits + "[]:-.", max_size=30))
def test_any_name_is_expanded_or_refused_by_one_error(pattern: str) -> None:
    names: tuple[str, ...] | None = None
    with contextlib.suppress(ParseError):
        names = expand_name(pattern, max_names=1000)
    if names is not None:
        assert 1 <= len(names) <= 1000
        assert not any("[" in name for name in names)
