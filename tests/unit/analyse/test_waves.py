from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.waves import WaveOptions, appeared_at, find_approvals, find_waves, say_wave
from fleetscan.model.acceptance import ExceptionKind, FindingException
from fleetscan.model.baseline import Cohort
from fleetscan.model.drift import DriftKind, Explanation, ExplanationKind, Severity
from fleetscan.model.finding import Finding, FindingLife, Technique
from fleetscan.model.ids import HostName
from tests.acceptance_data import BACKUP, DAY, NOW, accepted, finding
from tests.model_data import WEB, job

LARGE: Mapping[Cohort, int] = {WEB: 1000}
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
BY_PACKAGE = (Explanation(ExplanationKind.PACKAGE, "backup 1 → 2"),)


def came(days: Sequence[float], prefix: str = "web", **settings: str) -> list[Finding]:
    """Build findings that came on these days, one per host."""
    return [
        finding(f"{prefix}-{number}", first_seen_at=NOW + day * DAY, digest=settings.get("digest", "a"))
        for number, day in enumerate(days)
    ]


def reached(found: Sequence[Finding], sizes: Mapping[Cohort, int] = LARGE) -> list[list[str]]:
    return [sorted(wave.hosts) for wave in find_waves(found, sizes)]


def test_the_same_thing_on_enough_hosts_within_the_window_is_one_wave() -> None:
    assert [len(hosts) for hosts in reached(came([0, 1, 1, 2, 3]))] == [5]
    assert reached(came([0, 1, 1, 2])) == []


def test_the_window_has_both_its_ends() -> None:
    inside = [*came([0, 0, 0, 0]), finding("late", first_seen_at=NOW + WEEK)]
    outside = [*came([0, 0, 0, 0]), finding("late", first_seen_at=NOW + WEEK + SECOND)]
    assert [len(hosts) for hosts in reached(inside)] == [5]
    assert reached(outside) == []


def test_a_wave_that_rolls_on_is_one_and_a_straggler_is_no_member() -> None:
    rolling = came([day * 1.5 for day in range(20)])
    straggler = finding("straggler", first_seen_at=NOW + 60 * DAY)
    assert [len(hosts) for hosts in reached([*rolling, straggler])] == [20]


def test_two_bursts_of_one_thing_are_one_wave() -> None:
    bursts = [*came([0] * 5, "first"), *came([90] * 5, "second"), *came([45], "alone")]
    waves = find_waves(bursts, LARGE)
    assert [len(wave.members) for wave in waves] == [10]
    assert waves[0].spread == ((date(2026, 2, 1), 5), (date(2026, 5, 2), 5))


def test_few_hosts_make_a_wave_where_they_are_much_of_their_cohort() -> None:
    three = came([0, 0, 0])
    assert reached(three, {WEB: 15}) != []
    assert reached(three, {WEB: 16}) == []
    assert reached(three, {}) == []
    assert reached(three[:2], {WEB: 2}) == []
    two_cohorts = [replace(f, cohort=Cohort(f"r{n}", "debian", "12")) for n, f in enumerate(three)]
    assert reached(two_cohorts, {f.cohort: 3 for f in two_cohorts}) == []


@pytest.mark.parametrize("other", ["content", "kind", "subject"])
def test_what_differs_is_another_wave(other: str) -> None:
    found = came([0] * 4)
    last = {
        "content": finding("x", digest="b"),
        "kind": finding("x", kind=DriftKind.CHANGED),
        "subject": finding("x", subject=job("other")),
    }[other]
    assert reached([*found, last]) == []
    assert reached([*found, finding("x")]) != []


def test_what_nobody_saw_coming_is_no_wave() -> None:
    found = [replace(f, drift=(replace(f.drift[0], last_absent_at=None),)) for f in came([0] * 9)]
    assert reached(found) == []
    assert reached([finding(f"web-{n}", kind=None) for n in range(9)]) == []


def test_what_is_gone_counts_from_the_first_sight_of_its_absence() -> None:
    gone = finding(kind=DriftKind.REMOVED, first_seen_at=None)
    assert appeared_at(gone) is None
    assert appeared_at(replace(gone, life=FindingLife(first_seen_at=NOW))) == NOW


def test_a_finding_with_several_differences_is_in_one_wave_only() -> None:
    found = [replace(f, drift=(replace(f.drift[0], kind=DriftKind.TARGET), *f.drift)) for f in came([0] * 5)]
    assert [wave.kind for wave in find_waves(found, LARGE)] == [DriftKind.ADDED]


def test_a_wave_is_explained_only_when_packages_explain_all_of_it() -> None:
    def explained(found: Finding) -> Finding:
        return replace(found, drift=tuple(replace(item, explanations=BY_PACKAGE) for item in found.drift))

    found = [explained(f) for f in came([0] * 5)]
    assert find_waves(found, LARGE)[0].explained
    assert not find_waves([*found[1:], came([0])[0]], LARGE)[0].explained
    half = [replace(f, drift=(*f.drift, replace(f.drift[0], kind=DriftKind.WRITABLE, explanations=()))) for f in found]
    assert not find_waves(half, LARGE)[0].explained
    by_template = (Explanation(ExplanationKind.TEMPLATE, "x"),)
    other = [replace(f, drift=(replace(f.drift[0], explanations=by_template),)) for f in found]
    assert not find_waves(other, LARGE)[0].explained


def approved(found: Sequence[Finding], *exceptions: FindingException) -> int | None:
    groups = {f.host: ("web",) for f in found}
    return find_waves(found, LARGE, find_approvals(found, exceptions, groups, NOW))[0].approved_by


def test_a_wave_is_approved_when_a_person_accepted_its_content_on_every_host() -> None:
    found = came([0] * 5)
    wave = ExceptionKind.WAVE
    assert approved(found, accepted(7, kind=wave, digest="a")) == 7
    assert approved(found, accepted(7, kind=wave, digest="a", group="web", unit="backup.timer")) == 7
    assert approved(found) is None
    assert approved(found, accepted(7, kind=wave, digest="b")) is None
    assert approved(found, accepted(7, kind=wave, unit="backup.timer")) is None, "no content"
    assert approved(found, accepted(7, digest="a")) is None, "for findings"
    assert approved(found, accepted(7, kind=wave, digest="a", host="web-1")) is None
    assert approved(found, accepted(7, kind=wave, digest="a", group="db")) is None
    assert approved(found, accepted(7, kind=wave, digest="a", expires_at=NOW)) is None


def test_several_approvals_together_cover_a_wave() -> None:
    found = came([0] * 5)
    some, rest = (
        accepted(n, kind=ExceptionKind.WAVE, digest="a", host=h) for n, h in ((9, "web-[0-2]"), (8, "web-[34]"))
    )
    assert approved(found, some, rest) == 8
    assert approved(found, some) is None


def test_a_wave_is_as_bad_as_its_worst_member() -> None:
    found = came([0] * 5)
    worst = replace(found[3], severity=Severity.CRITICAL, techniques=(Technique.PAYLOAD,))
    wave = find_waves([*found[:3], worst, found[4]], LARGE)[0]
    assert (wave.severity, wave.technique) == (Severity.CRITICAL, Technique.PAYLOAD)
    nameless = [replace(f, techniques=()) for f in found]
    assert find_waves(nameless, LARGE)[0].technique is None


def test_waves_come_worst_first_then_largest() -> None:
    small, large = came([0] * 5, digest="b"), came([0] * 6, "big")
    grave = [replace(f, severity=Severity.CRITICAL) for f in came([0] * 5, "bad", digest="c")]
    assert [wave.hosts[0] for wave in find_waves([*small, *large, *grave], LARGE)] == ["bad-0", "big-0", "web-0"]


def test_a_waves_name_does_not_depend_on_how_far_it_got() -> None:
    first, more = find_waves(came([0] * 5), LARGE)[0], find_waves(came([0] * 9), LARGE)[0]
    assert first.id == more.id
    assert len(first.id) == 16
    assert find_waves(came([0] * 5, digest="b"), LARGE)[0].id != first.id


def test_a_wave_is_told_in_one_sentence() -> None:
    assert say_wave(find_waves(came([0] * 5), LARGE)[0]) == "backup.timer is new on 5 hosts, on 2026-02-01"
    spread = find_waves(came([0, 1, 2, 3, 4]), LARGE)[0]
    assert say_wave(spread) == "backup.timer is new on 5 hosts, between 2026-02-01 and 2026-02-05"
    assert [count for _day, count in spread.spread] == [1] * 5
    assert spread.hosts == tuple(HostName(f"web-{n}") for n in range(5))
    assert spread.key == BACKUP.key


FOUND = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab"), st.sampled_from(["web", "db"])), max_size=20).map(
    lambda rows: [
        finding(f"h{n}", first_seen_at=NOW + day * DAY, digest=digest, cohort=Cohort(role, "debian", "12"))
        for n, (day, digest, role) in enumerate(rows)
    ]
)
SIZES = st.fixed_dictionaries({WEB: st.integers(0, 30), Cohort("db", "debian", "12"): st.integers(0, 30)})


@given(FOUND, SIZES, st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(found: list[Finding], sizes: dict[Cohort, int], random: Random) -> None:
    assert find_waves(random.sample(found, len(found)), sizes) == find_waves(found, sizes)


@given(FOUND, SIZES)
def test_a_finding_is_in_one_wave_at_most_and_in_one_when_a_window_around_it_is_full(
    found: list[Finding], sizes: dict[Cohort, int]
) -> None:
    waves = find_waves(found, sizes)
    members = [member.finding for wave in waves for member in wave.members]
    assert len(members) == len(set(members))
    for one in found:
        same = [f for f in found if f.content == one.content]
        starts = [f for f in same if timedelta(0) <= _time(one) - _time(f) <= WEEK]
        windows = [[f for f in same if timedelta(0) <= _time(f) - _time(start) <= WEEK] for start in starts]
        assert (one.id in members) == any(_is_full(window, sizes) for window in windows)


@given(FOUND, SIZES, st.integers(1, 3))
def test_further_hosts_never_dissolve_a_wave(found: list[Finding], sizes: dict[Cohort, int], more: int) -> None:
    before = {member.finding for wave in find_waves(found, sizes) for member in wave.members}
    added = [finding(f"new{n}", first_seen_at=NOW + 3 * DAY) for n in range(more)]
    after = {member.finding for wave in find_waves([*found, *added], sizes) for member in wave.members}
    assert before <= after


def _time(found: Finding) -> datetime:
    at = appeared_at(found)
    assert at is not None
    return at


def _is_full(window: Sequence[Finding], sizes: Mapping[Cohort, int]) -> bool:
    options = WaveOptions()
    if len(window) >= options.min_hosts:
        return True
    return any(
        (count := sum(f.cohort == cohort for f in window)) >= options.small_hosts
        and 0 < size * options.small_share <= count
        for cohort, size in sizes.items()
    )
