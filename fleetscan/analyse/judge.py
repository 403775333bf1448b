"""Rules over what a host has and what differs there, for all hosts of a cohort that are the same at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fleetscan.analyse.case import Case, Setting
from fleetscan.analyse.census import Census, Group
from fleetscan.analyse.expectation import Expectation
from fleetscan.analyse.explain import Explainer
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.findings import content_of, finding_id, say_finding
from fleetscan.analyse.provenance import provenance_of
from fleetscan.analyse.rules.rule import Rule
from fleetscan.analyse.vantage import Vantage
from fleetscan.analyse.weigh import weigh_case
from fleetscan.model.drift import DriftItem, DriftKind, HostDrift, Severity
from fleetscan.model.finding import Finding
from fleetscan.model.ids import GLOBAL_USER, HostName, Scope, UnitName, scope_user
from fleetscan.model.snapshot import UnitProcess
from fleetscan.model.subject import Subject, SubjectKey

Processes = Mapping[HostName, Mapping[UnitName, tuple[UnitProcess, ...]]]
"""Odd processes by host and unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What judges need beside the cases.

    Attributes:
        rules: All rules that are asked.
        vendor_names: See `Setting`.
        contents: Bytes by hash.
        processes: Odd processes of the hosts that have any.
    """

    rules: tuple[Rule, ...]
    contents: Contents
    vendor_names: frozenset[str] = frozenset()
    processes: Processes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostVerdict:
    """One host, compared and judged. Every drift item has its severity, and findings are worst first."""

    drift: HostDrift
    findings: tuple[Finding, ...]


def judge_group(
    group: Group,
    drift: HostDrift,
    reference: Expectation | None,
    census: Census,
    bench: Bench,
    versions: Mapping[str, str],
) -> HostVerdict:
    """Judge the first host of a group; what only one host has to it (processes) is left to `judge_processes`.

    Args:
        group: Equal hosts.
        drift: Their comparison, under the name of the first.
        reference: What they were held against.
        census: Of the cohort.
        bench: Rules and the rest.
        versions: Of packages, as most of the cohort have them.
    """
    explainer = None
    if reference is not None and drift.items:
        explainer = Explainer.of(group, reference, versions, bench.contents)
    by_key: dict[SubjectKey, list[DriftItem]] = defaultdict(list)
    for item in drift.items:
        by_key[item.key].append(replace(item, explanations=explainer.explain_item(item)) if explainer else item)
    gone = {item.key: item.subject for item in drift.items if item.kind is DriftKind.REMOVED}
    everything = {**group.subjects, **gone}
    findings = []
    for key in sorted(everything):
        subject, items = everything[key], tuple(by_key.get(key, ()))
        case = _build_case(subject, items, group, reference, census, bench)
        finding = _judge_case(drift.host, case, drift, bench.rules)
        if finding is not None:
            findings.append(finding)
    return _conclude(drift, by_key, findings)


def judge_processes(
    verdict: HostVerdict, group: Group, reference: Expectation | None, census: Census, bench: Bench
) -> HostVerdict:
    """Judge again what a host has odd processes of."""
    odd = bench.processes.get(verdict.drift.host)
    if not odd:
        return verdict
    by_key: dict[SubjectKey, list[DriftItem]] = defaultdict(list)
    for item in verdict.drift.items:
        by_key[item.key].append(item)
    findings = {finding.key: finding for finding in verdict.findings}
    for key, subject in group.subjects.items():
        processes = tuple(p for name in subject.unit_names for p in odd.get(name, ()) if _is_in(p.scope, key.scope))
        if processes:
            case = _build_case(subject, tuple(by_key.get(key, ())), group, reference, census, bench)
            found = _judge_case(verdict.drift.host, replace(case, processes=processes), verdict.drift, bench.rules)
            if found is not None:
                findings[key] = found
    return _conclude(verdict.drift, by_key, findings.values())


def rename_verdict(verdict: HostVerdict, host: HostName) -> HostVerdict:
    """Give the same verdict for another host of the group; every sentence begins with the host's name."""
    before = verdict.drift.host
    if host == before:
        return verdict

    def rename(item: DriftItem) -> DriftItem:
        return replace(item, host=host, sentence=host + item.sentence.removeprefix(before))

    items = {id(item): rename(item) for item in verdict.drift.items}
    findings = tuple(
        replace(
            finding,
            id=finding_id(host, finding.key),
            host=host,
            sentence=host + finding.sentence.removeprefix(before),
            drift=tuple(items[id(item)] if id(item) in items else rename(item) for item in finding.drift),
        )
        for finding in verdict.findings
    )
    return HostVerdict(replace(verdict.drift, host=host, items=tuple(items.values())), findings)


def collect_vendor_names(subjects: Iterable[Subject]) -> frozenset[str]:
    """Give the names, without suffix, of units whose files packages own unchanged."""
    names: set[str] = set()
    for subject in subjects:
        if subject.unit_names and provenance_of(subject).name == "VERIFIED":
            names |= {name.rpartition(".")[0] for name in subject.unit_names}
    return frozenset(names)


def _is_in(manager: Scope, scope: Scope) -> bool:
    """Tell whether a process of a manager is one of a scope's units; what all users have runs in each one's manager."""
    return manager == scope or (scope == GLOBAL_USER and scope_user(manager) is not None)


def _is_accepted(subject: Subject, reference: Expectation) -> bool:
    """Tell whether a form is a normal one; that no difference is told proves nothing where something was not read."""
    norm = reference.norm(subject.key)
    return norm is not None and norm.accepts_meaning(subject.fingerprint.meaning)


def _build_case(
    subject: Subject,
    items: tuple[DriftItem, ...],
    group: Group,
    reference: Expectation | None,
    census: Census,
    bench: Bench,
) -> Case:
    others = reference.others if reference is not None else Vantage(census, group)
    alike = others.prevalence_of_meaning(subject)
    version = None
    if reference is not None and all(item.raw_only for item in items) and _is_accepted(subject, reference):
        version = reference.baseline
    setting: Setting = replace(group.setting, vendor_names=bench.vendor_names)
    return Case(
        subject=subject,
        setting=setting,
        contents=bench.contents,
        provenance=provenance_of(subject),
        prevalence=alike,
        seen=others.prevalence(subject.key),
        hosts=alike.count + 1,
        drift=items,
        baseline=version,
        compared=reference is not None,
    )


def _judge_case(host: HostName, case: Case, drift: HostDrift, rules: Sequence[Rule]) -> Finding | None:
    weighed = weigh_case(case, rules)
    if weighed is None:
        return None
    proofs = dict.fromkeys(proof for item in case.drift for proof in item.explanations)
    return Finding(
        id=finding_id(host, case.subject.key),
        host=host,
        cohort=drift.cohort,
        subject=case.subject,
        severity=weighed.severity,
        content=content_of(case.subject, case.drift, case.processes),
        hits=weighed.hits,
        prevalence=case.prevalence,
        drift=tuple(replace(item, severity=weighed.severity) for item in case.drift),
        steps=weighed.steps,
        techniques=weighed.techniques,
        provenance=case.provenance,
        explanations=tuple(proofs),
        sentence=say_finding(host, case.subject, weighed.hits, case.drift),
    )


def _conclude(
    drift: HostDrift, by_key: Mapping[SubjectKey, Sequence[DriftItem]], findings: Iterable[Finding]
) -> HostVerdict:
    judged = {finding.key: finding for finding in findings}
    items = [
        replace(item, severity=judged[key].severity if key in judged else Severity.INFO)
        for key, group in by_key.items()
        for item in group
    ]
    items.sort(key=lambda item: (-item.severity, item.key, item.kind.value))
    ranked = sorted(judged.values(), key=lambda finding: (-finding.severity, finding.key))
    return HostVerdict(replace(drift, items=tuple(items)), tuple(ranked))
