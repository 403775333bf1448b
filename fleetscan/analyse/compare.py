"""All hosts of one cohort against one reference; the work is done once for hosts that are the same."""

from collections.abc import Sequence
from dataclasses import replace

from fleetscan.analyse.census import Census, Group, Member
from fleetscan.analyse.drift import diff_host
from fleetscan.analyse.expectation import Expectation, build_norms, expect_baseline
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.peers import PeerOptions, Peers
from fleetscan.model.baseline import Baseline, Cohort
from fleetscan.model.drift import HostDrift
from fleetscan.model.ids import HostName


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
    norms = build_norms(baseline) if baseline is not None else {}
    peers = Peers(census, options)
    drifts: list[HostDrift] = []
    for group in census.groups:
        first = group.hosts[0]
        if baseline is not None:
            reference: Expectation | None = expect_baseline(baseline, norms, census, group)
        else:
            reference = peers.expect_for(first)
        drift = _compare_group(cohort, group, reference, contents)
        drifts.extend(_rename(drift, host) for host in group.hosts)
    return tuple(sorted(drifts, key=lambda drift: drift.host))


def _compare_group(cohort: Cohort, group: Group, reference: Expectation | None, contents: Contents) -> HostDrift:
    first = group.hosts[0]
    if reference is None:
        why = f"too few other hosts of {cohort} were read to compare with"
        return HostDrift(host=first, cohort=cohort, reference="", items=(), not_compared=(why,))
    return diff_host(first, cohort, group.subjects.values(), group.coverage, reference, contents)


def _rename(drift: HostDrift, host: HostName) -> HostDrift:
    """Give the same comparison for another host of the group; every sentence begins with the host's name."""
    if host == drift.host:
        return drift
    items = tuple(
        replace(item, host=host, sentence=host + item.sentence.removeprefix(drift.host)) for item in drift.items
    )
    return replace(drift, host=host, items=items)
