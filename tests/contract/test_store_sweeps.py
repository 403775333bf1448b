"""Sweeps, outcomes and what is read back, on both databases."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetscan.errors import StoreBusyError, UsageError
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.digest import digest_artifact, digest_bytes
from fleetscan.model.ids import SYSTEM, HostName, Scope, UnitName
from fleetscan.model.outcome import Outcome
from fleetscan.model.snapshot import (
    Artifact,
    ArtifactKind,
    FileTimes,
    HostFacts,
    HostSnapshot,
    Privilege,
    RuntimeState,
    TimerRow,
)
from fleetscan.model.sweep import Selection, SweepState
from fleetscan.store.store import Store, open_store
from tests.stored_fleet import DAY, DB, EXTRA, NOW, VENDOR, WEB, begin, failure, snapshot, sweep_day

pytest_plugins = ("tests.databases",)


def test_a_sweep_reads_back_as_it_was_begun_and_ended(store: Store) -> None:
    sweep = begin(store)
    assert (sweep.id, sweep.state, sweep.ended_at) == (1, SweepState.RUNNING, None)
    ended = store.sweeps.end_sweep(sweep.id, SweepState.COMPLETE, NOW + DAY)
    assert ended == replace(sweep, state=SweepState.COMPLETE, ended_at=NOW + DAY)
    assert store.sweeps.read_sweep(sweep.id) == ended
    assert ended.selection == Selection(groups=("web",))


def test_an_unknown_sweep_is_the_users_error(store: Store) -> None:
    with pytest.raises(UsageError, match="there is no sweep 7"):
        store.sweeps.read_sweep(begin(store).id + 6)  # type: ignore[arg-type] # a number from the command line


def test_sweeps_are_listed_newest_first_and_found_by_state(store: Store) -> None:
    first, second = sweep_day(store, 0), sweep_day(store, 1)
    third = begin(store, NOW + 2 * DAY)
    assert [sweep.id for sweep in store.sweeps.list_sweeps(2)] == [third.id, second.id]
    assert store.sweeps.latest_sweep((SweepState.COMPLETE,)) == second
    assert store.sweeps.latest_sweep() == third
    assert store.sweeps.previous_sweep(second.id) == first
    assert store.sweeps.previous_sweep(first.id) is None


def test_a_killed_sweep_is_found_and_continued(store: Store) -> None:
    killed = begin(store)
    store.save_outcomes(killed.id, [snapshot()])
    assert store.sweeps.find_interrupted() == killed
    assert store.sweeps.reopen_sweep(killed.id).state is SweepState.RUNNING
    assert store.sweeps.visited_hosts(killed.id) == {WEB}


def test_a_new_sweep_marks_the_killed_one_interrupted_and_bars_its_resumption(store: Store) -> None:
    killed = begin(store)
    sweep_day(store, 1)
    assert store.sweeps.read_sweep(killed.id).state is SweepState.INTERRUPTED
    assert store.sweeps.find_interrupted() is None
    with pytest.raises(UsageError, match="followed by another"):
        store.sweeps.reopen_sweep(killed.id)


def test_a_complete_sweep_cannot_be_resumed(store: Store) -> None:
    with pytest.raises(UsageError, match="complete"):
        store.sweeps.reopen_sweep(sweep_day(store, 0).id)


def test_a_snapshot_reads_back_whole(store: Store) -> None:
    gap = Gap(Area.FILES, Scope("user:ann"), ReadStatus.DENIED, "/home/ann/.config/systemd/user", "permission denied")
    seen = snapshot(gaps=(gap,))
    sweep = sweep_day(store, 0, seen)
    (visit,) = store.visits.read_visits(sweep.id)
    assert visit == store.visits.latest_visit(WEB) == store.visits.latest_state(WEB)
    assert (visit.host, visit.sweep, visit.outcome) == (WEB, sweep.id, Outcome.PARTIAL)
    assert (visit.facts, visit.coverage) == (seen.facts, seen.coverage)
    assert (visit.started_at, visit.duration_s, visit.bytes_received, visit.host_cpu_s) == (NOW, 0.5, 4321, 0.125)
    assert visit.manifest is not None
    assert store.visits.read_artifacts(visit.manifest) == seen.artifacts


def test_a_failure_reads_back_whole_and_has_no_state(store: Store) -> None:
    sweep = sweep_day(store, 0, failure(WEB))
    (visit,) = store.visits.read_visits(sweep.id)
    assert visit.outcome is Outcome.HOST_KEY_CHANGED
    assert visit.manifest is None
    assert visit.facts is None
    assert visit.reason == failure(WEB).reason
    assert (visit.evidence, visit.hint) == (failure(WEB).evidence, failure(WEB).hint)
    assert store.visits.latest_state(WEB) is None
    assert store.visits.read_runtime(WEB) is None


def test_a_failure_does_not_hide_the_last_state(store: Store) -> None:
    sweep_day(store, 0, snapshot())
    sweep_day(store, 1, failure(WEB, NOW + DAY))
    latest, state = store.visits.latest_visit(WEB), store.visits.latest_state(WEB)
    assert latest is not None
    assert state is not None
    assert (latest.outcome, state.outcome) == (Outcome.HOST_KEY_CHANGED, Outcome.COMPLETE)
    assert store.visits.last_read_at([WEB, DB]) == {WEB: NOW}


def test_the_first_committed_outcome_of_a_host_stays(store: Store) -> None:
    sweep = begin(store)
    store.save_outcomes(sweep.id, [snapshot(), snapshot(artifacts=())])
    store.save_outcomes(sweep.id, [failure(WEB), failure(DB)])
    visits = store.visits.read_visits(sweep.id)
    assert [(visit.host, visit.outcome) for visit in visits] == [
        (DB, Outcome.HOST_KEY_CHANGED),
        (WEB, Outcome.COMPLETE),
    ]
    assert visits[1].manifest is not None
    assert store.visits.read_artifacts(visits[1].manifest) == snapshot().artifacts


def test_hosts_with_equal_artifacts_share_a_manifest_whoever_saves_them(store: Store, database_url: str) -> None:
    sweep = begin(store)
    store.save_outcomes(sweep.id, [snapshot(WEB)])
    with open_store(database_url, clock=lambda: NOW) as other:
        other.save_outcomes(sweep.id, [snapshot(DB), snapshot(HostName("new"), (*VENDOR, EXTRA))])
    first, second, third = (visit.manifest for visit in store.visits.read_visits(sweep.id))
    assert first == third != second


def test_facts_keep_the_host_apart_and_identities_are_recorded(store: Store) -> None:
    sweep = sweep_day(store, 0, snapshot(WEB), snapshot(DB))
    facts = [visit.facts for visit in store.visits.read_visits(sweep.id)]
    assert facts == [snapshot(DB).facts, snapshot(WEB).facts]
    cloned = snapshot(WEB)
    sweep_day(store, 1, replace(cloned, facts=replace(cloned.facts, machine_id="another")))
    sweep_day(store, 2, snapshot(WEB))
    assert [(one.machine_id, one.first_sweep, one.last_sweep) for one in store.visits.read_identities(WEB)] == [
        ("another", 2, 2),
        ("id of web1", 1, 3),
    ]


def test_runtime_is_kept_for_the_latest_visit_only(store: Store) -> None:
    runtime = RuntimeState(
        timers=(TimerRow(scope=SYSTEM, unit=UnitName("a.timer"), activates=(UnitName("a.service"),), next_at=NOW),),
        times={"/etc/systemd/system/a.timer": FileTimes(modified_s=1, changed_s=2, inode=3)},
        remote_at=NOW,
    )
    sweep_day(store, 0, snapshot())
    sweep_day(store, 1, replace(snapshot(at=NOW + DAY), runtime=runtime))
    assert store.visits.read_runtime(WEB) == runtime


def test_contents_are_stored_once_and_found_by_hash(store: Store) -> None:
    data = b"\x00\xff" * 5000
    sha, absent = digest_bytes(data), digest_bytes(b"absent")
    sweep_day(store, 0, snapshot(WEB, contents={sha: data}), snapshot(DB, contents={sha: data}))
    assert store.contents.read_content(sha) == data
    assert store.contents.read_content(absent) is None
    assert store.contents.missing_contents([sha, absent]) == {absent}


def test_content_that_lies_about_its_hash_is_not_stored(store: Store) -> None:
    claimed = digest_bytes(b"[Timer]\n")
    sweep_day(store, 0, snapshot(contents={claimed: b"harmless"}))
    assert store.contents.missing_contents([claimed]) == {claimed}
    assert store.visits.latest_state(WEB) is not None


def test_a_thing_is_seen_since_its_unbroken_presence_began(store: Store) -> None:
    wanted = digest_artifact(EXTRA)
    states = [VENDOR, (*VENDOR, EXTRA), VENDOR, VENDOR, (*VENDOR, EXTRA), (EXTRA,), (EXTRA,)]
    for day, artifacts in enumerate(states):
        sweep_day(store, day, snapshot(artifacts=artifacts, at=NOW + day * DAY))
    seen = store.sightings.first_seen(WEB, [wanted, digest_artifact(VENDOR[0])])
    assert set(seen) == {wanted}, "what the latest state does not have is left out"
    assert (seen[wanted].first_seen_at, seen[wanted].last_absent_at) == (NOW + 4 * DAY, NOW + 3 * DAY)


def test_a_thing_of_the_first_visit_was_never_absent(store: Store) -> None:
    sweep_day(store, 0, snapshot())
    sweep_day(store, 1, failure(WEB, NOW + DAY))
    sweep_day(store, 2, snapshot(at=NOW + 2 * DAY))
    seen = store.sightings.first_seen(WEB, [digest_artifact(VENDOR[0])])[digest_artifact(VENDOR[0])]
    assert (seen.first_seen_at, seen.last_absent_at) == (NOW, None)
    assert store.sightings.first_seen(DB, [digest_artifact(VENDOR[0])]) == {}


def test_a_visit_that_could_not_look_neither_breaks_presence_nor_proves_absence(store: Store) -> None:
    blind = Gap(Area.FILES, SYSTEM, ReadStatus.DENIED, "/etc/systemd/system", "permission denied")
    elsewhere = Gap(Area.FILES, SYSTEM, ReadStatus.DENIED, "/run/systemd", "permission denied")
    sweep_day(store, 0, snapshot(gaps=(elsewhere,)))
    sweep_day(store, 1, snapshot(at=NOW + DAY, gaps=(blind,)))
    sweep_day(store, 2, snapshot(artifacts=(*VENDOR, EXTRA), at=NOW + 2 * DAY))
    sweep_day(store, 3, snapshot(at=NOW + 3 * DAY, gaps=(blind,)))
    sweep_day(store, 4, snapshot(artifacts=(*VENDOR, EXTRA), at=NOW + 4 * DAY))
    seen = store.sightings.first_seen(WEB, [digest_artifact(EXTRA)])[digest_artifact(EXTRA)]
    assert (seen.first_seen_at, seen.last_absent_at) == (NOW + 2 * DAY, NOW)


def test_the_spread_of_an_artifact_tells_for_each_host_the_first_visit_that_saw_it(store: Store) -> None:
    sweep_day(store, 0, snapshot(WEB), snapshot(DB))
    sweep_day(store, 1, snapshot(WEB, (*VENDOR, EXTRA), at=NOW + DAY), failure(DB))
    sweep_day(store, 2, snapshot(WEB, at=NOW + 2 * DAY), snapshot(DB, (*VENDOR, EXTRA), at=NOW + 2 * DAY))
    sweep_day(store, 3, snapshot(WEB, (*VENDOR, EXTRA), at=NOW + 3 * DAY))
    wanted = (digest_artifact(EXTRA), digest_artifact(VENDOR[0]), digest_bytes(b"never seen"))
    assert store.sightings.first_seen_on_hosts(wanted) == {
        wanted[0]: {WEB: NOW + DAY, DB: NOW + 2 * DAY},
        wanted[1]: {WEB: NOW, DB: NOW},
    }


def test_a_second_sweep_of_the_same_database_is_refused_with_the_holders_name(store: Store, database_url: str) -> None:
    with open_store(database_url, clock=lambda: NOW) as other:
        with store.sweep_lease(), pytest.raises(StoreBusyError, match=r"process \d+.*since 2026-03-01"):
            other.sweep_lease().__enter__()
        with other.sweep_lease():
            assert other.sweeps.find_interrupted() is None


def test_the_lease_ends_with_an_exception(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.sweep_lease():
        raise ZeroDivisionError
    with store.sweep_lease():
        pass


HOSTILE = st.text(st.characters(exclude_categories=()), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE, more=HOSTILE)
@pytest.mark.parametrize("nasty", ["\x00\x10\udc80\ud800\U0001f600\\x2d"])
def test_any_text_of_a_host_comes_back_as_it_was(store: Store, nasty: str, text: str, more: str) -> None:
    text = nasty + text
    artifact = Artifact(
        kind=ArtifactKind.LINK,
        scope=Scope(f"user:{text}"),
        name=more,
        owner=text,
        target=more + text,
        properties=((text, more),),
    )
    seen = HostSnapshot(
        host=HostName(text),
        facts=HostFacts(os_id=text, machine_id=more, hostname=text, environment=(text,), privilege=Privilege.SUDO),
        artifacts=(artifact,),
        coverage=Coverage.of([Gap(Area.LINGER, Scope(text), ReadStatus.FAILED, more, text)]),
        runtime=RuntimeState(times={text: FileTimes(modified_s=-1, changed_s=0, inode=2**60)}),
        taken_at=NOW,
        duration_s=0,
        host_key=more,
    )
    lost = replace(failure(HostName("other")), reason=text, evidence=(more, text), hint=text)
    sweep = sweep_day(store, 0, seen, lost)
    visits = {visit.host: visit for visit in store.visits.read_visits(sweep.id)}
    visit = visits[HostName(text)]
    assert visit.manifest is not None
    assert (visit.facts, visit.coverage) == (seen.facts, seen.coverage)
    assert store.visits.read_artifacts(visit.manifest) == (artifact,)
    assert store.visits.read_runtime(HostName(text)) == seen.runtime
    assert (visits[HostName("other")].reason, visits[HostName("other")].evidence) == (text, (more, text))
