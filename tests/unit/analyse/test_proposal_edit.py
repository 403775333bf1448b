"""What a person makes of a proposal, and the successor of a baseline."""

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.baseline import propose_baseline
from fleetscan.analyse.census import Member
from fleetscan.analyse.proposal import place_of
from fleetscan.analyse.proposal_edit import (
    accept_forms,
    accept_names,
    find_unknown,
    keys_of,
    leave_out_forms,
)
from fleetscan.analyse.proposal_successor import Chosen, propose_successor
from fleetscan.model.baseline import BaselineItem, OutlierReason, Proposal, ProposalSource
from fleetscan.model.ids import SweepId
from fleetscan.model.subject import Subject
from tests.model_data import WEB, fleet, job, lingering, member
from tests.piece_data import USR, packaged

APT = job("apt-daily")
BACKUP = job("backup")
OTHER_BACKUP = job("backup", exec_start="/opt/backup")
STOCK = packaged(job("logrotate", folder=USR))


def propose(*members: Member) -> Proposal:
    return propose_baseline(WEB, SweepId(4), members, (), 0.5)


def shown(items: tuple[BaselineItem, ...]) -> list[tuple[str, list[str], bool]]:
    return [(i.key.name, [str(v.prevalence) for v in i.variants], i.required) for i in items]


def test_a_thing_taken_in_by_name_is_accepted_and_remembers_why_it_was_out() -> None:
    proposal = accept_names(propose(*fleet(9, APT), member("odd", APT, BACKUP)), ["backup.timer"])
    assert shown(proposal.items) == [("apt-daily.timer", ["10 of 10"], True), ("backup.timer", ["1 of 10"], False)]
    assert proposal.outliers == ()
    assert "too few hosts" in proposal.items[1].variants[0].remarks.note


def test_a_further_form_joins_the_accepted_ones() -> None:
    proposal = propose(*fleet(9, BACKUP), member("odd", OTHER_BACKUP))
    assert shown(accept_names(proposal, ["job:backup.timer"]).items) == [("backup.timer", ["9 of 10", "1 of 10"], True)]


def test_a_kind_in_front_of_a_name_tells_equal_names_apart() -> None:
    proposal = propose(*fleet(9, APT), member("odd", APT, job("bob"), lingering("bob")))
    assert [i.key.name for i in accept_names(proposal, ["linger:bob"]).items] == ["apt-daily.timer", "bob"]
    assert [i.key.name for i in accept_names(proposal, ["job:bob"]).items] == ["apt-daily.timer"]
    assert find_unknown(["linger:bob", "job:bob", "linger:user:bob:bob"], keys_of(proposal)) == ("job:bob",)


def test_an_item_whose_last_form_is_left_out_is_gone() -> None:
    proposal = leave_out_forms(propose(*fleet(9, APT, BACKUP)), [place_of(BACKUP)])
    assert [item.key.name for item in proposal.items] == ["apt-daily.timer"]
    assert [(o.subject, o.reason) for o in proposal.outliers] == [(BACKUP, OutlierReason.LEFT_OUT)]


STATES = st.lists(st.sampled_from([APT, BACKUP, OTHER_BACKUP, STOCK]), max_size=3, unique_by=lambda s: s.key)


@given(st.lists(STATES, max_size=7), st.sets(st.sampled_from([APT, BACKUP, OTHER_BACKUP, STOCK])))
def test_editing_loses_no_form(states: list[list[Subject]], wanted: set[Subject]) -> None:
    proposal = propose(*(member(f"h{number}", *state) for number, state in enumerate(states)))
    places = [place_of(subject) for subject in wanted]
    edited = leave_out_forms(accept_forms(proposal, places), places)
    for one in (proposal, edited):
        told = [v.subject for item in one.items for v in item.variants] + [o.subject for o in one.outliers]
        assert sorted(map(place_of, told)) == sorted({place_of(s) for state in states for s in state})
    assert not {v.subject for item in edited.items for v in item.variants} & wanted


def successor(previous: Proposal, fresh: Proposal, *words: str, chosen: Chosen | None = None) -> Proposal:
    return propose_successor(previous.items, 3, fresh, chosen or Chosen(words=frozenset(words)))


def test_without_a_choice_the_successor_accepts_what_the_version_before_did() -> None:
    previous = propose(*fleet(9, APT, BACKUP))
    fresh = propose(*fleet(9, APT, OTHER_BACKUP, STOCK))
    proposal = successor(previous, fresh)
    assert shown(proposal.items) == [("apt-daily.timer", ["9 of 9"], True), ("backup.timer", ["0 of 9"], True)]
    assert [(o.subject, o.reason) for o in proposal.outliers] == [
        (OTHER_BACKUP, OutlierReason.NOT_CHOSEN),
        (STOCK, OutlierReason.NOT_CHOSEN),
    ]
    assert (proposal.source, proposal.note) == (ProposalSource.PREVIOUS, "version 3 and what was chosen: nothing")


def test_chosen_names_are_taken_in_as_they_are_today() -> None:
    previous = propose(*fleet(9, APT, BACKUP))
    fresh = propose(*fleet(9, APT, OTHER_BACKUP, STOCK))
    proposal = successor(previous, fresh, "backup.timer", "logrotate.timer")
    assert [(i.key.name, len(i.variants)) for i in proposal.items] == [
        ("apt-daily.timer", 1),
        ("backup.timer", 2),
        ("logrotate.timer", 1),
    ]
    assert proposal.outliers == ()


def test_a_single_form_can_be_chosen() -> None:
    third = job("backup", exec_start="/srv/backup")
    fresh = propose(*fleet(7, BACKUP), member("one", OTHER_BACKUP), member("two", third))
    chosen = Chosen(places=frozenset({place_of(third)}))
    proposal = successor(propose(*fleet(9, BACKUP)), fresh, chosen=chosen)
    assert {v.subject for v in proposal.items[0].variants} == {BACKUP, third}
    assert [o.subject for o in proposal.outliers] == [OTHER_BACKUP]


def test_what_no_host_has_any_more_is_dropped_when_that_is_chosen() -> None:
    previous = propose(*fleet(9, APT, BACKUP))
    fresh = propose(*fleet(9, APT))
    assert [item.key.name for item in successor(previous, fresh, "backup.timer").items] == ["apt-daily.timer"]
    gone = Chosen(gone=frozenset({BACKUP.key}))
    assert [item.key.name for item in successor(previous, fresh, chosen=gone).items] == ["apt-daily.timer"]


def test_what_some_hosts_lack_is_no_longer_required_when_that_is_chosen() -> None:
    previous = propose(*fleet(9, APT, BACKUP))
    fresh = propose(*fleet(8, APT, BACKUP), member("odd", APT))
    assert [item.required for item in successor(previous, fresh).items] == [True, True]
    assert [item.required for item in successor(previous, fresh, "backup.timer").items] == [True, False]


def test_other_bytes_are_taken_over_only_when_chosen() -> None:
    commented = job("backup", comment="new")
    previous, fresh = propose(*fleet(9, BACKUP)), propose(*fleet(9, commented))
    assert successor(previous, fresh).items[0].variants[0].subject == BACKUP
    assert successor(previous, fresh, "backup.timer").items[0].variants[0].subject == commented
