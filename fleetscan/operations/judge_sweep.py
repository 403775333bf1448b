"""Judge a sweep: what every host has, compared with its baseline or its peers, and what rules say of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from fleetscan.analyse.accepting import accept_finding, accept_verdict
from fleetscan.analyse.census import Member
from fleetscan.analyse.cohorts import DEFAULT_MIN_HOSTS, CohortRule
from fleetscan.analyse.compare import judge_cohort
from fleetscan.analyse.file_times import tell_older_claims
from fleetscan.analyse.installed import Installed
from fleetscan.analyse.judge import Bench, HostVerdict, collect_vendor_names
from fleetscan.analyse.past_units import ASKED_KINDS, explain_by_past, unit_of
from fleetscan.analyse.peers import PeerOptions
from fleetscan.analyse.rules.rule import Rule
from fleetscan.model.baseline import Baseline
from fleetscan.model.drift import HostDrift, Severity
from fleetscan.model.finding import Finding
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import RuntimeState
from fleetscan.model.subject import Subject, SubjectKey
from fleetscan.model.sweep import Sweep, Visit
from fleetscan.operations.check_identities import check_identities
from fleetscan.operations.cohort_members import Placed, assemble_cohorts, list_members
from fleetscan.operations.date_drift import date_verdict
from fleetscan.operations.host_states import StateReader, find_processes
from fleetscan.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeOptions:
    """By what a sweep is judged.

    Attributes:
        rules: All rules, the user's among them.
        peers: Of the comparison with peers.
        cohorts: By what hosts are told apart.
        min_cohort: Hosts that a cohort must have, so that its members are compared with no others.
        at: Now; decides which exceptions are in force.
    """

    at: datetime
    cohorts: CohortRule = field(default_factory=CohortRule)
    min_cohort: int = DEFAULT_MIN_HOSTS
    rules: tuple[Rule, ...] = ()
    peers: PeerOptions = field(default_factory=PeerOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A judged sweep.

    Attributes:
        visits: One per host, by name.
        drifts: One per compared host, by name.
        findings: Of all hosts, worst first, then by host.
        subjects: What each host that gave state has, by host and key.
        baselines: The baselines that were used.
        strangers: Hosts of the sweep that the inventory no longer has; they are not judged.
    """

    sweep: Sweep
    visits: tuple[Visit, ...]
    drifts: tuple[HostDrift, ...]
    findings: tuple[Finding, ...]
    subjects: Mapping[HostName, Mapping[SubjectKey, Subject]]
    baselines: tuple[Baseline, ...]
    strangers: tuple[HostName, ...]


def judge_sweep(
    store: Store, hosts: Mapping[HostName, Host], sweep: Sweep, reader: StateReader, options: JudgeOptions
) -> Judgement:
    """Compare and judge every host of a sweep that gave state.

    A sweep of a few hosts compares them with the whole cohort: hosts that it did not ask for stand in with their last
    state. Hosts that were asked for and failed do not, since nobody knows what they have now.

    Args:
        store: Where the sweep is.
        hosts: The inventory; it decides roles and owners.
        sweep: Which sweep.
        reader: Shared between calls, so that unchanged hosts cost nothing the second time.
        options: Rules, and when peers agree.
    """
    visits = store.visits.read_visits(sweep.id)
    asked = {visit.host for visit in visits}
    before = {visit.host: visit for visit in store.visits.states_before(sweep.id)}
    bystanders = tuple(visit for visit in before.values() if visit.host not in asked)
    runtimes = dict(store.visits.runtimes_of(sweep.id))
    members = list_members((*visits, *bystanders), hosts, reader, options.cohorts, runtimes, before)
    verdicts, baselines = _compare(store, members, reader, options, runtimes)
    by_host = {visit.host: visit for visit in visits}
    exceptions = store.exceptions.list_exceptions()
    judged = [verdict for verdict in verdicts if verdict.drift.host in by_host]
    accepted = [accept_verdict(v, exceptions, hosts[v.drift.host].groups, options.at) for v in judged]
    dated = [date_verdict(store, reader, by_host[verdict.drift.host], verdict) for verdict in accepted]
    cohorts = {verdict.drift.host: verdict.drift.cohort for verdict in dated}
    strange = check_identities(store, hosts, sweep, visits, runtimes, cohorts)
    findings = [_tell_times(finding, runtimes) for verdict in dated for finding in verdict.findings]
    by_name = {placed.member.host: placed.member for placed in members}
    findings = [_ask_past(store, finding, by_name[finding.host]) for finding in findings]
    findings += [accept_finding(f, exceptions, hosts[f.host].groups, options.at) for f in strange]
    return Judgement(
        sweep=sweep,
        visits=visits,
        drifts=tuple(sorted((verdict.drift for verdict in dated), key=lambda drift: drift.host)),
        findings=tuple(sorted(findings, key=lambda finding: (-finding.severity, finding.host, finding.key))),
        subjects=_index_subjects(members, by_host),
        baselines=tuple(baselines),
        strangers=tuple(visit.host for visit in visits if visit.host not in hosts),
    )


def _tell_times(finding: Finding, runtimes: Mapping[HostName, RuntimeState]) -> Finding:
    runtime = runtimes.get(finding.host)
    return finding if runtime is None or not finding.drift else tell_older_claims(finding, runtime.times)


def _ask_past(store: Store, finding: Finding, member: Member) -> Finding:
    """Let a host's own past explain stamps and traces; asked of few, since each costs a question to the database."""
    unit = unit_of(finding) if finding.key.kind in ASKED_KINDS and finding.severity > Severity.INFO else ""
    if not unit:
        return finding
    past = store.sightings.past_unit_files(finding.host, unit)
    return explain_by_past(finding, past, Installed.of(member.setting, member.coverage, {}))


def compare_before(
    store: Store, hosts: Mapping[HostName, Host], sweep: Sweep, reader: StateReader, options: JudgeOptions
) -> tuple[HostDrift, ...]:
    """Compare every host as it was when it was last read before a sweep, by today's baselines.

    What drifted then is known now, also on hosts that failed, or were not asked for, in the sweeps in between. No rule
    is asked: whether something is new depends on what differs alone.
    """
    members = list_members(store.visits.states_before(sweep.id), hosts, reader, options.cohorts)
    verdicts, _ = _compare(store, members, reader, replace(options, rules=()), {})
    return tuple(verdict.drift for verdict in verdicts)


def _compare(
    store: Store,
    members: Sequence[Placed],
    reader: StateReader,
    options: JudgeOptions,
    runtimes: Mapping[HostName, RuntimeState],
) -> tuple[list[HostVerdict], list[Baseline]]:
    everyone = {id(subject): subject for placed in members for subject in placed.member.subjects}
    bench = Bench(
        rules=options.rules,
        contents=reader.content,
        vendor_names=collect_vendor_names(everyone.values()),
        processes=find_processes(runtimes),
    )
    verdicts: list[HostVerdict] = []
    baselines: list[Baseline] = []
    for assembly, baseline in assemble_cohorts(members, store.baselines.current_baseline, options.min_cohort):
        if baseline is not None:
            baselines.append(baseline)
        verdicts.extend(judge_cohort(assembly, baseline, bench, options.peers))
    return verdicts, baselines


def _index_subjects(
    members: Iterable[Placed], visits: Mapping[HostName, Visit]
) -> Mapping[HostName, Mapping[SubjectKey, Subject]]:
    """Index what the visited hosts have; hosts of equal state share one index."""
    shared: dict[int, Mapping[SubjectKey, Subject]] = {}
    found = {}
    for placed in members:
        if placed.member.host in visits:
            place = id(placed.member.subjects)
            if place not in shared:
                shared[place] = {subject.key: subject for subject in placed.member.subjects}
            found[placed.member.host] = shared[place]
    return found
