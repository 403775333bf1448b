"""Gaps by the thousand become few, and hide no less than before."""

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import MAX_ALIKE, Area, Coverage, Gap, ReadStatus
from fleetscan.model.ids import EVERY_USER, GLOBAL_USER, SYSTEM, Scope, user_scope

ANN, BOB = user_scope("ann"), user_scope("bob")


def unread(count: int, *, scope: Scope | None = SYSTEM, area: Area = Area.CONTENT) -> list[Gap]:
    return [Gap(area, scope, ReadStatus.DENIED, f"/etc/{i}.timer", "the file may not be read") for i in range(count)]


def late(count: int) -> list[Gap]:
    return [Gap(Area.FILES, user_scope(f"u{i}"), ReadStatus.TIMED_OUT, None, "no time was left") for i in range(count)]


def test_gaps_that_are_not_too_many_are_told_one_by_one() -> None:
    coverage = Coverage.of([*unread(MAX_ALIKE), *late(MAX_ALIKE)])
    assert coverage.folded() == coverage


def test_too_many_gaps_of_a_kind_become_one_with_their_number() -> None:
    (gap,) = Coverage.of(unread(MAX_ALIKE + 1)).folded().gaps
    assert (gap.area, gap.scope, gap.status, gap.path) == (Area.CONTENT, SYSTEM, ReadStatus.DENIED, None)
    assert gap.reason == f"{MAX_ALIKE + 1} times, first /etc/0.timer: the file may not be read"


def test_a_gap_that_stands_for_many_hides_all_of_its_area_and_scope_and_no_other() -> None:
    folded = Coverage.of(unread(MAX_ALIKE + 1)).folded()
    assert folded.hides(Area.CONTENT, SYSTEM, "/etc/7.timer")
    assert folded.hides(Area.CONTENT, SYSTEM, "/etc/other.timer")
    assert not folded.hides(Area.CONTENT, ANN)
    assert not folded.hides(Area.FILES, SYSTEM)


def test_gaps_of_too_many_users_become_one_of_every_user() -> None:
    (gap,) = Coverage.of(late(MAX_ALIKE + 1)).folded().gaps
    assert gap.scope == EVERY_USER
    assert gap.reason == f"{MAX_ALIKE + 1} times, first user:u0: no time was left"
    assert gap.hides(Area.FILES, ANN)
    assert not gap.hides(Area.FILES, SYSTEM)
    assert not gap.hides(Area.FILES, GLOBAL_USER)


def test_gaps_of_other_scopes_and_kinds_stay_as_they_are() -> None:
    other = Gap(Area.FILES, None, ReadStatus.FAILED, None, "section walk never arrived")
    folded = Coverage.of([*unread(MAX_ALIKE + 1), *unread(2, scope=BOB), other]).folded()
    assert [gap for gap in folded.gaps if gap.scope == BOB] == sorted(unread(2, scope=BOB))
    assert other in folded.gaps


_GAPS = st.builds(
    Gap,
    st.sampled_from([Area.FILES, Area.CONTENT]),
    st.sampled_from([None, SYSTEM, GLOBAL_USER, ANN, BOB]),
    st.sampled_from([ReadStatus.DENIED, ReadStatus.TIMED_OUT]),
    st.sampled_from([None, "/a", "/a/b"]),
    st.just(""),
)


@given(st.lists(_GAPS, max_size=8), st.sampled_from([SYSTEM, GLOBAL_USER, ANN, BOB]), st.sampled_from([None, "/a/b"]))
def test_nothing_that_was_hidden_is_seen_after_folding(gaps: list[Gap], scope: Scope, path: str | None) -> None:
    many = [*gaps, *(gap for given in gaps for gap in unread(MAX_ALIKE + 1, scope=given.scope, area=given.area))]
    before, after = Coverage.of(many), Coverage.of(many).folded()
    assert len(after.gaps) <= len(gaps) * 2
    for area in (Area.FILES, Area.CONTENT):
        assert after.hides(area, scope, path) or not before.hides(area, scope, path)
