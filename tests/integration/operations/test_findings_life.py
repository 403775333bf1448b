"""The life of findings over several sweeps, from what hosts gave to what people are shown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fleetscan.analyse.baseline import propose_baseline
from fleetscan.analyse.rules.rule import Rule
from fleetscan.errors import UsageError
from fleetscan.model.baseline import Approval
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.drift import DriftKind, ExplanationKind, Severity
from fleetscan.model.finding import Finding, FindingState
from fleetscan.model.finding_event import EventKind
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import SYSTEM, HostName, UnitName
from fleetscan.model.outcome import FailureKind
from fleetscan.model.snapshot import (
    Artifact,
    ArtifactKind,
    HostSnapshot,
    RuntimeState,
    RunTrace,
    TraceSource,
    UnitProcess,
)
from fleetscan.model.subject import SubjectKind
from fleetscan.model.sweep import Sweep
from fleetscan.operations.accept_findings import Decision, add_exception, approve_wave, find_wave, scope_of_finding
from fleetscan.operations.draft_baselines import Roster
from fleetscan.operations.host_states import StateReader
from fleetscan.operations.judge_sweep import JudgeOptions
from fleetscan.operations.publish import gather_inputs
from fleetscan.report.inputs import ReportInputs
from fleetscan.store.store import Store
from tests.judge_data import RULES
from tests.stored_fleet import DAY, NOW, VENDOR, failure, file, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

ETC = "/etc/systemd/system"
TIMER = b"[Timer]\nOnCalendar=daily\n"
SERVICE = b"[Service]\nExecStart=/usr/sbin/logrotate\n"
EVIL = b"[Service]\nExecStart=/tmp/x\n"
WORSE = b"[Service]\nExecStart=/tmp/y\n"
AGENT = b"[Service]\nExecStart=/opt/agent/run\n"
NEWER = b"[Service]\nExecStart=/opt/agent/run --new\n"
DROP_IN = b"[Service]\nExecStartPost=/opt/x\n"
CONTENTS = {digest_bytes(text): text for text in (TIMER, SERVICE, EVIL, WORSE, AGENT, NEWER, DROP_IN)}
STOCK = (
    file("/usr/lib/systemd/system/logrotate.timer", TIMER),
    file("/usr/lib/systemd/system/logrotate.service", SERVICE),
    VENDOR[1],
)
NAMES = tuple(HostName(f"web{number}") for number in range(1, 9))
BAD, *GOOD = NAMES
Given = Mapping[HostName, tuple[Artifact, ...] | None]


def planted(text: bytes = EVIL, stem: str = "implant") -> tuple[Artifact, ...]:
    return (file(f"{ETC}/{stem}.timer", TIMER), file(f"{ETC}/{stem}.service", text))


def inventory(names: tuple[HostName, ...] = NAMES) -> Mapping[HostName, Host]:
    owner = Owner("Ana", "ana@example.org")
    return {
        name: Host(name=name, address=name, connection=Connection(user="scan"), owner=owner, groups=("web",))
        for name in names
    }


def seen(
    name: HostName, day: int, *more: Artifact, gaps: tuple[Gap, ...] = (), runtime: RuntimeState | None = None
) -> HostSnapshot:
    found = snapshot(name, (*STOCK, *more), at=NOW + day * DAY, gaps=gaps, contents=CONTENTS)
    identity = digest_bytes(name.encode())[:32]
    found = replace(found, host_key=f"SHA256:{name}", facts=replace(found.facts, machine_id=identity))
    return replace(found, runtime=runtime) if runtime is not None else found


def sweep(store: Store, day: int, given: Given | None = None, *, names: tuple[HostName, ...] = NAMES) -> Sweep:
    """Sweep the fleet: hosts are stock, have more, or (None) fail."""
    outcomes = []
    for name in names:
        more: tuple[Artifact, ...] | None = (given or {}).get(name, ())
        outcomes.append(failure(name, NOW + day * DAY) if more is None else seen(name, day, *more))
    return sweep_day(store, day, *outcomes)


def judge(
    store: Store,
    done: Sweep,
    *,
    hosts: Mapping[HostName, Host] | None = None,
    rules: tuple[Rule, ...] = RULES,
    at: datetime | None = None,
) -> ReportInputs:
    options = JudgeOptions(at=at or done.started_at + timedelta(hours=1), rules=rules)
    return gather_inputs(store, inventory() if hosts is None else hosts, done, options.at, options)


def of_host(inputs: ReportInputs, host: HostName = BAD) -> list[Finding]:
    return [f for f in inputs.findings if f.host == host and f.key.kind is not SubjectKind.IDENTITY]


def only(inputs: ReportInputs, host: HostName = BAD) -> Finding:
    (found,) = of_host(inputs, host)
    return found


def approve_all(store: Store, done: Sweep) -> None:
    """Make what every host of a sweep has the baseline of the cohort."""
    roster = Roster.of(store.visits.read_visits(done.id), inventory(), StateReader(store))
    for cohort, members in roster.members.items():
        proposal = propose_baseline(cohort, done.id, members, (), 0.5)
        number = store.baselines.save_proposal(proposal, at=NOW, author="ann")
        approval = Approval(author="ann", reason="first", approved_at=NOW)
        store.baselines.add_approval(number, approval, approvers_needed=1)


def decision(at: datetime, *, expires_at: datetime | None = None) -> Decision:
    return Decision(reason="vendor agent", owner="web team", author="ana", at=at, ticket="CHG-1", expires_at=expires_at)


def accept(store: Store, found: Finding, at: datetime, *, expires_at: datetime | None = None) -> int:
    return add_exception(store, scope_of_finding(found), decision(at, expires_at=expires_at)).id


# --- new, known, fixed, returned ------------------------------------------------------------------------------------


def test_a_finding_is_new_then_known_then_fixed_then_returned_under_one_id(store: Store) -> None:
    judge(store, sweep(store, 0))
    new = only(judge(store, sweep(store, 1, {BAD: planted()})))
    known = only(judge(store, sweep(store, 2, {BAD: planted()})))
    gone = judge(store, sweep(store, 3))
    back = only(judge(store, sweep(store, 4, {BAD: planted()})))
    assert [f.life.state for f in (new, known, back)] == [FindingState.NEW, FindingState.KNOWN, FindingState.RETURNED]
    assert len({new.id, known.id, back.id}) == 1
    assert of_host(gone) == []
    (fixed,) = gone.fixed
    assert (fixed.id, fixed.life.state) == (new.id, FindingState.FIXED)
    assert [e.kind for e in store.findings.read_finding(new.id).events] == [
        EventKind.OPENED,
        EventKind.FIXED,
        EventKind.RETURNED,
    ]
    assert known.life.first_seen_at == new.life.first_seen_at
    assert [hit.rule for hit in new.hits] == ["T-TMP", "T-NEW"]


def test_judging_a_sweep_twice_and_an_older_one_later_changes_nothing(store: Store) -> None:
    judge(store, sweep(store, 0))
    first = sweep(store, 1, {BAD: planted()})
    assert only(judge(store, first)).life == only(judge(store, first)).life
    judge(store, sweep(store, 2, {GOOD[0]: planted()}))
    old = judge(store, first)
    assert only(old).life.state is FindingState.FIXED  # as it is known today
    assert of_host(old, GOOD[0]) == []  # what came later is neither found there nor called unseen
    assert old.unseen == ()
    assert len(store.findings.read_finding(only(old).id).events) == 2


def test_other_content_is_new_again_and_takes_the_acknowledgement_back(store: Store) -> None:
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    store.findings.acknowledge(found.id, author="ana", reason="looking", at=NOW + DAY)
    known = only(judge(store, sweep(store, 2, {BAD: planted()})))
    assert known.life.acknowledged_by == "ana"
    changed = only(judge(store, sweep(store, 3, {BAD: planted(WORSE)})))
    assert (changed.id, changed.life.state, changed.life.acknowledged_by) == (found.id, FindingState.NEW, "")


def test_a_host_that_fails_keeps_its_findings_open_and_in_sight(store: Store) -> None:
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    night = judge(store, sweep(store, 2, {BAD: None}))
    assert of_host(night) == []
    assert night.fixed == ()
    assert [(f.id, f.life.state, f.severity) for f in night.unseen if f.key.kind is SubjectKind.JOB] == [
        (found.id, FindingState.NEW, Severity.CRITICAL)
    ]
    later = judge(store, sweep(store, 3, {BAD: planted()}))
    assert only(later).life.state is FindingState.KNOWN
    assert [f for f in later.unseen if f.key.kind is SubjectKind.JOB] == []


def test_a_host_that_was_not_asked_keeps_its_findings_open(store: Store) -> None:
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    few = judge(store, sweep(store, 2, names=tuple(GOOD[:2])))
    assert {visit.host for visit in few.visits} == set(GOOD[:2])
    assert store.findings.read_finding(found.id).finding.life.state is FindingState.NEW


@pytest.mark.parametrize(
    "gap",
    [
        Gap(Area.FILES, SYSTEM, ReadStatus.DENIED, ETC, "denied"),
        Gap(Area.FILES, SYSTEM, ReadStatus.TIMED_OUT, None, "late"),
        Gap(Area.LOADED, SYSTEM, ReadStatus.FAILED, None, "no answer"),
    ],
    ids=["folder", "all files", "memory"],
)
def test_a_host_that_was_read_in_part_cannot_fix_what_may_hide_there(store: Store, gap: Gap) -> None:
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    partial = judge(store, sweep_day(store, 2, seen(BAD, 2, gaps=(gap,)), *(seen(name, 2) for name in GOOD)))
    assert partial.fixed == ()
    assert [f.id for f in partial.unseen] == [found.id]
    assert [f.id for f in judge(store, sweep(store, 3)).fixed] == [found.id]


def test_what_stands_in_a_folder_that_cannot_be_read_any_more_is_not_fixed(store: Store) -> None:
    folder = "/usr/lib/systemd/system/logrotate.service.d"
    drop_in = file(f"{folder}/10-x.conf", DROP_IN)
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: (drop_in,)})))
    assert [item.kind for item in found.drift] == [DriftKind.CHANGED]
    gap = Gap(Area.FILES, SYSTEM, ReadStatus.DENIED, folder, "denied")
    hidden = judge(store, sweep_day(store, 2, seen(BAD, 2, gaps=(gap,)), *(seen(name, 2) for name in GOOD)))
    assert (hidden.fixed, [f.id for f in hidden.unseen]) == ((), [found.id])
    assert [f.id for f in judge(store, sweep(store, 3)).fixed] == [found.id]


@pytest.mark.parametrize(
    "gap",
    [
        Gap(Area.PROGRAMS, SYSTEM, ReadStatus.DENIED, "/opt/agent/run", "denied"),
        Gap(Area.PACKAGES, None, ReadStatus.MISSING_TOOL, None, "no dpkg"),
        Gap(Area.LOADED, SYSTEM, ReadStatus.FAILED, None, "no answer"),
        Gap(Area.ATTRIBUTES, SYSTEM, ReadStatus.MISSING_TOOL, None, "no lsattr"),
        Gap(Area.PROCESSES, SYSTEM, ReadStatus.DENIED, None, "denied"),
    ],
    ids=lambda gap: str(gap.area.value),
)
def test_a_visit_that_reads_less_of_an_approved_job_than_the_last_one_fixes_nothing(store: Store, gap: Gap) -> None:
    def script(text: bytes) -> Artifact:
        return replace(file("/opt/agent/run", text), kind=ArtifactKind.PROGRAM, properties=(("verified", "unowned"),))

    everywhere = {name: (*planted(AGENT), script(b"1")) for name in NAMES}
    approve_all(store, sweep(store, 0, everywhere))
    found = only(judge(store, sweep(store, 1, {**everywhere, BAD: (*planted(AGENT), script(b"2"))})))
    for day in (2, 3):  # also when it stays so
        rest = (seen(name, day, *everywhere[name]) for name in GOOD)
        hidden = judge(store, sweep_day(store, day, seen(BAD, day, *everywhere[BAD], gaps=(gap,)), *rest))
        assert (hidden.fixed, [f.id for f in hidden.unseen]) == ((), [found.id])
    assert [f.id for f in judge(store, sweep(store, 4, everywhere)).fixed] == [found.id]


def test_what_never_could_be_read_does_not_keep_a_finding_open(store: Store) -> None:
    never = (Gap(Area.ATTRIBUTES, SYSTEM, ReadStatus.MISSING_TOOL, None, "no lsattr"),)
    others = [seen(name, 1, *planted(AGENT)) for name in GOOD]
    approve_all(store, sweep(store, 0, dict.fromkeys(NAMES, planted(AGENT))))
    judge(store, sweep_day(store, 1, seen(BAD, 1, *planted(EVIL, "agent"), *planted(EVIL), gaps=never), *others))
    rest = [seen(name, 2, *planted(AGENT)) for name in GOOD]
    fixed = judge(store, sweep_day(store, 2, seen(BAD, 2, *planted(AGENT), gaps=never), *rest)).fixed
    assert {f.key.name for f in fixed} == {"implant.timer", "agent.timer"}


def test_a_gap_elsewhere_does_not_keep_a_finding_open(store: Store) -> None:
    judge(store, sweep(store, 0))
    judge(store, sweep(store, 1, {BAD: planted()}))
    elsewhere = Gap(Area.LINGER, SYSTEM, ReadStatus.DENIED, None, "denied")
    read = judge(store, sweep_day(store, 2, seen(BAD, 2, gaps=(elsewhere,)), *(seen(name, 2) for name in GOOD)))
    assert len(read.fixed) == 1


def test_a_rule_that_says_nothing_any_more_fixes_what_it_found(store: Store) -> None:
    judge(store, sweep(store, 0))
    judge(store, sweep(store, 1, {BAD: planted()}))
    assert len(judge(store, sweep(store, 2, {BAD: planted()}), rules=()).fixed) == 1


# --- what people accept ---------------------------------------------------------------------------------------------


def test_an_exception_holds_until_the_content_changes(store: Store) -> None:
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    number = accept(store, found, NOW + DAY)
    held = only(judge(store, sweep(store, 2, {BAD: planted()})))
    assert (held.severity, held.suppressed_by) == (Severity.INFO, number)
    assert held.drift[0].severity is Severity.INFO
    assert [proof.kind for proof in held.explanations] == [ExplanationKind.EXCEPTION]
    changed = only(judge(store, sweep(store, 3, {BAD: planted(WORSE)})))
    assert (changed.severity, changed.suppressed_by) == (Severity.CRITICAL, None)


def test_an_exception_holds_until_its_day_and_not_longer(store: Store) -> None:
    judge(store, sweep(store, 0))
    day = sweep(store, 1, {BAD: planted()})
    number = accept(store, only(judge(store, day)), NOW + DAY, expires_at=NOW + 3 * DAY)
    assert only(judge(store, day, at=NOW + 3 * DAY - timedelta(seconds=1))).suppressed_by == number
    assert only(judge(store, day, at=NOW + 3 * DAY)).suppressed_by is None
    store.exceptions.revoke_exception(number, author="ana", at=NOW + 2 * DAY)
    assert only(judge(store, day, at=NOW + 2 * DAY)).suppressed_by is None


def test_an_exception_for_one_host_holds_for_no_other(store: Store) -> None:
    judge(store, sweep(store, 0))
    both = {BAD: planted(), GOOD[0]: planted()}
    accept(store, only(judge(store, sweep(store, 1, both))), NOW + DAY)
    inputs = judge(store, sweep(store, 2, both))
    assert only(inputs).suppressed_by is not None
    assert only(inputs, GOOD[0]).suppressed_by is None


def test_a_program_that_is_swapped_below_an_accepted_job_comes_back(store: Store) -> None:
    def script(text: bytes) -> Artifact:
        return replace(file("/opt/agent/run", text), kind=ArtifactKind.PROGRAM, properties=(("verified", "unowned"),))

    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: (*planted(AGENT), script(b"1"))})))
    accept(store, found, NOW + DAY)
    assert only(judge(store, sweep(store, 2, {BAD: (*planted(AGENT), script(b"1"))}))).suppressed_by is not None
    assert only(judge(store, sweep(store, 3, {BAD: (*planted(AGENT), script(b"2"))}))).suppressed_by is None


def test_an_accepted_timer_that_did_nothing_comes_back_when_it_is_enabled(store: Store) -> None:
    link = Artifact(
        kind=ArtifactKind.LINK, scope=SYSTEM, name=f"{ETC}/timers.target.wants/implant.timer", target="../implant.timer"
    )
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    accept(store, found, NOW + DAY)
    assert only(judge(store, sweep(store, 2, {BAD: (*planted(), link)}))).suppressed_by is None


def test_a_rule_that_does_not_speak_cannot_be_accepted(store: Store) -> None:
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    with pytest.raises(UsageError, match="T-GONE is no rule of this finding"):
        scope_of_finding(found, rule="T-GONE")
    scope = scope_of_finding(found, rule="T-TMP")
    add_exception(store, scope, decision(NOW + DAY))
    left = only(judge(store, sweep(store, 2, {BAD: planted()})))
    assert ([hit.rule for hit in left.hits], left.severity) == (["T-NEW"], Severity.HIGH)


# --- waves ----------------------------------------------------------------------------------------------------------


def test_the_same_thing_on_many_hosts_is_one_wave_that_is_approved_once_and_never_learned(store: Store) -> None:
    agent = planted(AGENT, "agent")
    approve_all(store, sweep(store, 0))
    reached = NAMES[:4]
    judge(store, sweep(store, 1, dict.fromkeys(reached[:2], agent)))
    first = judge(store, sweep(store, 2, dict.fromkeys(reached, agent)))
    (wave,) = first.waves
    assert (set(wave.hosts), wave.kind, wave.approved_by) == (set(reached), DriftKind.ADDED, None)
    assert {f.severity for host in reached for f in of_host(first, host)} == {Severity.HIGH}
    made = approve_wave(store, find_wave(first.waves, wave.id[:6]), decision(NOW + 2 * DAY))
    # A host that it reaches later is approved, too; so is the wave as a whole.
    wider = NAMES[:6]
    later = judge(store, sweep(store, 3, dict.fromkeys(wider, agent)))
    assert {(f.severity, f.suppressed_by) for host in wider for f in of_host(later, host)} == {(Severity.INFO, made.id)}
    assert [(w.approved_by, len(w.members)) for w in later.waves] == [(made.id, 6)]
    # Nothing was learned: the baseline is what it was, and other content is found again.
    assert [(header.version, header.author) for header in later.baselines] == [(1, "ann")]
    changed = judge(store, sweep(store, 4, {**dict.fromkeys(wider, agent), BAD: planted(NEWER, "agent")}))
    assert (only(changed).severity, only(changed).suppressed_by) == (Severity.HIGH, None)
    with pytest.raises(UsageError, match="no wave begins"):
        find_wave(first.waves, "zz")


def test_a_roll_out_that_has_reached_most_peers_stays_found_until_a_baseline_approves_it(store: Store) -> None:
    agent = planted(AGENT, "agent")
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: agent})))
    # Half of the peers and more have it by now: nothing new speaks against it, and nobody approved it either.
    wide = dict.fromkeys(NAMES[:6], agent)
    inputs = judge(store, sweep(store, 2, wide))
    assert of_host(inputs) == []
    assert inputs.fixed == ()
    assert found.id in {one.id for one in inputs.unseen}
    # Where it is taken away it is fixed; where a person approves it as well.
    gone = judge(store, sweep(store, 3, {**wide, BAD: ()}))
    assert [one.id for one in gone.fixed] == [found.id]


def test_what_most_peers_have_is_fixed_when_a_baseline_approves_it(store: Store) -> None:
    agent = planted(AGENT, "agent")
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: agent})))
    wide = sweep(store, 2, dict.fromkeys(NAMES, agent))
    assert judge(store, wide).fixed == ()
    approve_all(store, wide)
    inputs = judge(store, sweep(store, 3, dict.fromkeys(NAMES, agent)))
    assert found.id in {one.id for one in inputs.fixed}


def test_a_script_that_is_swapped_on_many_hosts_is_a_wave_since_the_night_of_the_swap(store: Store) -> None:
    def with_script(text: bytes) -> tuple[Artifact, ...]:
        script = replace(file("/usr/sbin/logrotate", text), kind=ArtifactKind.PROGRAM)
        return (replace(script, properties=(("verified", "unowned"),)),)

    old, new = with_script(b"old"), with_script(b"new")
    names = tuple(HostName(f"web{number:02}") for number in range(30))
    hosts = inventory(names)
    for day in (0, 1):
        judge(store, sweep(store, day, dict.fromkeys(names, old), names=names), hosts=hosts)
    given = {**dict.fromkeys(names, old), **dict.fromkeys(names[:5], new)}
    inputs = judge(store, sweep(store, 2, given, names=names), hosts=hosts)
    items = [item for drift in inputs.drifts for item in drift.items]
    assert {item.kind for item in items} == {DriftKind.TARGET}
    assert {(item.first_seen_at, item.last_absent_at) for item in items} == {(NOW + 2 * DAY, NOW + DAY)}
    (wave,) = inputs.waves
    assert (wave.kind, len(wave.members)) == (DriftKind.TARGET, 5)


def test_what_lies_around_units_and_opened_folders_are_dated_by_their_own_evidence(store: Store) -> None:
    generator = replace(file("/etc/systemd/system-generators/seed", b"1"), kind=ArtifactKind.GENERATOR)
    opened = Artifact(
        kind=ArtifactKind.DIRECTORY,
        scope=SYSTEM,
        name="/usr/lib/systemd/system",
        mode=0o777,
        owner="root",
        group="root",
    )
    program = replace(file("/usr/sbin/logrotate", b"1"), kind=ArtifactKind.PROGRAM)
    exposed = replace(program, properties=(("exposed", "/usr/sbin deploy:deploy 0775"),))
    usual = dict.fromkeys(NAMES, (program,))
    judge(store, sweep(store, 0, usual))
    judge(store, sweep(store, 1, {**usual, BAD: (program, generator)}))
    inputs = judge(store, sweep(store, 2, {**usual, BAD: (exposed, generator, opened)}))
    (drift,) = (drift for drift in inputs.drifts if drift.items)
    told = {(item.key.kind, item.kind): (item.first_seen_at, item.last_absent_at) for item in drift.items}
    assert told == {
        (SubjectKind.GENERATOR, DriftKind.ADDED): (NOW + DAY, NOW),
        (SubjectKind.FOLDER, DriftKind.ADDED): (NOW + 2 * DAY, NOW + DAY),
        (SubjectKind.JOB, DriftKind.WRITABLE): (NOW + 2 * DAY, NOW + DAY),
    }


# --- what logs and processes tell -----------------------------------------------------------------------------------


def traced(day: int) -> RuntimeState:
    trace = RunTrace(
        source=TraceSource.JOURNAL,
        at=NOW + day * DAY - timedelta(hours=1),
        unit=UnitName("run-r0123456789abcdef0123456789abcdef.service"),
        command="/tmp/x",
        user="root",
        event="started",
    )
    return RuntimeState(traces=(trace,))


def test_a_trace_is_found_once_stays_open_and_ends_when_somebody_accepts_it(store: Store) -> None:
    judge(store, sweep(store, 0))
    day = sweep_day(store, 1, seen(BAD, 1, runtime=traced(1)), *(seen(name, 1) for name in GOOD))
    found = only(judge(store, day))
    assert (found.key.kind, found.life.state) == (SubjectKind.TRACE, FindingState.NEW)
    later = judge(store, sweep(store, 2))
    assert of_host(later) == []
    assert later.fixed == ()
    (open_still,) = later.unseen
    assert (open_still.id, open_still.severity, open_still.sentence) == (found.id, found.severity, found.sentence)
    number = accept(store, open_still, NOW + 2 * DAY)
    (accepted,) = judge(store, sweep(store, 3)).unseen
    assert (accepted.severity, accepted.suppressed_by) == (Severity.INFO, number)


def test_what_the_visit_before_saw_running_is_no_trace(store: Store) -> None:
    unit = "run-r0123456789abcdef0123456789abcdef.timer"
    loaded = file(f"/run/systemd/transient/{unit}", TIMER)
    service = file(f"/run/systemd/transient/{unit.replace('timer', 'service')}", EVIL)
    judge(store, sweep(store, 0))
    judge(store, sweep(store, 1, {BAD: (loaded, service)}))
    day = sweep_day(store, 2, seen(BAD, 2, runtime=traced(2)), *(seen(name, 2) for name in GOOD))
    assert [f.key.kind for f in of_host(judge(store, day))] == []


def test_a_process_from_a_deleted_program_is_found_on_its_host(store: Store) -> None:
    odd = UnitProcess(
        scope=SYSTEM,
        unit=UnitName("logrotate.service"),
        pid=9,
        parent_pid=1,
        user="root",
        started_at=None,
        command="x",
        executable="/memfd:x (deleted)",
    )
    state = RuntimeState(processes=(odd,))
    inputs = judge(store, sweep_day(store, 0, seen(BAD, 0, runtime=state), *(seen(name, 0) for name in GOOD)))
    assert [hit.rule for hit in only(inputs).hits] == ["T-PROC"]
    assert {f.host for f in inputs.findings} == {BAD}


# --- hosts ----------------------------------------------------------------------------------------------------------


def test_another_machine_id_and_a_refused_host_key_are_findings(store: Store) -> None:
    judge(store, sweep(store, 0))
    other = seen(BAD, 1)
    other = replace(other, facts=replace(other.facts, machine_id="f" * 32))
    refused = failure(GOOD[0], NOW + DAY)
    assert refused.kind is FailureKind.HOST_KEY_CHANGED
    inputs = judge(store, sweep_day(store, 1, other, refused, *(seen(name, 1) for name in GOOD[1:])))
    found = {(f.host, f.leading.rule) for f in inputs.findings if f.key.kind is SubjectKind.IDENTITY}
    assert found == {(BAD, "FS-150"), (GOOD[0], "FS-151")}
    # A refused host is not read again by failing once more; when it is read, it is over.
    again = judge(store, sweep(store, 2, {GOOD[0]: None}))
    assert {f.host for f in again.findings if f.leading.rule == "FS-151"} == {GOOD[0]}
    assert GOOD[0] in {f.host for f in judge(store, sweep(store, 3)).fixed}


def test_too_few_hosts_of_a_kind_are_compared_in_a_wider_cohort_and_it_is_said(store: Store) -> None:
    hosts = dict(inventory())
    for name in NAMES[:3]:
        hosts[name] = replace(hosts[name], groups=("db",))
    inputs = judge(store, sweep(store, 0, {BAD: planted()}), hosts=hosts)
    by_host = {drift.host: drift for drift in inputs.drifts}
    assert "db/debian-12 has only 3 hosts; compared with " in by_host[BAD].remark
    assert by_host[NAMES[7]].remark == ""
    assert str(only(inputs).prevalence) == "0 of 7"
    assert [hit.rule for hit in only(inputs).hits] == ["T-TMP", "T-NEW"]


def test_hosts_that_left_the_inventory_are_neither_judged_nor_compared_with(store: Store) -> None:
    judge(store, sweep(store, 0))
    found = only(judge(store, sweep(store, 1, {BAD: planted()})))
    rest = inventory(tuple(GOOD))
    inputs = judge(store, sweep(store, 2, {BAD: planted(), GOOD[0]: planted()}), hosts=rest)
    assert {f.host for f in inputs.findings} == {GOOD[0]}
    assert str(only(inputs, GOOD[0]).prevalence) == "0 of 6"
    assert BAD not in {drift.host for drift in inputs.drifts}
    assert found.id not in {f.id for f in (*inputs.fixed, *inputs.unseen)}
    assert store.findings.read_finding(found.id).finding.life.state is FindingState.NEW
