"""Detections in what runs: processes of timer units, list-timers, and systemd-run."""

from collections.abc import Iterator

from fleetscan.analyse.controls.evidence import VisitEvidence, conclude, count_of, line_of, path_of, tell_gap
from fleetscan.analyse.processes import find_odd_processes
from fleetscan.model.control import Control, ControlResult
from fleetscan.model.coverage import Area
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import SYSTEM, scope_user
from fleetscan.model.relation import DisagreementKind
from fleetscan.model.snapshot import ArtifactKind, UnitProcess
from fleetscan.model.subject import SubjectKind

PROCESSES = Control(
    id="T1053.006-DET-3",
    title="Processes of timer units run programs that lie on disk",
    checks="Processes of units that timers start, above all children of PID 1: none whose program is deleted, only in "
    "memory, or in a temporary directory.",
)
LISTED = Control(
    id="T1053.006-DET-5",
    title="list-timers was read, and every timer it knows is accounted for",
    checks="`systemctl list-timers --all` of the system and of running user managers, compared with what is loaded and "
    "with the files: no timer without a file, none that is active and not listed.",
)
AUDITED = Control(
    id="T1053.006-DET-7",
    title="systemd-run is audited",
    checks="A rule of the audit system, loaded in the kernel, that watches systemd-run.",
)
TRANSIENT = Control(
    id="T1053.006-DET-8",
    title="The logs tell of no transient unit that is gone",
    checks="Journal and audit log since the visit before: timers and services of systemd-run that ran and "
    "left nothing.",
)

_CONTRADICTIONS = frozenset({DisagreementKind.NO_FILE, DisagreementKind.NOT_LISTED, DisagreementKind.UNREADABLE})
_NOT_KEPT = "what ran during this visit is not kept: a later visit replaced it"
_MAX_TOLD = 10
_AUDIT_LOGS = "/var/log/"


def check_processes(evidence: VisitEvidence) -> ControlResult:
    """Look at what timer units run right now."""
    unread = list(map(tell_gap, evidence.state.gaps(Area.PROCESSES)))
    if evidence.runtime is None:
        return conclude(PROCESSES, (), [line_of(_NOT_KEPT), *unread], "")
    processes = evidence.runtime.processes
    odd = [process for group in find_odd_processes(processes).values() for process in group]
    unread += [
        line_of(f"{_tell_process(process)}: its program may not be read")
        for process in processes
        if not process.executable
    ]
    return conclude(PROCESSES, (line_of(_tell_process(p), p.executable) for p in odd), unread, _tell_all(processes))


def _tell_all(processes: tuple[UnitProcess, ...]) -> list[EvidenceLine]:
    first = sorted(processes, key=lambda process: (process.parent_pid != 1, process.unit, process.pid))
    told = [line_of(_tell_process(process), process.executable) for process in first[:_MAX_TOLD]]
    if len(processes) > _MAX_TOLD:
        told.append(line_of(f"and {len(processes) - _MAX_TOLD} more"))
    return told or [line_of("no unit that a timer starts was running at the moment of the visit")]


def _tell_process(process: UnitProcess) -> str:
    parent = "child of PID 1" if process.parent_pid == 1 else f"child of {process.parent_pid}"
    return f"{process.unit}: pid {process.pid}, {parent}, as {process.user}: {process.executable or process.command}"


def check_listed(evidence: VisitEvidence) -> ControlResult:
    """See whether the manager's own list agrees with the rest."""
    state = evidence.state
    faults = [
        line_of(f"{told.unit}: {told.kind.value}: {told.detail}", path_of(subject))
        for subject in state.things(SubjectKind.JOB)
        for told in subject.disagreements
        if told.kind in _CONTRADICTIONS
    ]
    unread = list(map(tell_gap, state.gaps(Area.TIMERS, Area.LOADED, Area.FILES, Area.USERS)))
    if evidence.runtime is None:
        unread.append(line_of(_NOT_KEPT))
        return conclude(LISTED, faults, unread, "")
    rows = evidence.runtime.timers
    users = sorted({scope_user(row.scope) or "" for row in rows} - {""})
    if not any(row.scope == SYSTEM for row in rows):
        unread.append(line_of("the system manager lists no timer at all, which no running systemd does"))
    of_users = f", and those of {', '.join(users[:_MAX_TOLD])}" if users else ""
    return conclude(
        LISTED, faults, unread, f"{count_of(len(rows), 'timer')} of the system{of_users}: no view contradicts another"
    )


def check_audited(evidence: VisitEvidence) -> ControlResult:
    """See whether somebody would learn of a transient unit."""
    rules = [
        rule
        for rule in evidence.state.of_kind(ArtifactKind.AUDIT_RULE)
        if rule.property("watches").endswith("/systemd-run") and "never" not in rule.name.partition(" -F")[0]
    ]
    loaded = [line_of(f"loaded: {rule.name}") for rule in rules if "loaded" in rule.property("source").split()]
    if loaded:
        return conclude(AUDITED, (), (), loaded)
    gaps = [g for g in evidence.state.gaps(Area.AUDIT) if not (g.path or "").startswith(_AUDIT_LOGS)]
    if gaps:
        return conclude(AUDITED, (), map(tell_gap, gaps), "")
    resting = [line_of(f"only in a file, not loaded: {rule.name}") for rule in rules]
    return conclude(AUDITED, resting or [line_of("no rule of the audit system watches systemd-run")], (), "")


def check_transient(evidence: VisitEvidence) -> ControlResult:
    """See which units ran between two visits and are gone, through systemd-run or otherwise."""
    if evidence.runtime is None:
        return conclude(TRANSIENT, (), [line_of(_NOT_KEPT)], "")
    faults = [line_of(f"{dict(t.properties).get('at', '')} {t.summary}".strip()) for t in evidence.traces]
    return conclude(TRANSIENT, faults, _unread_logs(evidence), "the journal tells of no transient timer or service")


def _unread_logs(evidence: VisitEvidence) -> Iterator[EvidenceLine]:
    # The journal alone tells of every unit; the audit log adds who asked, where there is one.
    yield from map(tell_gap, evidence.state.gaps(Area.JOURNAL))
