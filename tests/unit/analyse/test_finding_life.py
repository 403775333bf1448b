"""A finding's life: new, known, fixed, returned; nothing is fixed that was not proven absent."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.finding_life import decide_life
from fleetscan.model.digest import digest_bytes
from fleetscan.model.finding import FindingLife, FindingState
from fleetscan.model.finding_event import EventKind, Remembered
from fleetscan.model.ids import Sha256, SweepId

START = datetime(2026, 3, 1, tzinfo=UTC)
ONE, OTHER = digest_bytes(b"one"), digest_bytes(b"other")

contents = st.sampled_from([ONE, OTHER])
looks = st.lists(st.tuples(st.integers(0, 3), st.none() | contents), max_size=12)
"""For each look how many sweeps later it was, and what it saw."""


def at(sweep: int) -> datetime:
    return START + timedelta(days=sweep)


def look(past: Remembered | None, content: Sha256 | None, sweep: int) -> tuple[Remembered | None, EventKind | None]:
    """Remember what a sweep makes of a finding."""
    step = decide_life(past, content, SweepId(sweep), at(sweep))
    if step is None:
        return past, None
    assert content is not None or past is not None
    return Remembered(content or past.content if past else content or ONE, step.life), step.event


def live(history: list[tuple[int, Sha256 | None]]) -> tuple[Remembered | None, int]:
    past: Remembered | None = None
    sweep = 1
    for later, content in history:
        sweep += later
        past, _ = look(past, content, sweep)
    return past, sweep


def seen_once() -> Remembered:
    past, _ = look(None, ONE, 1)
    assert past is not None
    return past


def test_what_was_never_seen_is_new() -> None:
    past, event = look(None, ONE, 4)
    assert past == Remembered(
        ONE,
        FindingLife(
            state=FindingState.NEW,
            first_seen_at=at(4),
            last_seen_at=at(4),
            first_sweep=SweepId(4),
            last_sweep=SweepId(4),
        ),
    )
    assert event is EventKind.OPENED


def test_the_same_content_again_is_known() -> None:
    past, event = look(seen_once(), ONE, 2)
    assert past is not None
    assert (past.life.state, past.life.first_seen_at, past.life.last_seen_at) == (FindingState.KNOWN, at(1), at(2))
    assert event is None


def test_other_content_is_new_again_and_takes_the_acknowledgement_back() -> None:
    acknowledged = Remembered(ONE, FindingLife(last_sweep=SweepId(1), acknowledged_by="ana", acknowledged_at=at(1)))
    kept, _ = look(acknowledged, ONE, 2)
    past, event = look(kept, OTHER, 3)
    assert kept is not None
    assert past is not None
    assert kept.life.acknowledged_by == "ana"
    assert (past.life.state, past.life.acknowledged_by, past.life.acknowledged_at) == (FindingState.NEW, "", None)
    assert event is EventKind.CHANGED


def test_what_is_proven_absent_is_fixed_once() -> None:
    fixed, event = look(seen_once(), None, 2)
    assert fixed is not None
    assert (fixed.life.state, fixed.life.fixed_at, fixed.life.last_seen_at) == (FindingState.FIXED, at(2), at(1))
    assert event is EventKind.FIXED
    assert look(fixed, None, 3) == (fixed, None)


def test_what_is_seen_after_it_was_fixed_has_returned_and_nobody_deals_with_it() -> None:
    fixed = Remembered(
        ONE, FindingLife(state=FindingState.FIXED, last_sweep=SweepId(1), fixed_at=at(2), acknowledged_by="ana")
    )
    returned, event = look(fixed, ONE, 3)
    assert returned is not None
    assert (returned.life.state, returned.life.fixed_at, returned.life.acknowledged_by) == (
        FindingState.RETURNED,
        None,
        "",
    )
    assert event is EventKind.RETURNED
    known, event = look(returned, ONE, 4)
    assert known is not None
    assert (known.life.state, event) == (FindingState.KNOWN, None)


def test_the_absence_of_what_was_never_seen_is_nothing() -> None:
    assert look(None, None, 1) == (None, None)


@given(looks, st.none() | contents)
def test_the_same_sweep_again_changes_nothing(history: list[tuple[int, Sha256 | None]], content: Sha256 | None) -> None:
    past, sweep = live(history)
    once, _ = look(past, content, sweep + 1)
    assert look(once, content, sweep + 1) == (once, None)


@given(looks, st.none() | contents, st.integers(1, 5))
def test_an_older_sweep_than_the_last_that_saw_it_changes_nothing(
    history: list[tuple[int, Sha256 | None]], content: Sha256 | None, older: int
) -> None:
    past, _ = live([*history, (1, ONE)])
    assert past is not None
    assert past.life.last_sweep is not None
    assert look(past, content, past.life.last_sweep - older) == (past, None)


@given(looks)
def test_only_proven_absence_fixes_and_only_being_seen_opens(history: list[tuple[int, Sha256 | None]]) -> None:
    past, _ = live(history)
    answers = [content for _, content in history if content is not None or past is not None]
    if past is None:
        assert all(content is None for _, content in history)
        return
    is_fixed = past.life.state is FindingState.FIXED
    assert is_fixed == (answers[-1] is None)
    assert is_fixed == (past.life.fixed_at is not None)


@given(looks)
def test_times_never_run_backwards(history: list[tuple[int, Sha256 | None]]) -> None:
    past, sweep = live(history)
    if past is not None:
        assert past.life.first_seen_at is not None
        assert past.life.last_seen_at is not None
        assert past.life.first_seen_at <= past.life.last_seen_at <= at(sweep)
        assert past.life.fixed_at is None or past.life.fixed_at >= past.life.last_seen_at
