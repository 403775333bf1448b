"""Identities of a sweep, from the store to findings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from fleetscan.model.finding import Finding
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import HostOutcome
from fleetscan.model.snapshot import HostSnapshot, RuntimeState
from fleetscan.operations.check_identities import check_identities
from fleetscan.store.store import Store
from tests.stored_fleet import DAY, NOW, failure, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

NAMES = tuple(HostName(f"web{number}") for number in range(1, 5))


def inventory(names: Sequence[HostName] = NAMES) -> Mapping[HostName, Host]:
    owner = Owner("Ana", "ana@example.org")
    return {
        name: Host(name=name, address=name, connection=Connection(user="scan"), owner=owner, groups=("web",))
        for name in names
    }


def shown(number: int, day: int, *, machine: int | None = None, key: str = "", late_s: float = 0.0) -> HostSnapshot:
    """Build a host as it shows itself on a day; by default each has its own identity and the right time."""
    at = NOW + day * DAY
    one = snapshot(NAMES[number], at=at)
    facts = replace(one.facts, machine_id=f"{number if machine is None else machine:032x}")
    runtime = RuntimeState(remote_at=at + timedelta(seconds=late_s))
    return replace(one, facts=facts, host_key=key or f"SHA256:{number}", runtime=runtime)


def check(
    store: Store, day: int, *outcomes: HostOutcome, hosts: Mapping[HostName, Host] | None = None
) -> list[tuple[str, str]]:
    found = findings_of(store, day, *outcomes, hosts=hosts)
    return [(str(finding.host), f"{finding.leading.rule} {finding.severity.label}") for finding in found]


def findings_of(
    store: Store, day: int, *outcomes: HostOutcome, hosts: Mapping[HostName, Host] | None = None
) -> tuple[Finding, ...]:
    sweep = sweep_day(store, day, *outcomes)
    visits = store.visits.read_visits(sweep.id)
    runtimes = dict(store.visits.runtimes_of(sweep.id))
    return check_identities(store, hosts or inventory(), sweep, visits, runtimes, {})


def test_a_fleet_that_stays_what_it_was_gives_nothing(store: Store) -> None:
    assert check(store, 0, *(shown(number, 0) for number in range(1, 4))) == []
    assert check(store, 1, *(shown(number, 1) for number in range(1, 4))) == []


def test_a_reinstalled_host_and_a_wrong_clock_are_found_on_their_hosts(store: Store) -> None:
    check(store, 0, shown(1, 0), shown(2, 0), shown(3, 0))
    found = check(store, 1, shown(1, 1, machine=9, key="SHA256:new"), shown(2, 1, late_s=-900), shown(3, 1))
    assert found == [("web2", "FS-151 high"), ("web2", "FS-150 medium"), ("web3", "FS-154 medium")]


def test_a_clone_is_found_on_both_hosts_though_only_one_was_swept(store: Store) -> None:
    check(store, 0, shown(1, 0), shown(2, 0))
    found = findings_of(store, 1, shown(1, 1, machine=2))
    assert [(f.host, [hit.rule for hit in f.hits]) for f in found] == [("web2", ["FS-150", "FS-152"])]
    both = check(store, 2, shown(1, 2, machine=2), shown(2, 2))
    assert both == [("web2", "FS-152 medium"), ("web3", "FS-152 medium")]


def test_a_host_that_was_renamed_in_the_inventory_is_no_clone(store: Store) -> None:
    check(store, 0, shown(1, 0))
    assert check(store, 1, shown(2, 1, machine=1, key="SHA256:1"), hosts=inventory(NAMES[2:])) == []


def test_a_refused_host_key_is_found_though_the_host_gave_nothing(store: Store) -> None:
    check(store, 0, shown(1, 0))
    (finding,) = findings_of(store, 1, failure(NAMES[1], NOW + DAY))
    assert (finding.host, finding.leading.rule, finding.severity.label) == ("web2", "FS-151", "high")
    assert finding.cohort.role == "web"
    assert any("presented SHA256:b" in line.text for line in finding.leading.evidence)
