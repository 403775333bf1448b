"""Turn a judged sweep into what a report and the mails are made from."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from fleetscan.analyse.accepting import accept_finding
from fleetscan.analyse.waves import find_waves
from fleetscan.model.drift import ExplanationKind
from fleetscan.model.finding import Finding, FindingId
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.sweep import Sweep
from fleetscan.operations.host_states import StateReader
from fleetscan.operations.judge_sweep import Judgement, JudgeOptions, compare_before, judge_sweep
from fleetscan.operations.track_findings import list_fixed, list_unseen, track_findings
from fleetscan.report.inputs import BaselineHeader, ReportInputs, find_new_items
from fleetscan.store.store import Store


def gather_inputs(
    store: Store, hosts: Mapping[HostName, Host], sweep: Sweep, generated_at: datetime, options: JudgeOptions
) -> ReportInputs:
    """Judge a sweep and the states before it, and collect all that a report shows.

    What was there before is judged by today's baselines: an approval in between makes nothing new.
    """
    reader = StateReader(store)
    judgement = judge_sweep(store, hosts, sweep, reader, options)
    findings = track_findings(store, judgement, options.rules)
    visited = [visit.host for visit in judgement.visits if visit.host in hosts]
    unseen = list_unseen(store, sweep, visited, findings)
    exceptions = store.exceptions.list_exceptions()
    waves = find_waves(findings, Counter(drift.cohort for drift in judgement.drifts), _approvals(findings))
    previous = store.sweeps.previous_sweep(sweep.id)
    known = compare_before(store, hosts, sweep, reader, options) if previous else ()
    before = store.visits.read_visits(previous.id) if previous else ()
    drifted = {drift.host for drift in judgement.drifts if drift.items}
    runtimes = {host: store.visits.read_runtime(host) for host in sorted(drifted)}
    return ReportInputs(
        sweep=judgement.sweep,
        previous=previous,
        visits=judgement.visits,
        drifts=judgement.drifts,
        findings=findings,
        waves=waves,
        fixed=list_fixed(store, judgement.subjects),
        unseen=tuple(accept_finding(f, exceptions, hosts[f.host].groups, options.at) for f in unseen),
        hosts=_asked_for(hosts, judgement),
        generated_at=generated_at,
        baselines=tuple(
            BaselineHeader(
                cohort=baseline.cohort,
                version=baseline.version,
                approved_at=baseline.approval.approved_at,
                author=baseline.approval.author,
            )
            for baseline in judgement.baselines
        ),
        new_items=find_new_items(judgement.drifts, known) if previous else frozenset(),
        last_read_at=store.visits.last_read_at(visit.host for visit in judgement.visits),
        previous_outcomes={visit.host: visit.outcome for visit in before},
        timers={host: runtime.timers for host, runtime in runtimes.items() if runtime},
    )


def _approvals(findings: Iterable[Finding]) -> Mapping[FindingId, int]:
    """Give the findings that belong to approved roll-outs, with the number of the approval."""
    return {
        finding.id: finding.suppressed_by
        for finding in findings
        if finding.suppressed_by is not None
        and any(proof.kind is ExplanationKind.WAVE for proof in finding.explanations)
    }


def _asked_for(hosts: Mapping[HostName, Host], judgement: Judgement) -> Mapping[HostName, Host]:
    """Give the hosts that this sweep concerns: all of the inventory when it was interrupted, else the visited ones."""
    if len(judgement.visits) < judgement.sweep.hosts:
        return hosts
    return {visit.host: hosts[visit.host] for visit in judgement.visits if visit.host in hosts}
