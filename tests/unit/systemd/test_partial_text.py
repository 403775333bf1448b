import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.partial_text import HOLE, expand_known, fits


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        (f"a{HOLE}", "a", True),
        (f"a{HOLE}c", "abbc", True),
        (f"ab{HOLE}ba", "aba", False),
        (f"{HOLE}x{HOLE}y{HOLE}", "..x..y", True),
        (f"{HOLE}x{HOLE}y{HOLE}", "..y..x", False),
        (f"a{HOLE}b{HOLE}bc", "abc", False),
    ],
)
def test_a_hole_stands_for_any_text(pattern: str, text: str, *, expected: bool) -> None:
    assert fits(pattern, text) is expected


@given(st.text(f"ab{HOLE}", max_size=8), st.text("ab", max_size=10))
def test_holes_fit_as_a_regular_expression_would(pattern: str, text: str) -> None:
    expression = re.escape(pattern).replace(re.escape(HOLE), ".*")
    assert fits(pattern, text) is (re.fullmatch(expression, text) is not None)


def test_specifiers_of_the_name_are_expanded_and_all_others_are_holes() -> None:
    assert expand_known("%p-%i-%H-%%h-%", "a@b.service") == f"a-b-{HOLE}-%h-%"
    assert expand_known("%p-%i", "a@b.service", "p") == f"a-{HOLE}"
    assert expand_known("plain", "a.service") == "plain"
