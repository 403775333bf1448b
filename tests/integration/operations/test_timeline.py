"""What runs when on the fleet, on both databases."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fleetscan.analyse.filediff import Contents
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, HostName, UnitName
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts, HostSnapshot, RuntimeState, TimerRow
from fleetscan.model.unit import Job
from fleetscan.operations import timeline
from fleetscan.operations.timeline import Timeline, TimelineOptions, build_timeline
from fleetscan.operations.timeline_runs import Window
from fleetscan.store.store import Store
from fleetscan.systemd.jobs import build_jobs
from tests.integration.operations.question_fleet import ETC, HIDDEN, NAMES, infected, stock
from tests.stored_fleet import DAY, NOW, file, snapshot, sweep_day

pytest_plugins = ("tests.databases",)
ONE, TWO, THREE, _ = NAMES
SPAN_TIMER = b"[Timer]\nOnBootSec=5min\nOnUnitActiveSec=6h\n"
SPAN_SERVICE = b"[Service]\nUser=copy\nExecStart=/usr/bin/copy\n"
SPANS = {digest_bytes(text): text for text in (SPAN_TIMER, SPAN_SERVICE)}


def ask(
    store: Store, *, hours: int = 24, user: str = "", host: Callable[[HostName], bool] = lambda _: True
) -> Timeline:
    window = Window(NOW, NOW + timedelta(hours=hours))
    options = TimelineOptions(window=window, wants_host=host, wants_user=lambda name: user in ("", name))
    return build_timeline(store, options)


def copying(name: HostName, next_at: datetime) -> HostSnapshot:
    enabled = Artifact(
        kind=ArtifactKind.LINK,
        scope=SYSTEM,
        name=f"{ETC}/timers.target.wants/copy.timer",
        target=f"{ETC}/copy.timer",
    )
    units = (file(f"{ETC}/copy.timer", SPAN_TIMER), file(f"{ETC}/copy.service", SPAN_SERVICE), enabled)
    rows = (TimerRow(scope=SYSTEM, unit=UnitName("copy.timer"), next_at=next_at),)
    found = snapshot(name, units, contents=SPANS)
    return replace(found, runtime=RuntimeState(timers=rows))


def test_equal_jobs_of_many_hosts_are_one_row_and_the_earliest_comes_first(store: Store) -> None:
    sweep_day(store, 0, *(infected(name) for name in NAMES[:3]), stock(NAMES[3]))
    evil, daily = ask(store).records
    assert (evil.name, evil.runs, evil.hosts, evil.user) == ("evil.timer", 288, NAMES[:3], "root")
    assert evil.next_at == NOW + timedelta(minutes=5)
    assert evil.executes == ("/bin/sh /opt/x/run.sh",)
    assert (daily.name, daily.runs, daily.hosts) == ("logrotate.timer", 1, NAMES)
    assert daily.next_at == NOW + timedelta(hours=22)


def test_hosts_in_other_zones_run_at_other_times(store: Store) -> None:
    def in_zone(name: HostName, zone: str) -> HostSnapshot:
        found = stock(name)
        return replace(found, facts=replace(found.facts, zone=zone))

    sweep_day(store, 0, in_zone(ONE, "Asia/Tokyo"), in_zone(TWO, "Europe/Berlin"), in_zone(THREE, "Nowhere/At all"))
    found = [(r.hosts, r.zone, (r.next_at - NOW) / timedelta(hours=1)) for r in ask(store).records]
    assert found == [
        ((ONE,), "Asia/Tokyo", 13),
        ((TWO,), "Europe/Berlin", 21),
        ((THREE,), "Nowhere/At all", 22),
    ]


def test_what_a_manager_said_is_told_as_a_range_over_hosts(store: Store) -> None:
    sweep_day(store, 0, copying(ONE, NOW + timedelta(hours=1)), copying(TWO, NOW + timedelta(hours=3)))
    (record,) = ask(store).records
    assert (record.basis, record.runs, record.user) == ("repeats", 4, "copy")
    assert (record.next_at, record.latest_next_at) == (NOW + timedelta(hours=1), NOW + timedelta(hours=3))
    assert record.hosts == (ONE, TWO)


def test_hours_users_and_hosts_narrow_the_answer(store: Store) -> None:
    sweep_day(store, 0, infected(ONE), copying(TWO, NOW + timedelta(hours=1)))
    assert [r.name for r in ask(store).records] == ["evil.timer", "copy.timer", "logrotate.timer"]
    assert [r.name for r in ask(store, hours=12).records] == ["evil.timer", "copy.timer"]
    assert [r.name for r in ask(store, user="copy").records] == ["copy.timer"]
    assert [r.name for r in ask(store, host=lambda name: name == TWO).records] == ["copy.timer"]


def test_a_state_that_was_only_partly_read_is_told_of(store: Store) -> None:
    sweep_day(store, 0, stock(ONE, 0, HIDDEN), stock(TWO))
    found = ask(store)
    assert (found.hosts, found.partial, found.oldest_at) == (2, (ONE,), NOW)
    assert len(found.records) == 1


def test_only_the_newest_state_counts(store: Store) -> None:
    sweep_day(store, 0, infected(ONE))
    sweep_day(store, 1, stock(ONE, 1))
    assert [r.name for r in ask(store).records] == ["logrotate.timer"]
    assert ask(store).oldest_at == NOW + DAY


def test_equal_states_are_understood_once_whatever_could_not_be_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_day(store, 0, stock(ONE), stock(TWO, 0, HIDDEN), stock(THREE))
    built: list[int] = []

    def counting(facts: HostFacts, artifacts: Sequence[Artifact], contents: Contents) -> tuple[Job, ...]:
        built.append(len(artifacts))
        return build_jobs(facts, artifacts, contents)

    monkeypatch.setattr(timeline, "build_jobs", counting)
    assert ask(store).records[0].hosts == (ONE, TWO, THREE)
    assert len(built) == 1
