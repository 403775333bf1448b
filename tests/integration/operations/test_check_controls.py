"""The checklist of a sweep, from the store to results."""

from collections.abc import Mapping
from dataclasses import replace

from fleetscan.model.control import ControlResult, ControlStatus
from fleetscan.model.coverage import Area
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.operations.check_controls import check_controls
from fleetscan.operations.judge_sweep import JudgeOptions
from fleetscan.store.store import Store
from tests.control_data import UNITS, folder, sudo_rule
from tests.model_data import gap
from tests.stored_fleet import DAY, NOW, VENDOR, failure, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

NAMES = tuple(HostName(f"web{number}") for number in range(1, 6))


def inventory() -> Mapping[HostName, Host]:
    owner = Owner("Ana", "ana@example.org")
    return {
        name: Host(name=name, address=name, connection=Connection(user="scan"), owner=owner, groups=("web",))
        for name in NAMES
    }


def stock(name: HostName, day: int = 0) -> HostSnapshot:
    return snapshot(name, (*VENDOR, folder(UNITS)), at=NOW + day * DAY)


def check(store: Store, day: int, *hosts: object) -> dict[HostName, dict[str, ControlResult]]:
    sweep = sweep_day(store, day, *hosts)  # type: ignore[arg-type]  # outcomes of either kind
    found = check_controls(store, inventory(), sweep, JudgeOptions(at=NOW))
    return {one.host: {result.control.id: result for result in one.results} for one in found}


def test_one_host_with_a_door_fails_where_the_others_pass(store: Store) -> None:
    odd = snapshot(
        NAMES[0], (*VENDOR, folder(UNITS, "root:staff 0775"), sudo_rule("deploy", "systemctl", nopasswd="yes"))
    )
    found = check(store, 0, odd, *map(stock, NAMES[1:]))
    failed = {name for name, result in found[NAMES[0]].items() if result.status is ControlStatus.FAIL}
    assert {"M1022-1", "M1026-1", "M1026-5"} <= failed
    for name in NAMES[1:]:
        assert found[name]["M1022-1"].status is found[name]["M1026-1"].status is ControlStatus.PASS


def test_a_host_that_failed_has_every_control_not_readable_and_is_counted(store: Store) -> None:
    found = check(store, 0, failure(NAMES[0]), *map(stock, NAMES[1:]))
    assert {result.status for result in found[NAMES[0]].values()} == {ControlStatus.NOT_READABLE}
    assert len(found) == len(NAMES)
    assert set(found[NAMES[0]]) == set(found[NAMES[1]])


def test_hosts_of_equal_state_and_unequal_coverage_have_unequal_results(store: Store) -> None:
    hidden = snapshot(NAMES[0], (*VENDOR, folder(UNITS)), gaps=(gap(Area.GRANTS, scope=None),))
    found = check(store, 0, hidden, stock(NAMES[1]))
    assert found[NAMES[0]]["M1026-1"].status is ControlStatus.NOT_READABLE
    assert found[NAMES[1]]["M1026-1"].status is ControlStatus.PASS


def test_of_an_older_sweep_what_ran_is_not_readable_any_more(store: Store) -> None:
    first = sweep_day(store, 0, *map(stock, NAMES))
    sweep_day(store, 1, *(stock(name, 1) for name in NAMES))
    found = check_controls(store, inventory(), first, JudgeOptions(at=NOW))
    processes = [result for one in found for result in one.results if result.control.id == "T1053.006-DET-3"]
    assert {result.status for result in processes} == {ControlStatus.NOT_READABLE}


def test_a_host_that_left_the_inventory_is_told_and_compared_with_nothing(store: Store) -> None:
    stranger = replace(stock(NAMES[0]), host=HostName("gone1"))
    found = check(store, 0, stranger, *map(stock, NAMES))
    assert found[HostName("gone1")]["T1053.006-DET-4"].status is ControlStatus.NOT_READABLE
