"""Attributes and access control lists that accepted files did not have."""

from dataclasses import replace

from fleetscan.analyse.census import Member
from fleetscan.analyse.compare import diff_cohort
from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.ids import user_scope
from fleetscan.model.subject import Subject
from tests.model_data import WEB, fleet, job, member, read_stored
from tests.piece_data import USR, packaged

STOCK = packaged(job("logrotate", folder=USR))


def mark(subject: Subject, **marks: object) -> Subject:
    first, *others = subject.pieces
    return seal_subject(replace(subject, pieces=(replace(first, **marks), *others)))  # type: ignore[arg-type]


def diff_odd(odd: Member, others: list[Member]) -> tuple[DriftItem, ...]:
    drifts = diff_cohort(WEB, [*others, odd], None, read_stored)
    return next(drift.items for drift in drifts if drift.host == odd.host)


def test_a_file_that_was_made_immutable_is_in_another_state() -> None:
    (item,) = diff_odd(member("odd", mark(STOCK, attributes="i")), fleet(9, STOCK))
    assert item.kind is DriftKind.STATE
    assert item.state_after.endswith(f"{USR}/logrotate.timer has the attributes i")


def test_an_access_control_list_is_another_state_of_a_users_unit_too() -> None:
    own = packaged(job("sync", scope=user_scope("ann")))
    (item,) = diff_odd(member("odd", mark(own, acl=True)), fleet(9, own))
    assert item.kind is DriftKind.STATE
    assert "access control list" in item.state_after


def test_what_other_hosts_have_too_is_none() -> None:
    marked = mark(STOCK, attributes="a")
    assert diff_odd(member("odd", marked), fleet(9, marked)) == ()
