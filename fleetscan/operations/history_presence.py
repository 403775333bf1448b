"""When hosts had a file or unit, from their periods; what was not read is never taken for absent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName
from fleetscan.store.holdings import Holding
from fleetscan.store.sightings import AREAS
from fleetscan.store.state_periods import Look, StatePeriod
from fleetscan.store.store import Store

Holdings = Mapping[int, frozenset[Holding]]
"""By what states have what was asked for; by manifest, those that have it not are left out."""


@dataclass(slots=True, kw_only=True)
class Stretch:
    """A time during which a host had it without a break that was proven.

    Attributes:
        first_seen_at: The first visit that saw it.
        last_absent_at: The last visit before that could have seen it and did not; None when no visit ever did.
        last_seen_at: The last visit that saw it.
        gone_at: The first visit after that could have seen it and did not; None while there is none.
    """

    first_seen_at: datetime
    last_absent_at: datetime | None
    last_seen_at: datetime
    gone_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Presence:
    """One host that had it at some time.

    Attributes:
        stretches: At least one, in order of time.
        names: Under which names, sorted.
        is_current: Whether the newest state of the host has it.
    """

    host: HostName
    stretches: list[Stretch]
    names: tuple[str, ...]
    is_current: bool


@dataclass(slots=True)
class _Trail:
    stretches: list[Stretch] = field(default_factory=list)
    absent_at: datetime | None = None
    is_there: bool = False


def group_periods(periods: Iterable[StatePeriod]) -> Iterator[tuple[HostName, tuple[StatePeriod, ...]]]:
    """Give the periods of each host; they must come by host."""
    for host, found in groupby(periods, lambda period: period.visit.host):
        yield host, tuple(found)


def find_periods(store: Store, holdings: Holdings) -> tuple[StatePeriod, ...]:
    """Give all periods of the hosts that ever had it, by host and time."""
    return tuple(
        period
        for _, mine in group_periods(store.periods.list_periods())
        if any(period.visit.manifest in holdings for period in mine)
        for period in mine
    )


def trace_presences(store: Store, holdings: Holdings) -> tuple[Presence, ...]:
    """Tell when each host had it, by host; hosts that never did are left out."""
    periods = find_periods(store, holdings)
    looks = store.periods.list_looks(period.visit.host for period in periods)
    return tuple(_trace(host, mine, holdings, looks) for host, mine in group_periods(periods))


def _trace(
    host: HostName,
    periods: tuple[StatePeriod, ...],
    holdings: Holdings,
    looks: Mapping[tuple[HostName, int], tuple[Look, ...]],
) -> Presence:
    held = [holdings.get(period.visit.manifest or 0, frozenset()) for period in periods]
    places = frozenset[Holding]().union(*held)
    trail = _Trail()
    for period, found in zip(periods, held, strict=True):
        if found:
            _extend(trail, period)
        elif proofs := [look for look in looks[host, period.number] if not _is_hidden(places, look.coverage)]:
            if trail.is_there:
                trail.stretches[-1].gone_at = min(look.first_at for look in proofs)
            trail.is_there, trail.absent_at = False, max(look.last_at for look in proofs)
    return Presence(
        host=host,
        stretches=trail.stretches,
        names=tuple(sorted({place.name for place in places})),
        is_current=bool(held[-1]),
    )


def _extend(trail: _Trail, period: StatePeriod) -> None:
    if trail.is_there:
        trail.stretches[-1].last_seen_at = period.last_seen_at
        return
    trail.is_there = True
    trail.stretches.append(
        Stretch(first_seen_at=period.first_seen_at, last_absent_at=trail.absent_at, last_seen_at=period.last_seen_at)
    )


def _is_hidden(holdings: Iterable[Holding], coverage: Coverage) -> bool:
    """Tell whether a gap could hide any of the places."""
    if not coverage.gaps:
        return False
    for holding in holdings:
        path = holding.name if holding.name.startswith("/") else None
        if any(coverage.hides(area, holding.scope, path) for area in AREAS[holding.kind]):
            return True
    return False
