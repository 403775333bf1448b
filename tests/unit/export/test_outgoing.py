"""Why findings are told, and how their texts are fitted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from fleetscan.export.outgoing import MAX_ITEMS, MAX_TEXT_CHARS, Occasion, fit_text, fit_value, tell_occasion
from tests.outgoing_data import ANY_TEXT, HOSTILE_TEXTS, SEEN_AT, news, record

LATER = SEEN_AT + timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "last_seen_at", "occasion"),
    [
        ("new", SEEN_AT, Occasion.NEW),
        ("new", LATER, Occasion.CHANGED),
        ("known", LATER, Occasion.KNOWN),
        ("returned", LATER, Occasion.RETURNED),
        ("fixed", SEEN_AT, Occasion.FIXED),
    ],
)
def test_the_occasion_follows_from_the_life(state: str, last_seen_at: object, occasion: Occasion) -> None:
    fixed_at = LATER if state == "fixed" else None
    told = tell_occasion(record(state=state, last_seen_at=last_seen_at, fixed_at=fixed_at), LATER)
    assert (told.occasion, told.at) == (occasion, LATER if state != "new" or last_seen_at == LATER else SEEN_AT)


def test_a_finding_without_a_life_is_told_at_the_end_of_the_sweep() -> None:
    assert tell_occasion(record(first_seen_at=None, last_seen_at=None), LATER).at == LATER


@given(ANY_TEXT)
def test_fitted_text_is_printable_bounded_and_stays_so(text: str) -> None:
    fitted = fit_text(text)
    assert fitted.isprintable()
    assert len(fitted) <= MAX_TEXT_CHARS
    assert fit_text(fitted) == fitted


@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
def test_every_field_of_a_record_is_fitted(name: str) -> None:
    fitted = fit_value(record(HOSTILE_TEXTS[name]))
    text = str(fitted)
    assert len(text) < 20 * MAX_TEXT_CHARS
    assert text.isprintable()
    assert fitted.hits[0].evidence[0].line == 3


def test_lists_are_bounded() -> None:
    assert len(fit_value(record(paths=("/x",) * 1000)).paths) == MAX_ITEMS


def test_other_content_another_occasion_and_another_time_are_other_news() -> None:
    first = news()
    others = [
        news(content="d" * 64),
        news(occasion=Occasion.FIXED),
        replace(first, at=LATER),
        news(id="f" * 16),
    ]
    assert len({first.uid, *(one.uid for one in others)}) == 5
    assert news("other text").uid == first.uid
