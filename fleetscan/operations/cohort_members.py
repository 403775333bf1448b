"""Which hosts are compared with which: by the cohorts of the inventory, and wider ones where there are too few."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleetscan.analyse.census import Member
from fleetscan.analyse.cohorts import CohortRule, Ladder, choose_levels, ladder
from fleetscan.analyse.compare import Assembly
from fleetscan.model.baseline import Baseline, Cohort
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import RuntimeState
from fleetscan.model.sweep import Visit
from fleetscan.operations.host_states import StateReader


@dataclass(frozen=True, slots=True)
class Placed:
    """A host that gave state, with its cohorts from narrow to wide."""

    member: Member
    ladder: Ladder


def list_members(
    visits: Iterable[Visit],
    hosts: Mapping[HostName, Host],
    reader: StateReader,
    rule: CohortRule,
    runtimes: Mapping[HostName, RuntimeState] | None = None,
    before: Mapping[HostName, Visit] | None = None,
) -> tuple[Placed, ...]:
    """Give the hosts that gave state. Those that left the inventory have no role and are left out."""
    found = []
    for visit in visits:
        host = hosts.get(visit.host)
        if host is None or visit.facts is None:
            continue
        member = reader.member(visit, (runtimes or {}).get(visit.host), (before or {}).get(visit.host))
        if member is not None:
            found.append(Placed(member, ladder(host, visit.facts, rule)))
    return tuple(found)


def assemble_cohorts(
    members: Sequence[Placed], current_baseline: Callable[[Cohort], Baseline | None], min_hosts: int
) -> Iterator[tuple[Assembly, Baseline | None]]:
    """Give who is compared with whom, and with which baseline; each host is in one of them.

    A host is held against the baseline of the narrowest of its cohorts that has one. Without any it is compared with
    its peers, in a wider cohort when its own has too few hosts.

    Args:
        members: All hosts that gave state.
        current_baseline: Gives the approved baseline of a cohort.
        min_hosts: Hosts that are enough to be compared with one another.
    """
    baselines = {cohort: current_baseline(cohort) for cohort in {c for placed in members for c in placed.ladder}}
    own = {placed.member.host: placed.ladder[0] for placed in members}
    chosen: defaultdict[tuple[Cohort, bool], dict[HostName, str]] = defaultdict(dict)
    for placed in members:
        cohort = next((cohort for cohort in placed.ladder if baselines[cohort] is not None), None)
        if cohort is not None:
            narrow = placed.ladder[0]
            remark = "" if cohort == narrow else f"{narrow} has no baseline; held against that of {cohort}"
            chosen[cohort, True][placed.member.host] = remark
    compared = {host for hosts in chosen.values() for host in hosts}
    levels = choose_levels({placed.member.host: placed.ladder for placed in members}, min_hosts)
    for placed in members:
        host = placed.member.host
        if host not in compared:
            chosen[levels[host].cohort, False][host] = levels[host].reason
    for (cohort, has_baseline), remarks in sorted(chosen.items(), key=lambda pair: pair[0]):
        alike = [placed.member for placed in members if cohort in placed.ladder]
        hosts = {host: own[host] for host in remarks}
        yield Assembly(cohort, alike, hosts, remarks), baselines[cohort] if has_baseline else None
