from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.exceptions import (
    apply_exceptions,
    expiring,
    find_exception,
    find_stale,
    lapsed_by_content,
    why_not_suppressed,
    why_suppressed,
)
from fleetscan.model.acceptance import ExceptionKind, FindingException
from fleetscan.model.baseline import Cohort
from fleetscan.model.finding import Finding
from fleetscan.model.ids import UnitName
from tests.acceptance_data import BACKUP, DAY, NOW, accepted, finding
from tests.model_data import WEB, job

GROUPS = ("web", "linux")


def rules_left(exceptions: list[FindingException], *, digest: str = "a") -> list[str]:
    found = finding(rules=("FS-004", "FS-001", "FS-009"), digest=digest)
    return [hit.rule for hit in apply_exceptions(found, exceptions, GROUPS, NOW).hits]


def test_an_exception_for_one_rule_takes_that_rules_hits_only() -> None:
    assert rules_left([accepted(rule="FS-001")]) == ["FS-004", "FS-009"]
    assert rules_left([accepted(rule="FS-999")]) == ["FS-004", "FS-001", "FS-009"]
    assert rules_left([accepted(unit="backup.*")]) == []


def test_a_finding_is_suppressed_when_no_hit_is_left() -> None:
    found = finding(rules=("FS-004", "FS-001"))
    one, other = accepted(1, rule="FS-001"), accepted(2, rule="FS-004")
    assert apply_exceptions(found, [one], GROUPS, NOW).suppressed_by is None
    both = apply_exceptions(found, [one, other], GROUPS, NOW)
    assert (both.hits, both.suppressed_by) == ((), 2)
    assert [number for _hit, number in both.taken] == [2, 1]
    assert find_exception(found, [one, other], GROUPS, NOW) == other
    assert find_exception(found, [one], GROUPS, NOW) is None


@pytest.mark.parametrize(
    ("exception", "holds"),
    [
        (accepted(unit="backup.timer"), True),
        (accepted(unit="backup.service"), True),
        (accepted(unit="back*"), True),
        (accepted(unit="*.socket"), False),
        (accepted(unit="backup.timer", host="web-?"), True),
        (accepted(unit="backup.timer", host="db-*"), False),
        (accepted(unit="backup.timer", group="linux"), True),
        (accepted(unit="backup.timer", group="db"), False),
        (accepted(unit="backup.timer", cohort="web/debian-12"), True),
        (accepted(unit="backup.timer", cohort="web/debian-*"), True),
        (accepted(unit="backup.timer", cohort="web/debian-1?"), False),
        (accepted(unit="backup.timer", cohort="web/debian-13"), False),
        (accepted(digest="a"), True),
        (accepted(digest="b"), False),
        (accepted(host="web-1", group="web"), False),
        (accepted(), False),
        (accepted(unit="*", kind=ExceptionKind.WAVE), False),
    ],
    ids=lambda value: str(value.scope) if isinstance(value, FindingException) else str(value),
)
def test_every_part_of_a_scope_must_fit(exception: FindingException, *, holds: bool) -> None:
    assert (find_exception(finding(), [exception], GROUPS, NOW) is not None) == holds


def test_a_second_name_does_not_put_a_timer_under_anothers_exception() -> None:
    evil = job("evil")
    aliased = replace(evil, unit_names=(*evil.unit_names, UnitName("backup.timer")))
    assert find_exception(finding(subject=aliased), [accepted(unit="backup.timer")], GROUPS, NOW) is None


def test_a_cohort_is_taken_by_the_letter() -> None:
    odd = Cohort("web", "debian", "[1]2")
    exception = accepted(unit="backup.timer", cohort=str(odd))
    assert find_exception(finding(cohort=odd), [exception], GROUPS, NOW) == exception
    assert find_exception(finding(cohort=WEB), [exception], GROUPS, NOW) is None


def test_an_exception_ends_at_its_instant() -> None:
    exception = accepted(unit="backup.timer", expires_at=NOW)
    assert find_exception(finding(), [exception], GROUPS, NOW) is None
    assert find_exception(finding(), [exception], GROUPS, NOW - DAY) == exception


def test_why_is_told_in_plain_words() -> None:
    exception = accepted(12, unit="backup.timer", expires_at=NOW + DAY)
    told = "exception 12 by ada: known job (OPS-7), owner web team, until 2026-02-02"
    assert why_suppressed(exception) == told
    assert apply_exceptions(finding(), [exception], GROUPS, NOW).why == told
    bare = replace(exception, owner="", ticket="", expires_at=None)
    assert why_suppressed(bare) == "exception 12 by ada: known job"


def test_a_finding_that_is_back_says_which_exceptions_hold_no_more() -> None:
    exceptions = [
        accepted(14, unit="backup.timer", expires_at=NOW - DAY),
        accepted(13, unit="backup.timer", revoked_at=NOW - DAY),
        accepted(12, unit="backup.timer", digest="b"),
        accepted(15, unit="other.timer", expires_at=NOW - DAY),
    ]
    assert why_not_suppressed(finding(), exceptions, GROUPS, NOW) == (
        "exception 12 was for other content",
        "exception 13 was taken back on 2026-01-31 by eve",
        "exception 14 ended on 2026-01-31",
    )


def test_content_lapses_only_for_what_an_exception_names() -> None:
    by_unit = accepted(1, unit="backup.timer", digest="b")
    by_host = accepted(2, rule="FS-001", host="web-1", digest="b")
    exceptions = [
        by_host,
        by_unit,
        accepted(3, digest="b"),
        accepted(4, rule="FS-001", host="web-*", digest="b"),
        accepted(5, unit="backup.timer", digest="a"),
        accepted(6, unit="backup.timer", digest="b", host="db-1"),
        accepted(7, unit="backup.timer", digest="b", expires_at=NOW),
    ]
    assert lapsed_by_content(finding(), exceptions, GROUPS, NOW) == (by_unit, by_host)


def test_expiring_ones_come_soonest_first() -> None:
    soon, later = accepted(2, unit="x", expires_at=NOW + DAY), accepted(1, unit="x", expires_at=NOW + 7 * DAY)
    others = [
        accepted(3, unit="x", expires_at=NOW + 8 * DAY),
        accepted(4, unit="x"),
        accepted(5, unit="x", expires_at=NOW - DAY),
        accepted(6, unit="x", expires_at=NOW + DAY, revoked_at=NOW),
    ]
    assert expiring([later, *others, soon], NOW, 7) == (soon, later)


def test_exceptions_that_hold_for_nothing_are_stale() -> None:
    used, unused = accepted(1, unit="backup.timer"), accepted(2, unit="gone.timer")
    ended = accepted(3, unit="gone.timer", expires_at=NOW)
    wave = accepted(4, unit="gone.timer", kind=ExceptionKind.WAVE)
    findings = [(finding("web-1"), GROUPS), (finding("web-2"), ())]
    assert find_stale([unused, used, ended, wave], findings, NOW) == (unused,)
    assert find_stale([used], findings, NOW) == ()
    assert find_stale([used, unused], [], NOW) == (used, unused)


SCOPES = st.builds(
    accepted,
    st.integers(1, 50),
    rule=st.sampled_from(["", "FS-001", "FS-004"]),
    unit=st.sampled_from(["", "backup.timer", "*"]),
    digest=st.sampled_from(["", "a", "b", "c"]),
    host=st.sampled_from(["", "web-1", "web-*", "db-1"]),
    group=st.sampled_from(["", "web", "db"]),
    cohort=st.sampled_from(["", "web/debian-12", "web/*", "*", "db/*"]),
    expires_at=st.sampled_from([None, NOW - DAY, NOW, NOW + DAY]),
    revoked_at=st.sampled_from([None, None, NOW - DAY]),
)
EXCEPTIONS = st.lists(SCOPES, max_size=6, unique_by=lambda exception: exception.id)
FINDINGS = st.builds(
    finding,
    st.sampled_from(["web-1", "db-1"]),
    subject=st.sampled_from([BACKUP, job("other")]),
    digest=st.sampled_from("abc"),
    rules=st.sampled_from([("FS-001",), ("FS-004", "FS-001"), ("FS-009",)]),
)


@given(FINDINGS, EXCEPTIONS)
def test_an_exception_never_hides_other_content(found: Finding, exceptions: list[FindingException]) -> None:
    pinned = [e for e in exceptions if e.scope.content not in (None, found.content)]
    assert apply_exceptions(found, pinned, GROUPS, NOW).hits == found.hits
    without = [e for e in exceptions if e not in pinned]
    assert apply_exceptions(found, exceptions, GROUPS, NOW) == apply_exceptions(found, without, GROUPS, NOW)


@given(FINDINGS, EXCEPTIONS)
def test_an_ended_exception_hides_nothing(found: Finding, exceptions: list[FindingException]) -> None:
    ended = [e for e in exceptions if e.revoked_at or (e.expires_at and e.expires_at <= NOW)]
    assert apply_exceptions(found, ended, GROUPS, NOW).hits == found.hits


@given(FINDINGS, EXCEPTIONS, st.randoms(use_true_random=False))
def test_the_order_of_exceptions_does_not_matter(
    found: Finding, exceptions: list[FindingException], random: Random
) -> None:
    shuffled = random.sample(exceptions, len(exceptions))
    assert apply_exceptions(found, exceptions, GROUPS, NOW) == apply_exceptions(found, shuffled, GROUPS, NOW)
    assert why_not_suppressed(found, exceptions, GROUPS, NOW) == why_not_suppressed(found, shuffled, GROUPS, NOW)


@given(FINDINGS, EXCEPTIONS)
def test_every_hit_is_either_left_or_taken(found: Finding, exceptions: list[FindingException]) -> None:
    result = apply_exceptions(found, exceptions, GROUPS, NOW)
    taken = [hit for hit, _number in result.taken]
    assert [hit for hit in found.hits if hit in result.hits or hit in taken] == list(found.hits)
    assert len(result.hits) + len(taken) == len(found.hits)
    assert (result.suppressed_by is not None) == (not result.hits)
