from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.baseline import propose_baseline
from fleetscan.analyse.census import Member
from fleetscan.model.baseline import OutlierReason, Proposal
from fleetscan.model.coverage import Area
from fleetscan.model.ids import HostName, SweepId, user_scope
from fleetscan.model.subject import Subject
from tests.model_data import WEB, fleet, gap, job, lingering, loose_unit, member, orphan_stamp, partial
from tests.piece_data import packaged

APT = job("apt-daily")
BACKUP = job("backup")
OTHER_BACKUP = job("backup", exec_start="/opt/backup")


def propose(members: list[Member], *skipped: tuple[str, str], min_prevalence: float = 0.5) -> Proposal:
    return propose_baseline(WEB, SweepId(4), members, [(HostName(h), why) for h, why in skipped], min_prevalence)


def summary(proposal: Proposal) -> list[tuple[str, str, list[str], bool]]:
    return [
        (i.key.name, str(i.prevalence), [str(v.prevalence) for v in i.variants], i.required) for i in proposal.items
    ]


def test_what_most_hosts_have_is_kept_and_the_rest_is_an_outlier_with_its_hosts() -> None:
    odd = member("odd", APT, job("upd", exec_start="/tmp/upd"))
    proposal = propose([*fleet(9, APT, BACKUP), odd])
    assert summary(proposal) == [
        ("apt-daily.timer", "10 of 10", ["10 of 10"], True),
        ("backup.timer", "9 of 10", ["9 of 10"], False),
    ]
    assert [(o.subject.key.name, str(o.prevalence), o.hosts) for o in proposal.outliers] == [
        ("upd.timer", "1 of 10", ("odd",))
    ]
    assert (proposal.hosts, proposal.cohort, proposal.sweep) == (10, WEB, 4)


def test_a_rare_form_of_a_common_subject_is_an_outlier() -> None:
    proposal = propose([*fleet(9, BACKUP), member("odd", OTHER_BACKUP)])
    assert summary(proposal) == [("backup.timer", "10 of 10", ["9 of 10"], True)]
    assert proposal.outliers[0].subject == OTHER_BACKUP


def test_forms_are_judged_by_the_hosts_that_have_the_subject() -> None:
    proposal = propose([*fleet(6, BACKUP), *fleet(4, prefix="db")], min_prevalence=0.6)
    assert summary(proposal) == [("backup.timer", "6 of 10", ["6 of 10"], False)]


def test_the_commonest_form_is_kept_when_no_form_reaches_the_share() -> None:
    third = job("backup", exec_start="/srv/backup")
    members = [*fleet(4, BACKUP, prefix="a"), *fleet(3, OTHER_BACKUP, prefix="b"), *fleet(3, third, prefix="c")]
    assert summary(propose(members)) == [("backup.timer", "10 of 10", ["4 of 10"], True)]


def test_hosts_that_do_not_agree_teach_nothing() -> None:
    proposal = propose([member("a", BACKUP), member("b", OTHER_BACKUP)])
    assert proposal.items == ()
    assert [outlier.hosts for outlier in proposal.outliers] in ([("a",), ("b",)], [("b",), ("a",)])


def test_what_one_of_two_hosts_has_is_never_learned() -> None:
    proposal = propose([member("a", APT, BACKUP), member("b", APT)])
    assert [item.key.name for item in proposal.items] == ["apt-daily.timer"]
    assert [outlier.subject for outlier in proposal.outliers] == [BACKUP]


def test_of_a_single_host_only_what_packages_vouch_for_is_taken_and_nothing_is_required() -> None:
    proposal = propose([member("a", packaged(APT), BACKUP)])
    assert [(item.key.name, item.required) for item in proposal.items] == [("apt-daily.timer", False)]
    assert "packages vouch" in proposal.items[0].variants[0].remarks.note
    assert [(o.subject, o.reason) for o in proposal.outliers] == [(BACKUP, OutlierReason.ALONE)]


def test_different_bytes_of_one_meaning_are_one_form_with_the_commonest_bytes() -> None:
    proposal = propose([*fleet(3, BACKUP), member("odd", job("backup", comment="local"))])
    assert summary(proposal) == [("backup.timer", "4 of 4", ["4 of 4"], True)]
    assert proposal.items[0].variants[0].subject == BACKUP
    assert proposal.outliers == ()


def test_failed_and_partial_hosts_do_not_dilute_prevalence() -> None:
    blind = member("blind", coverage=partial(gap(Area.FILES), gap(Area.LOADED)))
    alone = propose(fleet(4, APT))
    proposal = propose([*fleet(4, APT), blind], ("dead", "unreachable: connection refused"))
    assert proposal.items == alone.items
    assert proposal.skipped == (
        ("blind", "partial: files denied (permission denied)"),
        ("dead", "unreachable: connection refused"),
    )


def test_no_complete_visit_gives_a_proposal_without_items() -> None:
    proposal = propose([member("a", APT, coverage=partial(gap(Area.LINGER)))])
    assert (proposal.hosts, proposal.items, proposal.outliers) == (0, (), ())


def test_what_passes_by_or_belongs_to_one_user_is_never_required() -> None:
    passing = (
        job("late", transient=True),
        job("run-u7", invented="run-*.timer#0123456789ab"),
        job("sync", scope=user_scope("bob")),
        job("fstab", generated=True),
        lingering("bob"),
        orphan_stamp("old.timer"),
    )
    proposal = propose(fleet(10, *passing, APT, loose_unit()))
    assert {item.key.name for item in proposal.items if item.required} == {"apt-daily.timer", "agent.service"}
    assert len(proposal.items) == 8


FORMS = st.lists(
    st.builds(
        job,
        st.sampled_from(["aa", "bb"]),
        exec_start=st.sampled_from(["/usr/bin/a", "/opt/b"]),
        enabled=st.sampled_from(["enabled", "disabled"]),
        comment=st.sampled_from(["", "x"]),
    ),
    max_size=2,
    unique_by=lambda subject: subject.key,
)


@given(st.lists(FORMS, max_size=7), st.randoms(use_true_random=False), st.sampled_from([0.3, 0.5, 0.9]))
def test_a_proposal_does_not_depend_on_the_order_of_hosts(
    states: list[list[Subject]], random: Random, min_prevalence: float
) -> None:
    members = [member(f"h{number}", *state) for number, state in enumerate(states)]
    shuffled = list(members)
    random.shuffle(shuffled)
    assert propose(shuffled, min_prevalence=min_prevalence) == propose(members, min_prevalence=min_prevalence)


@given(st.lists(FORMS, min_size=1, max_size=7), st.integers(0, 4))
def test_hosts_with_gaps_change_no_number_of_a_proposal(states: list[list[Subject]], blind: int) -> None:
    members = [member(f"h{number}", *state) for number, state in enumerate(states)]
    others = [member(f"x{number}", *states[0], coverage=partial(gap(Area.STAMPS))) for number in range(blind)]
    with_them, without = propose([*others, *members]), propose(members)
    assert (with_them.items, with_them.outliers, with_them.hosts) == (without.items, without.outliers, without.hosts)
