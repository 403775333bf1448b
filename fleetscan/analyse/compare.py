"""All hosts of one cohort against one reference; the work is done once for hosts that are the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from fleetscan.analyse.census import Census, Group, Member
from fleetscan.analyse.drift import diff_host
from fleetscan.analyse.expectation import Expectation, build_norms, expect_baseline, widen_expectation
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.installed import find_common_versions
from fleetscan.analyse.judge import Bench, HostVerdict, judge_group, judge_processes, rename_verdict
from fleetscan.analyse.peers import PeerOptions, Peers
from fleetscan.model.baseline import Baseline, Cohort
from fleetscan.model.drift import HostDrift
from fleetscan.model.ids import HostName


@dataclass(frozen=True, slots=True)
class Assembly:
    """Hosts that are compared with one another.

    Attributes:
        cohort: In which they are compared; perhaps a wider one than their own.
        members: Every host of that cohort that gave state, partial ones included.
        hosts: Those of them that are to be judged here, each with its own cohort.
        remarks: Why a host is compared in a wider cohort than its own.
    """

    cohort: Cohort
    members: Sequence[Member]
    hosts: Mapping[HostName, Cohort]
    remarks: Mapping[HostName, str] = field(default_factory=dict)

    def members_of(self, cohort: Cohort) -> Sequence[Member]:
        """Give the hosts to be judged whose own cohort is this one."""
        return [member for member in self.members if self.hosts.get(member.host) == cohort]


def diff_cohort(
    cohort: Cohort,
    members: Sequence[Member],
    baseline: Baseline | None,
    contents: Contents,
    options: PeerOptions | None = None,
) -> tuple[HostDrift, ...]:
    """Compare every member with the baseline, or with the other members while there is none.

    Args:
        cohort: The cohort of all members.
        members: Every host of the cohort that gave state, partial ones included; their gaps are minded.
        baseline: The approved baseline of this cohort, None before there is one.
        contents: Bytes of unit files.
        options: Of the comparison with peers.

    Returns:
        One comparison per member, sorted by host.
    """
    census = Census.of(members)
    drifts: list[HostDrift] = []
    for group, reference in _find_references(census, baseline, options):
        drift = _compare_group(cohort, group, reference, contents)
        drifts.extend(rename_verdict(HostVerdict(drift, ()), host).drift for host in group.hosts)
    return tuple(sorted(drifts, key=lambda drift: drift.host))


def judge_cohort(
    assembly: Assembly, baseline: Baseline | None, bench: Bench, options: PeerOptions | None = None
) -> tuple[HostVerdict, ...]:
    """Compare hosts as `diff_cohort` does, and let rules judge what they have and what differs.

    Returns:
        One verdict for each host of the assembly, sorted by host.
    """
    census = Census.of(assembly.members)
    versions = find_common_versions((group.setting, len(group.hosts)) for group in census.groups)

    @cache
    def narrow_peers(cohort: Cohort) -> Peers:
        return Peers(Census.of(assembly.members_of(cohort)), options)

    verdicts: list[HostVerdict] = []
    for group, reference in _find_references(census, baseline, options):
        for own, hosts in _split(group, assembly.hosts).items():
            joined = reference
            # What people approved for a wider cohort stands by itself.
            if reference is not None and baseline is None and own != assembly.cohort:
                joined = widen_expectation(narrow_peers(own).expect_for(hosts[0]), reference)
            same = replace(group, hosts=hosts)
            drift = _compare_group(assembly.cohort, same, joined, bench.contents)
            drift = replace(drift, remark=assembly.remarks.get(hosts[0], ""))
            common = judge_group(same, drift, joined, census, bench, versions)
            renamed = (rename_verdict(common, host) for host in hosts)
            verdicts.extend(judge_processes(verdict, same, joined, census, bench) for verdict in renamed)
    return tuple(sorted(verdicts, key=lambda verdict: verdict.drift.host))


def _split(group: Group, hosts: Mapping[HostName, Cohort]) -> Mapping[Cohort, list[HostName]]:
    """Sort the hosts of a group that are to be judged by their own cohorts."""
    found: dict[Cohort, list[HostName]] = {}
    for host in group.hosts:
        if host in hosts:
            found.setdefault(hosts[host], []).append(host)
    return found


def _find_references(
    census: Census, baseline: Baseline | None, options: PeerOptions | None
) -> Iterator[tuple[Group, Expectation | None]]:
    """Give each group of equal hosts with what it is held against."""
    norms = build_norms(baseline) if baseline is not None else {}
    peers = Peers(census, options)
    for group in census.groups:
        if baseline is not None:
            yield group, expect_baseline(baseline, norms, census, group)
        else:
            yield group, peers.expect_for(group.hosts[0])


def _compare_group(cohort: Cohort, group: Group, reference: Expectation | None, contents: Contents) -> HostDrift:
    first = group.hosts[0]
    if reference is None:
        why = f"too few other hosts of {cohort} were read to compare with"
        return HostDrift(host=first, cohort=cohort, reference="", items=(), not_compared=(why,))
    return diff_host(first, cohort, group.subjects.values(), group.coverage, reference, contents)
