"""All hosts of one cohort against one reference; the work is done once for hosts that are the same."""

from collections.abc import Iterator, Sequence

from fleetscan.analyse.census import Census, Group, Member
from fleetscan.analyse.drift import diff_host
from fleetscan.analyse.expectation import Expectation, build_norms, expect_baseline
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.installed import find_common_versions
from fleetscan.analyse.judge import Bench, HostVerdict, judge_group, judge_processes, rename_verdict
from fleetscan.analyse.peers import PeerOptions, Peers
from fleetscan.model.baseline import Baseline, Cohort
from fleetscan.model.drift import HostDrift


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
    cohort: Cohort,
    members: Sequence[Member],
    baseline: Baseline | None,
    bench: Bench,
    options: PeerOptions | None = None,
) -> tuple[HostVerdict, ...]:
    """Compare every member as `diff_cohort` does, and let rules judge what it has and what differs.

    Returns:
        One verdict per member, sorted by host.
    """
    census = Census.of(members)
    versions = find_common_versions((group.setting, len(group.hosts)) for group in census.groups)
    verdicts: list[HostVerdict] = []
    for group, reference in _find_references(census, baseline, options):
        drift = _compare_group(cohort, group, reference, bench.contents)
        common = judge_group(group, drift, reference, census, bench, versions)
        renamed = (rename_verdict(common, host) for host in group.hosts)
        verdicts.extend(judge_processes(verdict, group, reference, census, bench) for verdict in renamed)
    return tuple(sorted(verdicts, key=lambda verdict: verdict.drift.host))


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
