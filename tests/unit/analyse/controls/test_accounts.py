"""M1018: timers and lingering of accounts that nobody should be using."""

from dataclasses import replace

import pytest

from fleetscan.analyse.controls.accounts import check_dormant, check_lingering, check_owners, check_timers
from fleetscan.model.control import ControlStatus
from fleetscan.model.coverage import Area
from fleetscan.model.ids import user_scope
from fleetscan.model.snapshot import Artifact
from tests.control_data import UNITS, account, folder, lingers, state, unit_file
from tests.model_data import gap, job

BOB = user_scope("bob")
OWN = job(scope=BOB, folder="/home/bob/.config/systemd/user")
ABSENT = replace(account("bob"), properties=(("listed", "no"),))

WRONG = {
    "no account": (ABSENT, "there is no such account"),
    "nologin": (account("bob", login="nologin"), "its shell is /usr/sbin/nologin"),
    "locked": (account("bob", locked="yes"), "its password is locked (a key may still let somebody in)"),
    "expired": (account("bob", expired="2026-02-28"), "it has expired on 2026-02-28"),
    "expires today": (account("bob", expired="2026-03-01"), "it has expired on 2026-03-01"),
}


@pytest.mark.parametrize(("known", "why"), WRONG.values(), ids=WRONG)
def test_an_account_that_nobody_should_use_must_not_linger(known: Artifact, why: str) -> None:
    result = check_lingering(state(lingers("bob"), known))
    assert result.status is ControlStatus.FAIL
    assert result.evidence[0].text == f"bob lingers: {why}"


@pytest.mark.parametrize(("known", "why"), WRONG.values(), ids=WRONG)
def test_an_account_that_nobody_should_use_must_not_have_timers(known: Artifact, why: str) -> None:
    result = check_timers(state(known, subjects=[OWN]))
    assert result.status is ControlStatus.FAIL
    (line,) = result.evidence
    assert (line.text, line.path) == (f"backup.timer of bob: {why}", "/home/bob/.config/systemd/user/backup.timer")


def test_a_timer_that_is_not_enabled_says_so() -> None:
    idle = job(scope=BOB, folder="/home/bob/.config/systemd/user", enabled="disabled", active="")
    (line,) = check_timers(state(ABSENT, subjects=[idle])).evidence
    assert line.text == "backup.timer of bob, not enabled: there is no such account"


def test_a_timer_that_is_only_in_memory_has_no_path() -> None:
    gone = replace(OWN, sources=(), links=(), pieces=())
    (line,) = check_timers(state(ABSENT, subjects=[gone])).evidence
    assert line.path == ""


def test_an_account_in_use_may_linger_and_have_timers() -> None:
    evidence = state(lingers("bob"), account("bob", expired="2030-01-01"), subjects=[OWN])
    assert check_lingering(evidence).status is check_timers(evidence).status is ControlStatus.PASS


def test_an_account_that_is_wrong_and_has_nothing_to_run_is_no_fault() -> None:
    evidence = state(account("bob", locked="yes"))
    assert check_lingering(evidence).status is check_timers(evidence).status is ControlStatus.PASS


def test_root_is_in_use_with_a_locked_password() -> None:
    assert check_lingering(state(lingers("root"), account("root", locked="yes"))).status is ControlStatus.PASS


def test_an_account_of_which_nothing_is_known_does_not_pass() -> None:
    evidence = state(lingers("bob"), subjects=[OWN])
    assert check_lingering(evidence).status is check_timers(evidence).status is ControlStatus.NOT_READABLE


def test_an_account_whose_password_file_was_not_read_does_not_pass() -> None:
    evidence = state(lingers("bob"), account("bob", locked="unknown"))
    assert check_lingering(evidence).status is ControlStatus.NOT_READABLE


def test_a_gap_in_accounts_matters_to_those_that_have_something_to_run() -> None:
    shadow = gap(Area.ACCOUNTS, "/etc/shadow", scope=None)
    assert check_lingering(state(lingers("bob"), account("bob"), gaps=[shadow])).status is ControlStatus.NOT_READABLE
    assert check_lingering(state(gaps=[shadow])).status is ControlStatus.PASS
    of_bob = gap(Area.ACCOUNTS, scope=BOB)
    assert check_lingering(state(lingers("bob"), account("bob"), gaps=[of_bob])).status is ControlStatus.NOT_READABLE
    of_eve = gap(Area.ACCOUNTS, scope=user_scope("eve"))
    assert check_lingering(state(lingers("bob"), account("bob"), gaps=[of_eve])).status is ControlStatus.PASS


def test_an_account_that_was_not_listed_is_told_with_the_reason() -> None:
    result = check_lingering(state(lingers("bob"), gaps=[gap(Area.USERS, scope=None)]))
    assert [line.text for line in result.evidence] == ["bob lingers: users denied (permission denied)"]


@pytest.mark.parametrize(
    "there",
    [unit_file(f"{UNITS}/x.service", "1007:1007 0644"), folder(UNITS, "1007:root 0755")],
    ids=lambda there: there.kind.value,
)
def test_an_owner_that_is_no_account_fails(there: Artifact) -> None:
    result = check_owners(state(there))
    assert result.status is ControlStatus.FAIL
    assert result.evidence[0].text == f"{there.name} belongs to 1007, which is no account"


def test_root_by_its_number_is_root() -> None:
    assert check_owners(state(unit_file(f"{UNITS}/x.service", "0:0 0644"))).status is ControlStatus.PASS


def test_when_an_account_logged_in_is_not_known_and_never_passed_over() -> None:
    result = check_dormant(state(lingers("bob"), account("bob"), subjects=[OWN]))
    assert result.status is ControlStatus.NOT_READABLE
    assert [line.text for line in result.evidence] == ["when bob last logged in is not read from hosts"]
