"""What a host is held against: the norms of a baseline, and few hosts joined with many."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fleetscan.analyse.census import Census, Member
from fleetscan.analyse.compare import Assembly, judge_cohort
from fleetscan.analyse.expectation import build_norms, widen_expectation
from fleetscan.analyse.judge import Bench, HostVerdict
from fleetscan.analyse.peers import Peers
from fleetscan.model.baseline import WIDENED, Cohort
from fleetscan.model.drift import DriftKind
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.subject import Piece, PieceRole, Subject
from tests.model_data import fleet, job, member, read_stored
from tests.piece_data import packaged
from tests.unit.analyse.test_drift import approve

NARROW, OTHER = Cohort("web", "debian", "12"), Cohort("db", "debian", "12")
WIDE = Cohort(WIDENED, "debian", "12")
APT, OWN, THEIRS = job("apt-daily"), job("nginx-rotate"), job("pg-dump")


def compare(own: Sequence[Member], others: Sequence[Member]) -> Mapping[HostName, HostVerdict]:
    cohorts = {m.host: NARROW for m in own} | {m.host: OTHER for m in others}
    assembly = Assembly(WIDE, [*own, *others], cohorts, {own[0].host: "too few"})
    return {v.drift.host: v for v in judge_cohort(assembly, None, Bench(rules=(), contents=read_stored))}


def kinds(verdict: HostVerdict) -> set[tuple[DriftKind, str]]:
    return {(item.kind, item.key.name) for item in verdict.drift.items}


def test_what_the_few_hosts_of_a_kind_share_is_normal_though_nobody_else_has_it() -> None:
    found = compare(fleet(3, APT, OWN), fleet(9, APT, THEIRS, prefix="db"))
    assert [kinds(verdict) for verdict in found.values()] == [set()] * 12
    assert found[HostName("web-000")].drift.remark == "too few"
    assert found[HostName("web-000")].drift.cohort == WIDE


def test_what_only_one_of_the_few_has_is_found_by_the_many() -> None:
    own = [*fleet(2, APT, OWN), member("web-odd", APT, OWN, job("implant"))]
    found = compare(own, fleet(9, APT, THEIRS, prefix="db"))
    assert kinds(found[HostName("web-odd")]) == {(DriftKind.ADDED, "implant.timer")}
    assert str(found[HostName("web-odd")].drift.items[0].prevalence) == "0 of 11"


def test_what_hosts_of_another_kind_have_is_not_missing() -> None:
    found = compare(fleet(3, APT), fleet(40, APT, THEIRS, prefix="db"))
    assert kinds(found[HostName("web-000")]) == set()


def test_what_the_own_kind_has_can_be_missing_where_there_is_enough_of_it() -> None:
    found = compare([*fleet(3, APT, OWN), member("web-odd", APT)], fleet(9, APT, prefix="db"))
    assert kinds(found[HostName("web-odd")]) == {(DriftKind.REMOVED, "nginx-rotate.timer")}


def test_a_form_that_is_normal_in_either_cohort_is_no_change() -> None:
    ours, theirs, third = APT, job("apt-daily", calendar="hourly"), job("apt-daily", calendar="minutely")
    for form, expected in ((ours, set()), (theirs, set()), (third, {(DriftKind.CHANGED, "apt-daily.timer")})):
        own = [*fleet(3, ours), member("web-odd", form)]
        found = compare(own, fleet(40, theirs, prefix="db"))
        assert kinds(found[HostName("web-odd")]) == expected


def test_programs_of_either_cohort_are_accepted_and_no_third_one() -> None:
    ours, theirs, third = (packaged(job(), marks={}, package=name) for name in ("ours", "theirs", "third"))
    for form, count in ((ours, 0), (theirs, 0), (third, 1)):
        found = compare([*fleet(3, ours), member("web-odd", form)], fleet(40, theirs, prefix="db"))
        drift = found[HostName("web-odd")].drift
        assert [item.kind for item in drift.items] == [DriftKind.TARGET] * count


def test_doors_of_either_cohort_are_known_and_no_third_one() -> None:
    def opened(folder: str) -> Subject:
        door = Piece(role=PieceRole.SCRIPT, path="/x", exposed=(f"{folder} root:root 0777",))
        return packaged(job(), extra=(door,))

    for folder, expected in (("/ours", []), ("/theirs", []), ("/third", [DriftKind.WRITABLE])):
        own = [*fleet(3, opened("/ours")), member("web-odd", opened(folder))]
        found = compare(own, fleet(40, opened("/theirs"), prefix="db"))
        assert [item.kind for item in found[HostName("web-odd")].drift.items] == expected


def test_without_an_own_kind_the_wider_one_holds_alone() -> None:
    peers = Peers(Census.of(fleet(5, APT)))
    wide = peers.expect_for(HostName("web-000"))
    assert wide is not None
    assert widen_expectation(None, wide) is wide


def test_a_baseline_accepts_the_programs_that_it_saw_and_any_where_each_host_has_its_own() -> None:
    baseline = approve(fleet(9, packaged(job())))
    (item,) = baseline.items
    (norm,) = build_norms(baseline).values()
    meaning, target = packaged(job()).fingerprint.meaning, packaged(job()).fingerprint.target
    assert norm.accepts_target(meaning, target)
    assert not norm.accepts_target(meaning, Sha256("0" * 64))
    free = tuple(replace(variant, any_target=True) for variant in item.variants)
    (norm,) = build_norms(replace(baseline, items=(replace(item, variants=free),))).values()
    assert norm.accepts_target(meaning, Sha256("0" * 64))


def test_a_baseline_from_before_programs_were_compared_accepts_any() -> None:
    baseline = approve(fleet(9, packaged(job())))
    (item,) = baseline.items
    old = replace(item.variants[0].subject.fingerprint, target=Sha256(""))
    variant = replace(item.variants[0], subject=replace(item.variants[0].subject, fingerprint=old))
    (norm,) = build_norms(replace(baseline, items=(replace(item, variants=(variant,)),))).values()
    assert norm.accepts_target(old.meaning, Sha256("0" * 64))
