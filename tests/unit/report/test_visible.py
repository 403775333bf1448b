"""Text from hosts is never allowed to hide, to steer a terminal or to reorder a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.report.visible import bounded_text, visible_text

any_text = st.text(alphabet=st.characters(codec=None, categories=None), max_size=60)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\u202eb", r"a\u202eb"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
        ("tab\tand\r\nlines", r"tab\tand\r\nlines"),
        ("no\u00a0break", r"no\xa0break"),
        ("\u200b\ufeff\u2028", r"\u200b\ufeff\u2028"),
        (r"systemd-run\x2dx", r"systemd-run\x2dx"),
        ("дата 日本", "дата 日本"),
    ],
)
def test_unprintable_characters_are_spelled_out(raw: str, shown: str) -> None:
    assert visible_text(raw) == shown


@given(any_text)
def test_everything_shown_is_printable_and_can_be_encoded(text: str) -> None:
    shown = visible_text(text)
    assert shown.isprintable()
    assert bool(shown.encode()) == bool(text)


@given(any_text)
def test_showing_twice_changes_nothing(text: str) -> None:
    assert visible_text(visible_text(text)) == visible_text(text)


@given(any_text, st.integers(min_value=1, max_value=30))
def test_a_limit_is_kept_and_a_cut_is_marked(text: str, limit: int) -> None:
    shown = visible_text(text, limit)
    assert len(shown) <= limit
    assert shown == visible_text(text) or shown.endswith("…")


def test_bounded_text_says_how_much_is_missing() -> None:
    assert bounded_text("x" * 1_000_010, 10) == "xxxxxxxxxx… (1,000,000 more characters)"
