"""Read the periods in which hosts did not change: what was so when, and by which visits that is known."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import HostName
from fleetscan.model.sweep import Visit
from fleetscan.store.contents import chunked
from fleetscan.store.database import Database
from fleetscan.store.tables import HostManifestRow, HostRow, VisitRow
from fleetscan.store.visits import VISIT_QUERY, fetch_visits


@dataclass(frozen=True, slots=True)
class StatePeriod:
    """A time during which every visit of a host that gave a state gave the same one.

    Attributes:
        visit: The last of that time.
        number: Counts the host's periods from 1.
        first_seen_at: Start of its first visit.
        last_seen_at: Start of its last visit.
        is_current: Whether the host showed no other state since.
    """

    visit: Visit
    number: int
    first_seen_at: datetime
    last_seen_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class Look:
    """The visits of one period that could read the same.

    Attributes:
        visit: The last of them.
        first_at: Start of the first.
        last_at: Start of the last.
    """

    visit: Visit
    first_at: datetime
    last_at: datetime

    @property
    def coverage(self) -> Coverage:
        """What they could read."""
        return self.visit.coverage


class PeriodStore:
    """The periods of hosts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_periods(
        self, hosts: Collection[HostName] | None = None, *, since: datetime | None = None, current: bool = False
    ) -> tuple[StatePeriod, ...]:
        """Give periods, by host and time.

        Args:
            hosts: These only; None for all that were ever read.
            since: Only periods that ended then or later.
            current: Only the last one of each host.
        """
        last = (
            select(HostManifestRow.host_id, func.max(HostManifestRow.number).label("number"))
            .group_by(HostManifestRow.host_id)
            .subquery()
        )
        newest = last.c.host_id == HostManifestRow.host_id
        conditions: list[ColumnElement[bool]] = []
        if hosts is not None:
            conditions.append(self._database.is_one_of(HostRow.name, hosts))
        if since is not None:
            conditions.append(HostManifestRow.last_seen_at >= since)
        if current:
            conditions.append(HostManifestRow.number == last.c.number)
        period = and_(HostManifestRow.host_id == VisitRow.host_id, HostManifestRow.last_sweep == VisitRow.sweep_id)
        seen = VISIT_QUERY.join(HostManifestRow, period).join(last, newest).where(*conditions)
        dates = (
            select(
                HostRow.name,
                HostManifestRow.last_sweep,
                HostManifestRow.number,
                HostManifestRow.first_seen_at,
                HostManifestRow.last_seen_at,
                last.c.number,
            )
            .join(HostManifestRow, HostManifestRow.host_id == HostRow.id)
            .join(last, newest)
            .where(*conditions)
        )
        with self._database.read() as connection:
            visits = {(visit.host, visit.sweep): visit for visit in fetch_visits(connection, seen)}
            found = [
                StatePeriod(visits[host, sweep], number, first_seen_at, last_seen_at, number == highest)
                for host, sweep, number, first_seen_at, last_seen_at, highest in connection.execute(dates)
                if (host, sweep) in visits
            ]
        return tuple(sorted(found, key=lambda one: (one.visit.host, one.number)))

    def list_looks(self, hosts: Iterable[HostName]) -> Mapping[tuple[HostName, int], tuple[Look, ...]]:
        """Give by host and number of the period what its visits could read: the best first, of equals the newest."""
        found: dict[tuple[HostName, int], list[Look]] = {}
        for chunk in chunked(sorted(set(hosts))):
            within = and_(
                HostManifestRow.host_id == VisitRow.host_id,
                VisitRow.sweep_id >= HostManifestRow.first_sweep,
                VisitRow.sweep_id <= HostManifestRow.last_sweep,
            )
            spans = (
                select(
                    HostRow.name,
                    HostManifestRow.number,
                    func.max(VisitRow.sweep_id).label("sweep"),
                    func.min(VisitRow.started_at),
                    func.max(VisitRow.started_at),
                )
                .join(HostManifestRow, HostManifestRow.host_id == HostRow.id)
                .join(VisitRow, within)
                .where(HostRow.name.in_(chunk), VisitRow.manifest_id.is_not(None))
                .group_by(HostRow.name, HostManifestRow.number, VisitRow.coverage_id)
            )
            with self._database.read() as connection:
                rows = connection.execute(spans).all()
                sweeps = {sweep for _, _, sweep, _, _ in rows}
                query = VISIT_QUERY.where(HostRow.name.in_(chunk), VisitRow.sweep_id.in_(sweeps))
                visits = {(visit.host, visit.sweep): visit for visit in fetch_visits(connection, query)}
            for host, number, sweep, first_at, last_at in rows:
                found.setdefault((host, number), []).append(Look(visits[host, sweep], first_at, last_at))
        return {place: tuple(sorted(looks, key=_rank)) for place, looks in found.items()}


def _rank(look: Look) -> tuple[int, int, int]:
    return (len(look.coverage.decisive), len(look.coverage.gaps), -look.visit.sweep)
