"""Sweeps of a few hosts, and hosts that fail now and then: what is compared, and what counts as new."""

from collections.abc import Mapping
from datetime import timedelta

from fleetscan.model.digest import digest_bytes
from fleetscan.model.drift import DriftKind
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.model.sweep import Selection, SweepState
from fleetscan.operations.host_states import StateReader
from fleetscan.operations.judge_sweep import JudgeOptions, judge_sweep
from fleetscan.operations.propose_baselines import propose_baselines
from fleetscan.operations.publish import gather_inputs
from fleetscan.operations.sweep_fleet import widest_recent_sweep
from fleetscan.store.store import Store
from tests.stored_fleet import DAY, NOW, VENDOR, failure, file, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

TIMER = b"[Timer]\nOnCalendar=daily\n"
SERVICE = b"[Service]\nExecStart=/usr/sbin/logrotate\n"
EVIL_TIMER = b"[Timer]\nOnCalendar=minutely\n"
EVIL_SERVICE = b"[Service]\nExecStart=/opt/x/run\n"
CONTENTS = {digest_bytes(text): text for text in (TIMER, SERVICE, EVIL_TIMER, EVIL_SERVICE)}
STOCK = (
    file("/usr/lib/systemd/system/logrotate.timer", TIMER),
    file("/usr/lib/systemd/system/logrotate.service", SERVICE),
    VENDOR[1],
)
INTRUDER = (
    file("/etc/systemd/system/evil.timer", EVIL_TIMER),
    file("/etc/systemd/system/evil.service", EVIL_SERVICE),
)
NAMES = tuple(HostName(f"web{number}") for number in range(1, 7))


def inventory() -> Mapping[HostName, Host]:
    owner = Owner("Ana", "ana@example.org")
    return {
        name: Host(name=name, address=name, connection=Connection(user="scan"), owner=owner, groups=("web",))
        for name in NAMES
    }


def stock(name: HostName, day: int) -> HostSnapshot:
    return snapshot(name, STOCK, at=NOW + day * DAY, contents=CONTENTS)


def infected(name: HostName, day: int) -> HostSnapshot:
    return snapshot(name, (*STOCK, *INTRUDER), at=NOW + day * DAY, contents=CONTENTS)


def test_a_sweep_of_one_host_compares_it_with_the_whole_cohort(store: Store) -> None:
    sweep_day(store, 0, *(stock(name, 0) for name in NAMES))
    alone = sweep_day(store, 1, infected(NAMES[0], 1))
    judgement = judge_sweep(store, inventory(), alone, StateReader(store), JudgeOptions(at=NOW))
    (drift,) = judgement.drifts
    (item,) = drift.items
    assert (drift.host, item.kind, item.key.name) == (NAMES[0], DriftKind.ADDED, "evil.timer")
    assert item.prevalence.of_hosts == len(NAMES) - 1


def test_the_old_state_of_a_host_that_failed_is_no_peer(store: Store) -> None:
    sweep_day(store, 0, *(stock(name, 0) for name in NAMES))
    today = sweep_day(
        store,
        1,
        infected(NAMES[0], 1),
        *(failure(name, NOW + DAY) for name in NAMES[1:3]),
        *(stock(name, 1) for name in NAMES[3:]),
    )
    judgement = judge_sweep(store, inventory(), today, StateReader(store), JudgeOptions(at=NOW))
    (item,) = (item for drift in judgement.drifts for item in drift.items)
    assert item.prevalence.of_hosts == 3


def test_drift_known_before_a_sweep_of_other_hosts_is_not_new_again(store: Store) -> None:
    sweep_day(store, 0, *(stock(name, 0) for name in NAMES))
    found = sweep_day(store, 1, infected(NAMES[0], 1), *(stock(name, 1) for name in NAMES[1:]))
    assert len(gather_inputs(store, inventory(), found, NOW + DAY, JudgeOptions(at=NOW)).new_items) == 1
    sweep_day(store, 2, stock(NAMES[5], 2))
    later = sweep_day(store, 3, infected(NAMES[0], 3), *(stock(name, 3) for name in NAMES[1:]))
    inputs = gather_inputs(store, inventory(), later, NOW + 3 * DAY, JudgeOptions(at=NOW))
    assert [len(drift.items) for drift in inputs.drifts] == [1, 0, 0, 0, 0, 0]
    assert inputs.new_items == frozenset()


def test_drift_known_before_a_night_of_failure_is_not_new_again(store: Store) -> None:
    sweep_day(store, 0, *(stock(name, 0) for name in NAMES))
    sweep_day(store, 1, infected(NAMES[0], 1), *(stock(name, 1) for name in NAMES[1:]))
    sweep_day(store, 2, failure(NAMES[0], NOW + 2 * DAY), *(stock(name, 2) for name in NAMES[1:]))
    later = sweep_day(store, 3, infected(NAMES[0], 3), *(stock(name, 3) for name in NAMES[1:]))
    assert gather_inputs(store, inventory(), later, NOW + 3 * DAY, JudgeOptions(at=NOW)).new_items == frozenset()


def test_a_proposal_is_made_from_the_newest_sweep_of_the_whole_inventory(store: Store) -> None:
    whole = store.sweeps.begin_sweep(
        Selection(), hosts=6, author="ana", tool_version="0.1", probe_sha256="f" * 64, started_at=NOW
    )
    store.save_outcomes(whole.id, [stock(name, 0) for name in NAMES])
    store.sweeps.end_sweep(whole.id, SweepState.COMPLETE, NOW + timedelta(minutes=5))
    few = sweep_day(store, 1, infected(NAMES[0], 1))
    assert widest_recent_sweep(store, None).id == whole.id
    assert widest_recent_sweep(store, few.id).id == few.id
    (saved,) = propose_baselines(
        store,
        inventory(),
        widest_recent_sweep(store, None),
        role=None,
        min_prevalence=0.5,
        author="ana",
        at=NOW + DAY,
    )
    assert saved.proposal.hosts == len(NAMES)
