"""Drift of what is behind units, of doors and of views; and what must hold of every comparison."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.census import Census, Member
from fleetscan.analyse.compare import Assembly, diff_cohort, judge_cohort
from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.analyse.judge import Bench
from fleetscan.analyse.peers import Peers
from fleetscan.model.baseline import Baseline
from fleetscan.model.coverage import Area
from fleetscan.model.drift import DriftItem, DriftKind, HostDrift
from fleetscan.model.ids import SYSTEM, HostName, Sha256, UnitName
from fleetscan.model.program import Presence, Verification
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKey, SubjectKind
from tests.judge_data import RULES
from tests.model_data import WEB, fleet, gap, job, lingering, loose_unit, member, orphan_stamp, partial, read_stored
from tests.piece_data import packaged
from tests.unit.analyse.test_drift import approve

_BY_NAME = (SubjectKind.JOB, SubjectKind.UNIT, SubjectKind.LINGER, SubjectKind.STAMP)
"""Kinds that are made of units, or of nothing but a name."""
OWN = Verification.UNOWNED


def script(digit: str = "a", *, presence: Presence = Presence.FOUND, door: str = "") -> Piece:
    return Piece(
        role=PieceRole.SCRIPT,
        path="/opt/backup/run.sh",
        presence=presence,
        sha256=Sha256(digit * 64) if presence is Presence.FOUND else None,
        verification=OWN,
        exposed=(door,) if door else (),
    )


def running(piece: Piece | None = None, **settings: str) -> Subject:
    return packaged(job(service=settings), extra=(piece or script(),))


def disagreeing(kind: DisagreementKind = DisagreementKind.NO_FILE, detail: str = "x") -> Subject:
    return replace(running(), disagreements=(Disagreement(kind, UnitName("backup.timer"), detail),))


def thing(kind: SubjectKind, name: str, **properties: str) -> Subject:
    key = SubjectKey(kind, SYSTEM, name)
    return seal_subject(Subject(key=key, fingerprint=UNSEALED, properties=tuple(sorted(properties.items()))))


EVERYTHING = (
    running(),
    disagreeing(),
    packaged(job("open"), extra=(script(door="/opt root:root 0777"),)),
    packaged(job("unread"), extra=(script(presence=Presence.UNREAD),)),
    job("masked", masked=True),
    loose_unit(),
    lingering("bob"),
    orphan_stamp("old.timer"),
    *(thing(kind, f"/x/{kind.value}", a="b") for kind in SubjectKind),
)
WHOLE = tuple({subject.key: subject for subject in EVERYTHING}.values())


def diff(odd: Member, others: Sequence[Member], baseline: Baseline | None = None) -> HostDrift:
    return next(d for d in diff_cohort(WEB, [*others, odd], baseline, read_stored) if d.host == odd.host)


def diff_both(odd: Subject, normal: Subject) -> list[DriftItem]:
    """Compare with peers and with their baseline; both must tell the same one difference."""
    others = fleet(9, normal)
    found = [diff(member("odd", odd), others, baseline).items for baseline in (None, approve(others))]
    assert [item.kind for item in found[0]] == [item.kind for item in found[1]]
    return [*found[0], *found[1]]


def test_a_swapped_script_behind_unchanged_units_is_a_target() -> None:
    for item in diff_both(running(script("b")), running()):
        assert item.kind is DriftKind.TARGET
        assert [(t.path, t.before, t.after) for t in item.targets] == [("/opt/backup/run.sh", "a" * 64, "b" * 64)]
        assert item.sentence.startswith("odd ")
        assert item.changes == ()


def test_few_hosts_with_the_same_swapped_script_do_not_vouch_for_each_other() -> None:
    others = [*fleet(12, running()), member("also", running(script("b")))]
    assert [item.kind for item in diff(member("odd", running(script("b"))), others).items] == [DriftKind.TARGET]


def test_an_upgrade_of_a_verified_package_is_none() -> None:
    assert diff_both(packaged(job(), payload="c"), packaged(job(), payload="b")) == []


def test_an_unread_package_database_makes_no_target_and_is_told() -> None:
    unknown = {"/usr/bin/backup": Verification.UNKNOWN}
    others = fleet(9, packaged(job(), payload="b"))
    for payload, count in (("b", 0), ("c", 1)):
        drift = diff(member("odd", packaged(job(), marks=unknown, payload=payload)), others)
        assert (drift.items, len(drift.not_compared)) == ((), count)


def test_a_program_that_its_package_does_not_vouch_for_any_more_is_a_target() -> None:
    turned = packaged(job(), marks={"/usr/bin/backup": Verification.CHANGED})
    assert [item.kind for item in diff_both(turned, packaged(job()))] == [DriftKind.TARGET] * 2


def test_an_unread_program_is_never_a_target() -> None:
    unread = running(script(presence=Presence.UNREAD))
    assert diff_both(unread, running()) == []
    assert diff_both(running(), unread) == []


def test_a_form_with_an_unread_program_is_not_among_the_normal_ones_of_the_host_that_has_it() -> None:
    unread = running(script(presence=Presence.UNREAD))
    others = fleet(9, running())
    for more, known in (((), 0), ((member("also", unread),), 1)):
        peers = Peers(Census.of([*others, *more, member("odd", unread)])).expect_for(HostName("odd"))
        norm = peers.norm(unread.key) if peers is not None else None
        assert norm is not None
        counts = {variant.subject: variant.prevalence.count for variant in norm.variants}
        assert (counts[running()], counts.get(unread, 0)) == (9, known)


def test_an_opened_door_is_writable_and_a_closed_one_is_no_difference() -> None:
    open_one = running(script(door="/opt/backup deploy:deploy 0775"))
    for item in diff_both(open_one, running()):
        assert (item.kind, item.doors) == (DriftKind.WRITABLE, ("/opt/backup deploy:deploy 0775",))
    assert diff_both(running(), open_one) == []


def test_a_host_does_not_vouch_for_its_own_door_whatever_its_name() -> None:
    opened = running(script(door="/opt/backup deploy:deploy 0775"))
    for name in ("aaa", "zzz"):
        others = fleet(9, running())
        assert [item.kind for item in diff(member(name, opened), others).items] == [DriftKind.WRITABLE]
        # Nor does it lend the form that is approved.
        baseline = approve([*others, member(name, opened)])
        assert [item.kind for item in diff(member(name, opened), others, baseline).items] == [DriftKind.WRITABLE]


def test_a_door_that_most_peers_have_is_normal_and_one_of_few_is_not() -> None:
    opened = running(script(door="/opt/backup deploy:deploy 0775"))
    assert diff(member("odd", opened), [*fleet(2, running()), *fleet(7, opened, prefix="o")]).items == ()
    two = [*fleet(2, running()), member("also", opened)]
    assert [item.kind for item in diff(member("odd", opened), two).items] == [DriftKind.WRITABLE]
    few = [*fleet(7, running()), *fleet(2, opened, prefix="o")]
    assert [item.kind for item in diff(member("odd", opened), few).items] == [DriftKind.WRITABLE]


def test_views_that_contradict_each_other_here_alone_are_a_difference() -> None:
    for item in diff_both(disagreeing(), running()):
        assert (item.kind, [d.kind for d in item.disagreements]) == (DriftKind.VIEW, [DisagreementKind.NO_FILE])
    assert diff_both(disagreeing(detail="here"), disagreeing(detail="there")) == []
    assert diff_both(disagreeing(DisagreementKind.NEVER_LOADED, "disabled; x"), running()) == []


def test_several_differences_of_one_thing_are_told_each_once() -> None:
    worst = replace(running(script("b", door="/opt root:root 0777")), disagreements=disagreeing().disagreements)
    found = diff_both(worst, running())
    assert [item.kind for item in found[:3]] == [DriftKind.TARGET, DriftKind.VIEW, DriftKind.WRITABLE]
    assert len(found) == 6


@pytest.mark.parametrize("kind", [k for k in SubjectKind if k not in _BY_NAME])
def test_things_around_units_come_change_and_may_be_hidden(kind: SubjectKind) -> None:
    old, new = thing(kind, "/x/y", a="1"), thing(kind, "/x/y", a="2")
    others = fleet(9, job(), old)
    changed = diff(member("odd", job(), new), others).items
    assert [item.kind for item in changed] == [DriftKind.CHANGED]
    added = diff(member("odd", job(), new), fleet(9, job())).items
    assert [item.kind for item in added] == [DriftKind.ADDED]
    every_area = partial(*(gap(area, scope=None) for area in Area))
    missing = diff(member("odd", job(), coverage=every_area), others)
    assert missing.items == ()


@given(st.lists(st.sampled_from(WHOLE), unique_by=lambda subject: subject.key), st.booleans())
def test_equal_hosts_never_differ(subjects: list[Subject], has_baseline: bool) -> None:
    members = fleet(4, *subjects)
    baseline = approve(members) if has_baseline else None
    assert [drift.items for drift in diff_cohort(WEB, members, baseline, read_stored)] == [()] * 4


@given(st.randoms(use_true_random=False))
def test_the_order_of_hosts_and_things_changes_nothing(random: Random) -> None:
    odd = [running(script("b")), disagreeing(), running(Nice="5"), job("implant"), running(script(door="/o x:x 0777"))]
    members = [member(f"h{n}", *random.sample(WHOLE, 5), job("base")) for n in range(5)]
    members += [member(f"odd{n}", subject, job("base")) for n, subject in enumerate(odd)]
    assembly = Assembly(WEB, members, {m.host: WEB for m in members})
    mixed = [replace(m, subjects=tuple(random.sample(m.subjects, len(m.subjects)))) for m in members]
    random.shuffle(mixed)
    other = Assembly(WEB, mixed, {m.host: WEB for m in random.sample(mixed, len(mixed))})
    bench = Bench(rules=RULES, contents=read_stored)
    assert judge_cohort(assembly, None, bench) == judge_cohort(other, None, bench)


@given(st.integers(0, 30), st.sampled_from([Area.FILES, Area.LOADED, Area.UNIT_FILES]))
def test_hosts_that_could_not_be_read_do_not_dilute_prevalence(blind: int, area: Area) -> None:
    """A failure is no member at all; one that was read but could hide the thing is not in the denominator either."""
    unread = partial(gap(area))
    others = [
        *fleet(5, job("base")),
        *(member(f"blind{n}", job("base"), coverage=unread) for n in range(blind)),
        member("same", job("base"), job("implant")),
    ]
    (item,) = diff(member("odd", job("base"), job("implant")), others).items
    assert (item.kind, str(item.prevalence)) == (DriftKind.ADDED, "1 of 6")


def test_few_hosts_are_not_compared_and_it_is_said() -> None:
    drift = diff(member("odd", job("implant")), fleet(1, job("base")))
    assert (drift.items, drift.reference) == ((), "")
    assert drift.not_compared == (f"too few other hosts of {WEB} were read to compare with",)


def test_hosts_that_only_stand_in_are_counted_and_not_judged() -> None:
    members = [*fleet(5, job("base")), member("odd", job("base"), job("implant"))]
    assembly = Assembly(WEB, members, {HostName("odd"): WEB})
    (verdict,) = judge_cohort(assembly, None, Bench(rules=(), contents=read_stored))
    assert str(verdict.drift.items[0].prevalence) == "0 of 5"
