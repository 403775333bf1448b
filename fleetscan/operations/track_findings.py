"""The life of findings: what a judged sweep found is remembered, once for each sweep."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from fleetscan.analyse.finding_life import decide_life
from fleetscan.analyse.findings import content_of
from fleetscan.analyse.fingerprint import UNSEALED
from fleetscan.analyse.rules.rule import Rule
from fleetscan.analyse.visibility import find_gap_in_files, find_gap_since, find_hiding_gap
from fleetscan.model.baseline import Prevalence
from fleetscan.model.drift import PEERS, Severity
from fleetscan.model.finding import Finding, FindingId, FindingState
from fleetscan.model.ids import HostName
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from fleetscan.model.sweep import Sweep, Visit
from fleetscan.operations.judge_sweep import Judgement
from fleetscan.store.finding_rows import FindingRecord
from fleetscan.store.findings import OpenFinding
from fleetscan.store.store import Store


def track_findings(store: Store, judgement: Judgement, rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Give findings with their lives; those of the newest sweep are recorded, those of an older one only looked up.

    Kept is what is above `info`, and what an exception holds down. What was found before and is not now is fixed only
    when the visit proves it: a host that failed, or a gap that may hide it, leaves it open, and so does a visit that
    did not read what the last one to see it had read. So does a host that still has the same thing, which was a
    difference and is none any more because its peers have got it as well: that is no approval.

    Args:
        store: Where the lives are.
        judgement: The judged sweep.
        rules: By which it was judged.
    """
    sweep, findings = judgement.sweep, judgement.findings
    kept = tuple(f for f in findings if f.severity > Severity.INFO or f.suppressed_by is not None)
    last = store.findings.last_recorded_sweep()
    if last is not None and sweep.id < last:
        lives = store.findings.lives([finding.id for finding in kept])
    else:
        seen = {finding.id for finding in kept}
        absent = _find_absent(store, judgement, seen, rules)
        at = sweep.ended_at or sweep.started_at
        lives = store.findings.record(sweep.id, at, kept, absent, decide=decide_life)
    return tuple(replace(f, life=lives[f.id]) if f.id in lives else f for f in findings)


def list_fixed(store: Store, hosts: Collection[HostName]) -> tuple[Finding, ...]:
    """Give the findings of these hosts that are gone, as far as they are remembered; newest first."""
    records = store.findings.list_findings(states=[FindingState.FIXED], hosts=hosts)
    found = [_build_finding(record) for record in records]
    found.sort(key=lambda finding: (finding.life.fixed_at is None, finding.life.fixed_at, finding.id), reverse=True)
    return tuple(found)


def list_unseen(
    store: Store, sweep: Sweep, hosts: Collection[HostName], findings: Iterable[Finding]
) -> tuple[Finding, ...]:
    """Give the findings of these hosts that are open and that the newest sweep does not show, worst first.

    Their hosts failed, a gap may hide them, the logs told of them once, or most peers have them as well by now. An
    older sweep has none: what was open then is not kept.

    Args:
        store: Where the lives are.
        sweep: The judged sweep, recorded already.
        hosts: Of the inventory, that the sweep visited.
        findings: What it shows.
    """
    if sweep.id != store.findings.last_recorded_sweep():
        return ()
    seen = {finding.id for finding in findings}
    states = [state for state in FindingState if state is not FindingState.FIXED]
    records = store.findings.list_findings(states=states, hosts=hosts)
    return tuple(_build_finding(record) for record in records if record.id not in seen)


def _build_finding(record: FindingRecord) -> Finding:
    """Give a finding as far as it is remembered."""
    return Finding(
        id=record.id,
        host=record.host,
        cohort=record.cohort,
        subject=Subject(key=record.key, fingerprint=UNSEALED),
        severity=record.severity,
        content=record.content,
        hits=record.hits,
        prevalence=Prevalence(0, 0),
        techniques=record.techniques,
        provenance=record.provenance,
        sentence=record.sentence,
        life=record.life,
    )


def _find_absent(
    store: Store, judgement: Judgement, seen: set[FindingId], rules: Iterable[Rule]
) -> frozenset[FindingId]:
    subjects = judgement.subjects
    read = {visit.host: visit for visit in judgement.visits if visit.host in subjects}
    before = store.findings.open_ids(tuple(read))
    approved = {drift.host for drift in judgement.drifts if drift.reference not in ("", PEERS)}
    differing = {(item.host, item.key) for drift in judgement.drifts for item in drift.items}
    of_drift = {rule.id for rule in rules if rule.needs_drift}

    def is_normal_among_peers(known: OpenFinding) -> bool:
        return (
            known.host not in approved
            and known.rule in of_drift
            and (known.host, known.key) not in differing
            and _is_unchanged(known, subjects[known.host])
        )

    absent = {
        finding_id: known
        for finding_id, known in before.items()
        if finding_id not in seen
        and _is_proven(known, read[known.host], subjects[known.host])
        and not is_normal_among_peers(known)
    }
    return frozenset(absent.keys() - _find_less_read(store, absent, read, subjects))


def _find_less_read(
    store: Store,
    absent: Mapping[FindingId, OpenFinding],
    read: Mapping[HostName, Visit],
    subjects: Mapping[HostName, Mapping[SubjectKey, Subject]],
) -> frozenset[FindingId]:
    """Give the findings around which a visit read less than the one that last saw them."""
    doubtful = {finding_id: known for finding_id, known in absent.items() if read[known.host].coverage.gaps}
    sweeps = {known.last_sweep for known in doubtful.values()}
    earlier = {(sweep, visit.host): visit for sweep in sorted(sweeps) for visit in store.visits.read_visits(sweep)}
    unread = set()
    for finding_id, known in doubtful.items():
        then, now = earlier.get((known.last_sweep, known.host)), read[known.host]
        subject = subjects[known.host].get(known.key)
        paths = subject.paths if subject is not None else ()
        if then is not None and find_gap_since(then.coverage, now.coverage, known.key, paths) is not None:
            unread.add(finding_id)
    return frozenset(unread)


def _is_unchanged(known: OpenFinding, subjects: Mapping[SubjectKey, Subject]) -> bool:
    """Tell whether the host still has the very thing that was found."""
    subject = subjects.get(known.key)
    return subject is not None and content_of(subject) == known.content


def _is_proven(known: OpenFinding, visit: Visit, subjects: Mapping[SubjectKey, Subject]) -> bool:
    """Tell whether a visit looked where the finding was and saw all of it."""
    if known.key.kind is SubjectKind.TRACE:
        return False  # the logs tell of it once, and it happened all the same
    subject = subjects.get(known.key)
    if subject is None:
        return find_hiding_gap(visit.coverage, known.key) is None
    return not subject.unreadable and find_gap_in_files(visit.coverage, subject) is None
