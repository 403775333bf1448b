"""Whose a path is, and whose files could not be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, user_scope
from fleetscan.model.snapshot import ManagerFacts
from fleetscan.probe.people import People, parse_people
from tests.unit.probe.frames import frame

ANN = user_scope("ann")


def people(users: str = "", homes: str = "", runtimes: str = "") -> People:
    return parse_people(frame("users", users), frame("homes", homes), frame("runtimes", runtimes))


HOMES = "ok:root:0:/root\nok:ann:1000:/home/ann\nok:bob:1001:/home/bob\n"
USERS = "root:0:0:/root:/bin/bash\nann:1000:1000:/home/ann:/bin/sh\nbob:1001:100:/home/bob:/bin/sh\n"


def claiming(*directories: str) -> People:
    """Ann's manager says that it searches these directories; the system's searches /opt/vendor/units."""
    manager = ManagerFacts(scope=ANN, unit_path=directories, environment=())
    return parse_people(
        frame("users", USERS), frame("homes", HOMES), frame("runtimes", "ok:1001\n"), (manager,), ("/opt/vendor/units",)
    )


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/home/bob/.config/systemd/user/x.timer", user_scope("bob")),
        ("/run/user/1001/systemd/transient/x.timer", user_scope("bob")),
        ("/root/.config/systemd/user/x.timer", user_scope("root")),
        ("/opt/vendor/units/x.timer", SYSTEM),
        ("/etc/udev/rules.d/x.rules", SYSTEM),
        ("/usr/share/dbus-1/services/x.service", SYSTEM),
    ],
)
def test_a_users_manager_cannot_claim_what_is_anothers(path: str, scope: str) -> None:
    folder = path.rpartition("/")[0]
    for claim in (folder, folder.rpartition("/")[0]):
        assert claiming(claim).scope_of(path) == scope


def test_a_users_manager_may_search_elsewhere() -> None:
    assert claiming("/srv/units").scope_of("/srv/units/x.timer") == ANN
    assert claiming("/home/ann/elsewhere").scope_of("/home/ann/elsewhere/x.timer") == ANN


def test_owners_have_names_and_unknown_ones_numbers() -> None:
    known = people(USERS)
    assert (known.owner_name(0), known.owner_name(1000), known.owner_name(4242)) == ("root", "ann", "4242")


def test_a_group_has_a_name_only_where_the_user_has_one_of_its_own() -> None:
    known = people(USERS)
    assert (known.group_name(1000), known.group_name(100)) == ("ann", "100")


def test_the_first_account_of_a_number_gives_the_name() -> None:
    assert people("root:0:0:/root:/bin/sh\ntoor:0:0:/root:/bin/sh\n").owner_name(0) == "root"


@pytest.mark.parametrize(
    "line", ["x", "ann:1000", "ann:x:1:/h:/s", "ann:²:1:/h:/s", f"ann:{'9' * 5000}:1:/h:/s", "::::"]
)
def test_lines_that_are_no_accounts_are_left_out(line: str) -> None:
    assert people(f"{line}\n{USERS}").names == {0: "root", 1000: "ann", 1001: "bob"}


def test_a_home_that_two_accounts_share_belongs_to_the_first() -> None:
    known = people(homes="ok:root:0:/root\nok:toor:0:/root/\n")
    assert known.homes == {"/root": "root"}
    assert known.scope_of("/root/.config/systemd/user/a.timer") == user_scope("root")


def test_the_longest_home_decides() -> None:
    known = people(homes="ok:svc:5:/home\nok:ann:1000:/home/ann\n")
    assert known.scope_of("/home/ann/.config/systemd/user/a.timer") == ANN
    assert known.scope_of("/home/annabel/.config/systemd/user/a.timer") == user_scope("svc")


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/etc/systemd/system/a.timer", SYSTEM),
        ("/etc/systemd/user", GLOBAL_USER),
        ("/usr/lib/systemd/user/a.timer", GLOBAL_USER),
        ("/etc/systemd/username/a.timer", SYSTEM),
        ("/run/user/1000/systemd/transient/a.timer", ANN),
        ("/run/user/10001/systemd/transient/a.timer", SYSTEM),
        ("/home/ann/.config/systemd/user/a.timer", ANN),
        ("/home/ann", SYSTEM),
    ],
)
def test_a_path_belongs_to_the_manager_that_would_read_it(path: str, scope: str) -> None:
    assert people(USERS, "ok:ann:1000:/home/ann\n", "ok:1000\n").scope_of(path) == scope


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        ("denied", ReadStatus.DENIED, "may not be entered"),
        ("link-out", ReadStatus.NOT_TRIGGERED, "leads out of the home"),
        ("remote-nfs4", ReadStatus.NOT_TRIGGERED, "lies on nfs4"),
    ],
)
def test_a_home_that_was_not_read_is_a_gap_of_its_user(status: str, expected: ReadStatus, reason: str) -> None:
    (gap,) = people(USERS, f"ok:root:0:/root\n{status}:ann:1000:/home/ann\n").gaps
    assert (gap.area, gap.scope, gap.status, gap.path) == (Area.FILES, ANN, expected, "/home/ann")
    assert reason in gap.reason


def test_a_denied_runtime_directory_hides_files_loaded_units_and_timers_of_its_user() -> None:
    gaps = people(USERS, runtimes="ok:0\ndenied:1000\n").gaps
    assert {gap.area for gap in gaps} == {Area.FILES, Area.LOADED, Area.TIMERS}
    assert {(gap.scope, gap.status, gap.path) for gap in gaps} == {(ANN, ReadStatus.DENIED, "/run/user/1000")}


def test_somebody_logged_in_without_a_listed_account_is_a_gap() -> None:
    known = people(USERS, runtimes="ok:70001\n")
    (gap,) = known.gaps
    assert (gap.area, gap.scope, gap.path) == (Area.FILES, user_scope("70001"), None)
    assert known.scope_of("/run/user/70001/systemd/user/a.timer") == user_scope("70001")


def test_readable_homes_and_runtimes_make_no_gap() -> None:
    assert people(USERS, "ok:ann:1000:/home/ann\n", "ok:1000\n").gaps == ()


def test_missing_sections_make_nobody_known() -> None:
    assert parse_people(None, None, None) == People({}, {}, {}, {}, ())


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=200))
def test_other_bytes_never_raise(users: bytes, homes: bytes, runtimes: bytes) -> None:
    known = parse_people(frame("users", users), frame("homes", homes), frame("runtimes", runtimes))
    assert known.scope_of("/etc/systemd/system/a") is not None
