"""What vouches for rare things in a proposal, what rules doubt, and golden hosts."""

from collections.abc import Mapping, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.baseline import propose_baseline, propose_golden
from fleetscan.analyse.case import Setting
from fleetscan.analyse.census import Census, Member
from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.analyse.proposal import Aids, Judge, Judged, Wider
from fleetscan.model.baseline import Cohort, OutlierReason, Prevalence, Proposal, ProposalSource
from fleetscan.model.coverage import Area
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Hit, RuleId
from fleetscan.model.ids import SYSTEM, HostName, SweepId
from fleetscan.model.program import Verification
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from tests.model_data import WEB, fleet, gap, job, member, partial
from tests.piece_data import USR, packaged

WIDER = Cohort("web", "debian", "*")
BACKUP = job("backup")
STOCK = packaged(job("logrotate", folder=USR))
STOCK_OFF = packaged(job("logrotate", folder=USR, enabled="disabled", active="inactive"))
EVIL = job("upd", exec_start="/tmp/upd")


def hit(severity: Severity) -> Judged:
    return Judged(severity, (Hit(rule=RuleId("FS-1"), title="runs from /tmp", severity=severity, technique=None),))


def doubt(severity: Severity, *names: str) -> Judge:
    def judge(subject: Subject, _setting: Setting, _prevalence: Prevalence) -> Judged | None:
        return hit(severity) if subject.key.name in names else None

    return judge


def propose(members: Sequence[Member], aids: Aids | None = None, min_prevalence: float = 0.5) -> Proposal:
    return propose_baseline(WEB, SweepId(4), members, (), min_prevalence, aids or Aids())


def kept(proposal: Proposal) -> list[str]:
    return [item.key.name for item in proposal.items]


def reasons(proposal: Proposal) -> Mapping[str, OutlierReason]:
    return {outlier.subject.key.name: outlier.reason for outlier in proposal.outliers}


def test_two_hosts_with_a_packages_files_are_enough_below_the_share() -> None:
    proposal = propose([*fleet(8, BACKUP), *fleet(2, BACKUP, STOCK, prefix="db")])
    assert kept(proposal) == ["backup.timer", "logrotate.timer"]
    assert "packages vouch" in proposal.items[1].variants[0].remarks.note
    assert not proposal.items[1].required


def test_one_host_with_a_packages_files_is_not_enough_in_a_large_cohort() -> None:
    proposal = propose([*fleet(8, BACKUP), member("db", BACKUP, STOCK)])
    assert reasons(proposal) == {"logrotate.timer": OutlierReason.FEW_HOSTS}


def test_a_package_does_not_vouch_for_files_that_were_changed() -> None:
    changed = packaged(job("logrotate", folder=USR), marks={"/usr/bin/backup": Verification.CHANGED})
    proposal = propose([*fleet(8, BACKUP), *fleet(2, BACKUP, changed, prefix="db")])
    assert reasons(proposal) == {"logrotate.timer": OutlierReason.FEW_HOSTS}


def test_a_package_does_not_vouch_for_what_was_done_with_its_files() -> None:
    proposal = propose([*fleet(8, STOCK), *fleet(2, STOCK_OFF, prefix="db")])
    assert [str(variant.prevalence) for variant in proposal.items[0].variants] == ["8 of 10"]
    assert [outlier.subject for outlier in proposal.outliers] == [STOCK_OFF]


def test_two_hosts_with_a_package_in_two_states_do_not_agree() -> None:
    proposal = propose([member("a", BACKUP, STOCK), member("b", BACKUP, STOCK_OFF)])
    assert kept(proposal) == ["backup.timer"]
    assert [outlier.reason for outlier in proposal.outliers] == [OutlierReason.DISAGREE] * 2


def test_a_single_host_of_a_tiny_cohort_keeps_what_packages_vouch_for_and_says_so() -> None:
    proposal = propose([member("a", BACKUP, STOCK), member("b", BACKUP), member("c", BACKUP)])
    assert kept(proposal) == ["backup.timer", "logrotate.timer"]
    assert "single host of a small cohort" in proposal.items[1].variants[0].remarks.note


def test_a_single_host_keeps_what_its_manager_was_told_unless_rules_doubt_it() -> None:
    told = seal_subject(
        Subject(
            key=SubjectKey(SubjectKind.MANAGER, SYSTEM, "environment"),
            fingerprint=UNSEALED,
            properties=(("PATH", "/usr/bin"),),
        )
    )
    assert kept(propose([member("a", told)])) == ["environment"]
    assert kept(propose([member("a", told)], Aids(judge=doubt(Severity.HIGH, "environment")))) == []


def test_what_is_common_in_the_wider_cohort_is_kept_on_a_single_host_and_says_so() -> None:
    wider = Wider(WIDER, Census.of([*fleet(6, BACKUP, prefix="x"), *fleet(4, prefix="y")]))
    proposal = propose([member("a", BACKUP, EVIL)], Aids(wider=wider))
    assert kept(proposal) == ["backup.timer"]
    assert "6 of 10 other hosts of web/debian-*" in proposal.items[0].variants[0].remarks.note
    assert reasons(proposal) == {"upd.timer": OutlierReason.ALONE}
    assert "0 of 10 other hosts of web/debian-*" in proposal.outliers[0].remarks.note


def test_another_form_in_the_wider_cohort_vouches_for_nothing() -> None:
    wider = Wider(WIDER, Census.of(fleet(9, job("backup", exec_start="/opt/other"))))
    assert reasons(propose([member("a", BACKUP)], Aids(wider=wider))) == {"backup.timer": OutlierReason.ALONE}


def test_a_single_other_host_is_no_wider_cohort() -> None:
    wider = Wider(WIDER, Census.of(fleet(1, BACKUP)))
    assert reasons(propose([member("a", BACKUP)], Aids(wider=wider))) == {"backup.timer": OutlierReason.ALONE}


def test_hosts_of_an_outlier_are_named_in_order() -> None:
    odd = [member("a", BACKUP, EVIL), member("b", EVIL), member("c", BACKUP, EVIL)]
    (outlier,) = propose([*fleet(9, BACKUP), *odd]).outliers
    assert outlier.hosts == ("a", "b", "c")


def test_a_large_cohort_borrows_nothing() -> None:
    wider = Wider(WIDER, Census.of(fleet(9, BACKUP)))
    proposal = propose([*fleet(5, STOCK), member("odd", STOCK, BACKUP)], Aids(wider=wider))
    assert reasons(proposal) == {"backup.timer": OutlierReason.FEW_HOSTS}


def test_what_rules_doubt_is_not_learned_even_when_every_host_has_it() -> None:
    proposal = propose(fleet(10, BACKUP, EVIL), Aids(judge=doubt(Severity.HIGH, "upd.timer")))
    assert kept(proposal) == ["backup.timer"]
    (outlier,) = proposal.outliers
    assert (outlier.reason, outlier.prevalence, len(outlier.hosts)) == (
        OutlierReason.QUESTIONABLE,
        Prevalence(10, 10),
        10,
    )
    assert outlier.remarks.hits == ("high FS-1: runs from /tmp",)


def test_a_doubt_below_high_is_only_remarked() -> None:
    proposal = propose(fleet(10, EVIL), Aids(judge=doubt(Severity.MEDIUM, "upd.timer")))
    assert kept(proposal) == ["upd.timer"]
    assert proposal.items[0].variants[0].remarks.hits == ("medium FS-1: runs from /tmp",)


def test_what_a_package_vouches_for_is_learned_though_rules_doubt_it() -> None:
    proposal = propose(fleet(10, STOCK), Aids(judge=doubt(Severity.CRITICAL, "logrotate.timer")))
    assert kept(proposal) == ["logrotate.timer"]
    assert proposal.items[0].variants[0].remarks.hits


def golden(members: Sequence[Member], *hosts: str, judge: Judge | None = None) -> Proposal:
    aids = Aids() if judge is None else Aids(judge=judge)
    return propose_golden(WEB, SweepId(4), members, frozenset(map(HostName, hosts)), aids)


def test_what_golden_hosts_have_is_the_proposal_and_the_rest_is_named() -> None:
    proposal = golden([*fleet(8, BACKUP, EVIL), member("gold", BACKUP, STOCK)], "gold")
    assert [(item.key.name, str(item.prevalence), item.required) for item in proposal.items] == [
        ("backup.timer", "9 of 9", True),
        ("logrotate.timer", "1 of 9", True),
    ]
    assert reasons(proposal) == {"upd.timer": OutlierReason.NOT_GOLDEN}
    assert (proposal.source, proposal.note) == (ProposalSource.GOLDEN, "golden hosts gold")


def test_golden_hosts_that_differ_are_both_right() -> None:
    other = job("backup", exec_start="/opt/backup")
    proposal = golden([member("one", BACKUP, STOCK), member("two", other)], "one", "two")
    assert [(len(item.variants), item.required) for item in proposal.items] == [(2, True), (1, False)]


def test_rules_doubt_golden_hosts_too() -> None:
    proposal = golden([member("gold", EVIL)], "gold", judge=doubt(Severity.HIGH, "upd.timer"))
    assert reasons(proposal) == {"upd.timer": OutlierReason.QUESTIONABLE}


STATES = st.lists(
    st.sampled_from([BACKUP, job("backup", exec_start="/opt/backup"), EVIL, STOCK, STOCK_OFF]),
    max_size=3,
    unique_by=lambda subject: subject.key,
)


@pytest.mark.parametrize("severity", [Severity.LOW, Severity.HIGH])
@given(
    st.lists(STATES, max_size=7),
    st.lists(STATES, max_size=5),
    st.randoms(use_true_random=False),
    st.sampled_from([0.3, 0.5, 0.9]),
)
def test_a_proposal_with_all_aids_does_not_depend_on_the_order_of_hosts(
    severity: Severity, states: list[list[Subject]], others: list[list[Subject]], random: Random, share: float
) -> None:
    members = [member(f"h{number}", *state) for number, state in enumerate(states)]
    wider = [member(f"x{number}", *state) for number, state in enumerate(others)]
    judge = doubt(severity, "backup.timer")
    first = propose(members, Aids(judge=judge, wider=Wider(WIDER, Census.of(wider))), share)
    random.shuffle(members)
    random.shuffle(wider)
    assert propose(members, Aids(judge=judge, wider=Wider(WIDER, Census.of(wider))), share) == first


@given(st.lists(STATES, min_size=1, max_size=7), st.integers(0, 4))
def test_every_form_is_either_in_or_out_and_partial_hosts_change_nothing(
    states: list[list[Subject]], blind: int
) -> None:
    members = [member(f"h{number}", *state) for number, state in enumerate(states)]
    others = [member(f"z{number}", EVIL, coverage=partial(gap(Area.FILES))) for number in range(blind)]
    proposal = propose([*others, *members])
    forms = {subject for state in states for subject in state}
    told = [variant.subject for item in proposal.items for variant in item.variants]
    told += [outlier.subject for outlier in proposal.outliers]
    assert len(told) == len(forms)
    assert set(told) == forms
    assert (proposal.items, proposal.outliers) == (propose(members).items, propose(members).outliers)
