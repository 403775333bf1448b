"""Which hosts should look alike, and with whom a host is compared when there are too few of its like."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from fleetscan.model.baseline import WIDENED, Cohort
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import HostFacts

DEFAULT_MIN_HOSTS = 5
"""Hosts that a cohort must have, so that its members are compared with no others."""

Ladder = tuple[Cohort, ...]
"""Cohorts of one host from the narrowest to the whole fleet, none twice."""


class Dimension(StrEnum):
    """What may tell hosts apart that need not look alike."""

    GROUP = "group"
    """The first declared group of the inventory."""
    OS_ID = "os_id"
    OS_VERSION_ID = "os_version_id"
    ZONE = "zone"
    OWNER = "owner"
    TAGS = "tags"
    """All tags of the host together."""


_OF_SYSTEM = (Dimension.OS_ID, Dimension.OS_VERSION_ID)


@dataclass(frozen=True, slots=True)
class CohortRule:
    """By what hosts are told apart, the most telling dimension first: the last one is dropped first.

    Raises:
        ValueError: A dimension is given twice, or the version does not come after the OS.
    """

    dimensions: tuple[Dimension, ...] = (Dimension.GROUP, Dimension.OS_ID, Dimension.OS_VERSION_ID)

    def __post_init__(self) -> None:
        if len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError("a dimension of cohorts is given twice")
        version, system = Dimension.OS_VERSION_ID, Dimension.OS_ID
        if version in self.dimensions and system not in self.dimensions[: self.dimensions.index(version)]:
            raise ValueError(f"cohorts need {system} before {version}: versions of different systems are not alike")


@dataclass(frozen=True, slots=True)
class Level:
    """The cohort in which a host is compared.

    Attributes:
        cohort: As narrow as there are hosts for it.
        reason: Why it is not the host's own, or that its own is small; empty when there is nothing to say.
    """

    cohort: Cohort
    reason: str = ""


def cohort_of(host: Host, facts: HostFacts, rule: CohortRule | None = None) -> Cohort:
    """Give the narrowest cohort of a host."""
    return ladder(host, facts, rule or CohortRule())[0]


def ladder(host: Host, facts: HostFacts, rule: CohortRule) -> Ladder:
    """Give the cohorts of a host from narrow to wide: by all dimensions, then without the last, and so on."""
    values = {dimension: _value(dimension, host, facts) for dimension in rule.dimensions}
    found = (_build_cohort(rule, values, kept=rule.dimensions[:count]) for count in range(len(rule.dimensions), -1, -1))
    return tuple(dict.fromkeys(found))


def choose_levels(ladders: Mapping[HostName, Ladder], min_hosts: int = DEFAULT_MIN_HOSTS) -> Mapping[HostName, Level]:
    """Choose for each host the narrowest cohort that has enough hosts.

    Where none has, it is the widest that has more hosts than the narrower ones; of equally large ones the narrowest.

    Args:
        ladders: Of all hosts that were read, and of no others: a failure is nobody to compare with.
        min_hosts: Hosts that are enough, the host itself included.
    """
    counts = Counter(cohort for rungs in ladders.values() for cohort in rungs)
    chosen: dict[Ladder, Level] = {}
    for rungs in ladders.values():
        if rungs not in chosen:
            chosen[rungs] = _choose_level(rungs, counts, min_hosts)
    return {host: chosen[rungs] for host, rungs in sorted(ladders.items())}


def hosts_of(cohort: Cohort, ladders: Mapping[HostName, Ladder]) -> tuple[HostName, ...]:
    """Give all hosts of a cohort, sorted; also those that are themselves compared in a narrower one."""
    return tuple(sorted(host for host, rungs in ladders.items() if cohort in rungs))


def _choose_level(rungs: Ladder, counts: Mapping[Cohort, int], min_hosts: int) -> Level:
    own = rungs[0]
    enough = next((cohort for cohort in rungs if counts[cohort] >= min_hosts), None)
    cohort = enough or max(rungs, key=lambda rung: counts[rung])  # of several the first, which is the narrowest
    if cohort != own:
        wider = f"compared with {cohort} ({_count(counts[cohort])})"
        return Level(cohort, f"{own} has only {_count(counts[own])}; {wider}")
    if enough is None:
        return Level(cohort, f"{own} has only {_count(counts[own])}, and no wider cohort has more")
    return Level(cohort)


def _build_cohort(rule: CohortRule, values: Mapping[Dimension, str], kept: Sequence[Dimension]) -> Cohort:
    def value(dimension: Dimension) -> str:
        return values[dimension] if dimension in kept else WIDENED

    return Cohort(
        role=_join_role(value(dimension) for dimension in rule.dimensions if dimension not in _OF_SYSTEM),
        os_id=value(Dimension.OS_ID),
        os_version_id=value(Dimension.OS_VERSION_ID),
    )


def _join_role(values: Iterable[str]) -> str:
    parts = list(values)
    return WIDENED if all(part == WIDENED for part in parts) else "+".join(parts)


def _value(dimension: Dimension, host: Host, facts: HostFacts) -> str:
    value = _read(dimension, host, facts)
    # No host may call itself what stands for all of them.
    return "" if value == WIDENED else value


def _read(dimension: Dimension, host: Host, facts: HostFacts) -> str:
    match dimension:
        case Dimension.GROUP:
            return host.role
        case Dimension.ZONE:
            return host.zone
        case Dimension.OWNER:
            return host.owner.name
        case Dimension.TAGS:
            return ",".join(sorted(host.tags)) or "untagged"
        case Dimension.OS_ID:
            return facts.os_id
        case Dimension.OS_VERSION_ID:
            return facts.os_version_id
        case _:
            assert_never(dimension)


def _count(hosts: int) -> str:
    return "1 host" if hosts == 1 else f"{hosts} hosts"
