"""Keys, baselines and mails, on both databases."""

import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from fleetscan.errors import UsageError
from fleetscan.model.baseline import (
    Approval,
    Baseline,
    BaselineItem,
    Cohort,
    Outlier,
    Prevalence,
    Proposal,
    ProposalSource,
    Variant,
)
from fleetscan.model.digest import digest_bytes
from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.model.ids import SYSTEM, UnitName
from fleetscan.model.origin import Origin
from fleetscan.model.subject import Fingerprint, Subject, SubjectKey, SubjectKind
from fleetscan.model.unit import Directive, SourceKind, UnitSource, UnitState
from fleetscan.store.approvals import BaselineState, read_approvals
from fleetscan.store.mails import MailState
from fleetscan.store.store import Store
from tests.stored_fleet import DAY, DB, NOW, WEB, begin

pytest_plugins = ("tests.databases",)

COHORT = Cohort("web", "debian", "12")
APPROVAL = Approval(author="ana", reason="reviewed\x00with ben", approved_at=NOW)
SECOND = Approval(author="ben", reason="me, too", approved_at=NOW + DAY)
KEY = KnownKey(
    pattern="[web1.example.org]:2222",
    marker=KeyMarker.NONE,
    algorithm="ssh-ed25519",
    blob="AAAA",
    fingerprint="SHA256:abc",
    added_at=NOW,
    added_by="ana",
    source="enroll",
)


def subject(name: str) -> Subject:
    digest = digest_bytes(name.encode("utf-8", "surrogatepass"))
    return Subject(
        key=SubjectKey(SubjectKind.JOB, SYSTEM, name),
        fingerprint=Fingerprint(digest, digest, digest, digest),
        unit_names=(UnitName(name),),
        sources=(UnitSource(SourceKind.FRAGMENT, f"/etc/systemd/system/{name}", None),),
        directives=((UnitName(name), Directive("Timer", "OnCalendar", "daily", Origin("/etc/x", 3))),),
        state=UnitState(enabled="enabled", listed=False),
    )


def proposal(store: Store, cohort: Cohort = COHORT) -> Proposal:
    common, odd = subject("backup.timer"), subject("miner\udc80.timer")
    item = BaselineItem(
        key=common.key, variants=(Variant(common, Prevalence(9, 10)),), prevalence=Prevalence(10, 10), required=True
    )
    return Proposal(
        cohort=cohort,
        sweep=begin(store).id,
        hosts=10,
        skipped=((DB, "partial"),),
        min_prevalence=0.8,
        items=(item,),
        outliers=(Outlier(subject=odd, prevalence=Prevalence(1, 10), hosts=(WEB,)),),
    )


def approve(store: Store) -> Baseline:
    return approve_proposal(store, store.baselines.save_proposal(proposal(store), at=NOW, author="ben"))


def approve_proposal(store: Store, number: int, approval: Approval = APPROVAL) -> Baseline:
    store.baselines.add_approval(number, approval, approvers_needed=1)
    return store.baselines.read_baseline(number)


def test_a_proposal_reads_back_whole(store: Store) -> None:
    proposed = proposal(store)
    proposal_id = store.baselines.save_proposal(proposed, at=NOW, author="ben")
    assert store.baselines.read_proposal(proposal_id) == proposed
    (info,) = store.baselines.list_baselines()
    assert (info.id, info.version, info.state, info.approval) == (proposal_id, None, BaselineState.PROPOSED, None)
    assert store.baselines.current_baseline(COHORT) is None
    with pytest.raises(UsageError, match="nobody approved"):
        store.baselines.read_baseline(proposal_id)


def test_an_approved_proposal_becomes_the_cohorts_baseline(store: Store) -> None:
    baseline = approve(store)
    assert (baseline.version, baseline.approval, baseline.cohort) == (1, APPROVAL, COHORT)
    assert baseline.items == store.baselines.read_proposal(baseline.id).items
    assert store.baselines.current_baseline(COHORT) == store.baselines.read_baseline(baseline.id) == baseline


def test_a_newer_version_retires_the_older_and_leaves_other_cohorts_alone(store: Store) -> None:
    first = approve(store)
    other = Cohort("web", "debian", "13")
    other_id = store.baselines.save_proposal(proposal(store, other), at=NOW, author="ben")
    assert approve_proposal(store, other_id).version == 1
    second = approve(store)
    assert second.version == 2
    assert store.baselines.current_baseline(COHORT) == second
    assert store.baselines.read_baseline(first.id) == first
    assert [(info.id, info.state) for info in store.baselines.list_baselines(COHORT)] == [
        (second.id, BaselineState.APPROVED),
        (first.id, BaselineState.RETIRED),
    ]
    assert store.baselines.current_baseline(other) is not None


def test_a_proposal_is_approved_once(store: Store) -> None:
    with pytest.raises(UsageError, match="approved before, by ana"):
        approve_proposal(store, approve(store).id, replace(APPROVAL, author="eve"))


def test_an_unknown_proposal_cannot_be_approved(store: Store) -> None:
    with pytest.raises(UsageError, match="no baseline or proposal 9"):
        approve_proposal(store, 9)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE baseline SET reason = 'forged'",
        "UPDATE baseline SET state = 'proposed'",
        "UPDATE baseline SET version = NULL",
        "DELETE FROM baseline",
    ],
)
def test_the_database_itself_refuses_to_change_an_approved_baseline(store: Store, change: str) -> None:
    baseline = approve(store)
    with pytest.raises(IntegrityError, match="cannot be changed"), store._database.write() as connection:
        connection.execute(text(change))
    assert store.baselines.current_baseline(COHORT) == baseline


def test_who_decides_is_told_what_a_proposal_was_made_from(store: Store) -> None:
    proposed = replace(proposal(store), source=ProposalSource.GOLDEN, note="golden hosts web1\x00, web2")
    proposal_id = store.baselines.save_proposal(proposed, at=NOW, author="ben")
    assert store.baselines.read_proposal(proposal_id) == proposed
    (info,) = store.baselines.list_baselines()
    assert (info.source, info.note) == (proposed.source, proposed.note)


def propose(store: Store) -> int:
    return store.baselines.save_proposal(proposal(store), at=NOW, author="ben")


def test_a_first_of_two_approvals_is_kept_and_changes_nothing_else(store: Store) -> None:
    current = approve(store)
    info = store.baselines.add_approval(propose(store), APPROVAL, approvers_needed=2)
    assert (info.state, info.version, info.approval) == (BaselineState.AWAITING, None, None)
    assert info.approvals == (APPROVAL,)
    assert store.baselines.current_baseline(COHORT) == current
    with pytest.raises(UsageError, match="awaits another approval"):
        store.baselines.read_baseline(info.id)


def test_the_second_approval_by_another_person_makes_the_version(store: Store) -> None:
    first = approve(store)
    proposal_id = propose(store)
    store.baselines.add_approval(proposal_id, APPROVAL, approvers_needed=2)
    info = store.baselines.add_approval(proposal_id, SECOND, approvers_needed=2)
    assert (info.state, info.version, info.approval) == (BaselineState.APPROVED, 2, SECOND)
    baseline = store.baselines.current_baseline(COHORT)
    assert baseline is not None
    assert (baseline.id, baseline.approval, baseline.approvals) == (proposal_id, SECOND, (APPROVAL, SECOND))
    assert store.baselines.read_baseline(first.id).approvals == (APPROVAL,)
    assert [one.approvals for one in store.baselines.list_baselines()] == [(APPROVAL, SECOND), (APPROVAL,)]


@pytest.mark.parametrize("author", ["ana", " Ana ", "ANA"])
def test_the_same_person_does_not_approve_twice(store: Store, author: str) -> None:
    proposal_id = propose(store)
    store.baselines.add_approval(proposal_id, APPROVAL, approvers_needed=2)
    with pytest.raises(UsageError, match="approved proposal 1 before"):
        store.baselines.add_approval(proposal_id, replace(APPROVAL, author=author), approvers_needed=2)
    assert store.baselines.list_baselines()[0].state is BaselineState.AWAITING


def test_of_two_persons_who_approve_at_once_the_second_sees_the_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_read = threading.Barrier(2)

    def read_together(connection: Connection, baseline_ids: Collection[int]) -> dict[int, tuple[Approval, ...]]:
        found = read_approvals(connection, baseline_ids)
        with suppress(threading.BrokenBarrierError):
            both_read.wait(0.3)
        return found

    monkeypatch.setattr("fleetscan.store.approvals.read_approvals", read_together)
    proposal_id = propose(store)
    states: list[BaselineState] = []

    def approve_as(approval: Approval) -> None:
        states.append(store.baselines.add_approval(proposal_id, approval, approvers_needed=2).state)

    persons = [threading.Thread(target=approve_as, args=(approval,)) for approval in (APPROVAL, SECOND)]
    for person in persons:
        person.start()
    for person in persons:
        person.join()
    assert sorted(states) == [BaselineState.APPROVED, BaselineState.AWAITING]


def test_what_two_persons_approved_is_not_approved_again(store: Store) -> None:
    proposal_id = propose(store)
    for approval in (APPROVAL, SECOND):
        store.baselines.add_approval(proposal_id, approval, approvers_needed=2)
    with pytest.raises(UsageError, match="approved before, by ana and ben"):
        store.baselines.add_approval(proposal_id, replace(APPROVAL, author="eve"), approvers_needed=2)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE baseline SET payload = 'x'",
        "UPDATE baseline SET payload = 'x', state = 'approved'",
        "UPDATE baseline SET note = 'forged'",
        "UPDATE baseline SET reason = 'forged'",
        "UPDATE baseline SET state = 'proposed'",
        "UPDATE baseline SET state = 'retired'",
        "DELETE FROM baseline",
        "UPDATE baseline_approval SET author = 'eve'",
        "DELETE FROM baseline_approval",
    ],
)
def test_the_database_itself_refuses_to_change_what_a_first_person_approved(store: Store, change: str) -> None:
    proposal_id = propose(store)
    info = store.baselines.add_approval(proposal_id, APPROVAL, approvers_needed=2)
    proposed = store.baselines.read_proposal(proposal_id)
    with pytest.raises(IntegrityError, match="cannot be changed"), store._database.write() as connection:
        connection.execute(text(change))
    assert store.baselines.list_baselines() == (info,)
    assert store.baselines.read_proposal(proposal_id) == proposed


def test_a_rollback_makes_the_items_of_an_older_version_the_newest_version(store: Store) -> None:
    first, second = approve(store), approve(store)
    info = store.baselines.rollback(COHORT, 1, SECOND)
    baseline = store.baselines.current_baseline(COHORT)
    assert baseline is not None
    assert (baseline.id, baseline.version, baseline.rolled_back_to) == (info.id, 3, 1)
    assert (baseline.items, baseline.sweep, baseline.approvals) == (first.items, first.sweep, (SECOND,))
    assert store.baselines.read_baseline(second.id) == second
    assert [(one.version, one.state, one.rolled_back_to) for one in store.baselines.list_baselines(COHORT)] == [
        (3, BaselineState.APPROVED, 1),
        (2, BaselineState.RETIRED, None),
        (1, BaselineState.RETIRED, None),
    ]


def test_a_rollback_also_needs_a_second_person_where_approvals_do(store: Store) -> None:
    approve(store)
    current = approve(store)
    info = store.baselines.rollback(COHORT, 1, APPROVAL, approvers_needed=2)
    assert info.state is BaselineState.AWAITING
    assert store.baselines.current_baseline(COHORT) == current
    done = store.baselines.add_approval(info.id, SECOND, approvers_needed=2)
    assert (done.version, done.rolled_back_to) == (3, 1)


@pytest.mark.parametrize(("version", "words"), [(1, "is the current baseline"), (7, "has no baseline version 7")])
def test_a_rollback_goes_to_an_older_version_only(store: Store, version: int, words: str) -> None:
    approve(store)
    with pytest.raises(UsageError, match=words):
        store.baselines.rollback(COHORT, version, APPROVAL)
    with pytest.raises(UsageError, match=f"has no baseline version {version}"):
        store.baselines.rollback(replace(COHORT, role="db"), version, APPROVAL)


def test_accepted_keys_read_back_sorted_and_keep_their_first_author(store: Store) -> None:
    authority = replace(KEY, pattern="*.example.org", marker=KeyMarker.CERT_AUTHORITY)
    store.keys.save_known_keys([KEY, authority])
    store.keys.save_known_keys([replace(KEY, added_by="eve", added_at=NOW + DAY)])
    assert store.keys.list_known_keys() == (authority, KEY)


def test_keys_are_forgotten_by_their_exact_pattern(store: Store) -> None:
    rotated = replace(KEY, fingerprint="SHA256:new")
    authority = replace(KEY, pattern="*", marker=KeyMarker.CERT_AUTHORITY)
    store.keys.save_known_keys([KEY, rotated, authority])
    assert store.keys.forget_keys(KEY.pattern) == 2
    assert store.keys.list_known_keys() == (authority,)
    assert store.keys.forget_keys(KEY.pattern) == 0


def test_a_mail_is_claimed_once_and_never_again_when_it_was_sent(store: Store) -> None:
    sweep = begin(store).id
    assert store.mails.claim_mail(sweep, "ann@example.org", "digest", "<1@x>", NOW)
    store.mails.mark_sent(sweep, "ann@example.org", "digest")
    assert not store.mails.claim_mail(sweep, "ann@example.org", "digest", "<2@x>", NOW)
    (mail,) = store.mails.list_mails(sweep)
    assert (mail.state, mail.message_id, mail.attempts) == (MailState.SENT, "<1@x>", 1)


def test_another_recipient_kind_or_sweep_is_another_mail(store: Store) -> None:
    first, second = begin(store).id, begin(store).id
    claims = [(first, "ann", "digest"), (first, "ben", "digest"), (first, "ann", "summary"), (second, "ann", "digest")]
    assert all(store.mails.claim_mail(*claim, "<1@x>", NOW) for claim in claims)
    assert len(store.mails.list_mails(first)) == 3


def test_a_refused_mail_is_tried_again(store: Store) -> None:
    sweep = begin(store).id
    store.mails.claim_mail(sweep, "ann@example.org", "digest", "<1@x>", NOW)
    store.mails.mark_failed(sweep, "ann@example.org", "digest", "450 try later")
    assert store.mails.list_mails(sweep)[0].last_error == "450 try later"
    assert store.mails.claim_mail(sweep, "ann@example.org", "digest", "<2@x>", NOW + timedelta(hours=1))
    (mail,) = store.mails.list_mails(sweep)
    assert (mail.state, mail.message_id, mail.attempts) == (MailState.SENDING, "<2@x>", 2)


def test_a_mail_that_a_killed_process_was_sending_becomes_uncertain_and_is_not_sent_again(store: Store) -> None:
    sweep = begin(store).id
    store.mails.claim_mail(sweep, "ann@example.org", "digest", "<1@x>", NOW)
    assert not store.mails.claim_mail(sweep, "ann@example.org", "digest", "<2@x>", NOW)
    assert not store.mails.claim_mail(sweep, "ann@example.org", "digest", "<3@x>", NOW)
    assert store.mails.list_mails(sweep)[0].state is MailState.UNCERTAIN
