"""Hosts that were read with unequal rights are compared only in what both could read."""

import pytest

from fleetscan.analyse.census import Member
from fleetscan.analyse.compare import diff_cohort
from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.drift import DriftKind, HostDrift
from fleetscan.model.ids import GLOBAL_USER, Scope, user_scope
from fleetscan.model.subject import Subject
from tests.model_data import ETC, WEB, fleet, gap, job, loose_unit, member, partial, read_stored
from tests.unit.analyse.test_drift import approve

ANN = user_scope("ann")
CLOSED = f"{ETC}/backup.service.d"
USER_UNITS = "/etc/systemd/user"
BACKUP = job("backup")
DROPPED = job("backup", drop_ins={f"{CLOSED}/10.conf": "Nice=5"})
COMMENTED = job("backup", comment="by the packager")
FOR_ALL = job("desk", scope=GLOBAL_USER, folder=USER_UNITS)
OF_ANN = job("night", scope=ANN, folder="/home/ann/.config/systemd/user")
STARTER = job("agent-start", activates="agent.service")
AS_ROOT = (DROPPED, FOR_ALL, OF_ANN)
AS_USER: Coverage = partial(
    gap(Area.FILES, CLOSED),
    gap(Area.FILES, USER_UNITS, scope=GLOBAL_USER),
    gap(Area.FILES, "/home/ann", scope=ANN),
    gap(Area.LOADED, "/run/user/1000", scope=ANN),
)


def compare(odd: Member, others: list[Member], *, by_baseline: bool) -> HostDrift:
    baseline = approve(others) if by_baseline else None
    drifts = diff_cohort(WEB, [*others, odd], baseline, read_stored)
    return next(drift for drift in drifts if drift.host == odd.host)


@pytest.mark.parametrize("by_baseline", [False, True])
def test_an_account_among_hosts_read_as_root_lacks_and_changes_nothing(by_baseline: bool) -> None:
    drift = compare(member("odd", BACKUP, coverage=AS_USER), fleet(9, *AS_ROOT), by_baseline=by_baseline)
    assert drift.items == ()
    notes = "\n".join(drift.not_compared)
    assert "backup.timer: seems different, but a file of it may be unread" in notes
    assert "desk.timer" in notes


def test_root_among_hosts_read_by_an_account_has_nothing_that_those_could_have_as_well() -> None:
    others = [Member(m.host, m.subjects, AS_USER) for m in fleet(9, BACKUP)]
    assert compare(member("odd", *AS_ROOT), others, by_baseline=False).items == ()


def test_hosts_read_with_equal_rights_are_compared_although_a_gap_could_hide_files() -> None:
    others = [Member(m.host, m.subjects, AS_USER) for m in fleet(9, BACKUP)]
    changed = member("odd", job("backup", exec_start="/opt/x"), coverage=AS_USER)
    (item,) = compare(changed, others, by_baseline=False).items
    assert item.kind is DriftKind.CHANGED


def test_two_peers_with_all_rights_are_enough_to_hold_root_against() -> None:
    blind = [Member(m.host, m.subjects, AS_USER) for m in fleet(7, BACKUP, prefix="user")]
    others = [*blind, *fleet(2, BACKUP, prefix="root")]
    (item,) = compare(member("odd", DROPPED), others, by_baseline=False).items
    assert item.kind is DriftKind.CHANGED
    assert compare(member("odd", DROPPED), [*blind, *fleet(1, BACKUP, prefix="root")], by_baseline=False).items == ()


def test_bytes_that_only_root_sees_are_no_change_of_bytes() -> None:
    others = [Member(m.host, m.subjects, AS_USER) for m in fleet(9, BACKUP)]
    hidden = job("backup", drop_ins={f"{CLOSED}/10.conf": ""})
    assert hidden.fingerprint.meaning == BACKUP.fingerprint.meaning
    assert hidden.fingerprint.raw != BACKUP.fingerprint.raw
    assert compare(member("odd", hidden), others, by_baseline=False).items == ()


@pytest.mark.parametrize("by_baseline", [False, True])
@pytest.mark.parametrize(
    ("seen", "coverage"),
    [
        # the timer's file is closed, so that it seems to start its namesake
        ((job("agent-start", unreadable=(f"{ETC}/agent-start.timer",)),), partial(gap(Area.CONTENT))),
        # a drop-in with another `Unit=` is closed
        ((STARTER,), partial(gap(Area.FILES, f"{ETC}/agent-start.timer.d"))),
        # the timer itself is where the account may not look
        ((), partial(gap(Area.FILES, "/run/systemd/transient"))),
    ],
)
def test_a_service_whose_timer_is_closed_is_not_added_for_standing_alone(
    seen: tuple[Subject, ...], coverage: Coverage, *, by_baseline: bool
) -> None:
    assert "agent.service" in STARTER.unit_names
    odd = member("odd", loose_unit("agent.service"), *seen, coverage=coverage)
    drift = compare(odd, fleet(9, STARTER), by_baseline=by_baseline)
    assert drift.items == ()
    assert any("agent-start.timer starts it" in note for note in drift.not_compared)


@pytest.mark.parametrize("scope", [ANN, GLOBAL_USER])
def test_a_closed_folder_of_another_scope_excuses_no_service(scope: Scope) -> None:
    coverage = partial(gap(Area.FILES, "/home/ann", scope=scope))
    odd = member("odd", loose_unit("agent.service"), job("agent-start", exec_start="/opt/x"), coverage=coverage)
    kinds = {item.kind for item in compare(odd, fleet(9, STARTER), by_baseline=True).items}
    assert DriftKind.ADDED in kinds
