"""Sweeps: begin, end, resume, list."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from fleetscan.errors import UsageError
from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.sweep import Selection, Sweep, SweepState
from fleetscan.store.codec import decode_value, encode_value
from fleetscan.store.database import Database
from fleetscan.store.tables import HostRow, SweepRow, VisitRow

_UNFINISHED = (SweepState.RUNNING, SweepState.INTERRUPTED)
_COLUMNS = (
    SweepRow.id,
    SweepRow.state,
    SweepRow.started_at,
    SweepRow.ended_at,
    SweepRow.author,
    SweepRow.hosts,
    SweepRow.selection,
    SweepRow.tool_version,
    SweepRow.probe_sha256,
)


class SweepStore:
    """The sweeps of a database. Those that write expect the caller to hold the sweep lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_sweep(
        self,
        selection: Selection,
        *,
        hosts: int,
        author: str,
        tool_version: str,
        probe_sha256: str,
        started_at: datetime,
    ) -> Sweep:
        """Open a new sweep; sweeps that a dead process left `running` become `interrupted`.

        Args:
            selection: Which hosts were asked for, so that an interrupted sweep can be resumed.
            hosts: How many hosts that is.
            author: Who asked.
            tool_version: Of this program.
            probe_sha256: Hash of the probe's text.
            started_at: Aware.
        """
        row = {
            "state": SweepState.RUNNING.value,
            "started_at": started_at,
            "ended_at": None,
            "author": author,
            "hosts": hosts,
            "selection": encode_value(selection, Selection).decode("ascii"),
            "tool_version": tool_version,
            "probe_sha256": probe_sha256,
        }
        with self._database.write() as connection:
            connection.execute(
                update(SweepRow)
                .where(SweepRow.state == SweepState.RUNNING.value)
                .values(state=SweepState.INTERRUPTED.value)
            )
            sweep_id = connection.execute(insert(SweepRow).returning(SweepRow.id), row).scalar_one()
            return _read(connection, sweep_id)

    def find_interrupted(self) -> Sweep | None:
        """Give the newest sweep when it did not reach its end, to be resumed.

        An unfinished sweep before the newest one is history: its hosts were visited later by another sweep.
        A sweep that still says `running` was killed, given that the caller holds the lease.
        """
        newest = self.list_sweeps(1)
        return newest[0] if newest and newest[0].state in _UNFINISHED else None

    def reopen_sweep(self, sweep_id: SweepId) -> Sweep:
        """Continue a sweep that did not reach its end.

        Raises:
            UsageError: It is complete, unknown, or not the newest (the order of sweeps is the order of visits).
        """
        with self._database.write() as connection:
            sweep = _read(connection, sweep_id)
            if sweep.state not in _UNFINISHED:
                raise UsageError(f"sweep {sweep_id} is {sweep.state.value} and cannot be resumed")
            if connection.execute(select(func.max(SweepRow.id))).scalar() != sweep_id:
                raise UsageError(f"sweep {sweep_id} was followed by another and cannot be resumed", hint="sweep anew")
            connection.execute(
                update(SweepRow).where(SweepRow.id == sweep_id).values(state=SweepState.RUNNING.value, ended_at=None)
            )
            return _read(connection, sweep_id)

    def end_sweep(self, sweep_id: SweepId, state: SweepState, ended_at: datetime) -> Sweep:
        """Close a sweep as `complete` or `interrupted`.

        Raises:
            UsageError: There is no such sweep.
        """
        if state is SweepState.RUNNING:
            raise ValueError("a sweep cannot end as running")
        with self._database.write() as connection:
            connection.execute(
                update(SweepRow).where(SweepRow.id == sweep_id).values(state=state.value, ended_at=ended_at)
            )
            return _read(connection, sweep_id)

    def visited_hosts(self, sweep_id: SweepId) -> frozenset[HostName]:
        """Give the hosts that have an outcome in a sweep, of whatever kind."""
        query = select(HostRow.name).join(VisitRow, VisitRow.host_id == HostRow.id).where(VisitRow.sweep_id == sweep_id)
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def read_sweep(self, sweep_id: SweepId) -> Sweep:
        """Give one sweep.

        Raises:
            UsageError: There is no such sweep.
        """
        with self._database.read() as connection:
            return _read(connection, sweep_id)

    def list_sweeps(self, limit: int) -> tuple[Sweep, ...]:
        """Give the newest sweeps, newest first, at most `limit`."""
        with self._database.read() as connection:
            return _fetch(connection, select(*_COLUMNS).order_by(SweepRow.id.desc()).limit(limit))

    def latest_sweep(self, states: Collection[SweepState] = tuple(SweepState)) -> Sweep | None:
        """Give the newest sweep in one of these states; None when there is none."""
        query = select(*_COLUMNS).where(SweepRow.state.in_([state.value for state in states]))
        with self._database.read() as connection:
            return next(iter(_fetch(connection, query.order_by(SweepRow.id.desc()).limit(1))), None)

    def previous_sweep(self, sweep_id: SweepId) -> Sweep | None:
        """Give the newest sweep before this one, whatever became of it; None for the first."""
        query = select(*_COLUMNS).where(SweepRow.id < sweep_id).order_by(SweepRow.id.desc()).limit(1)
        with self._database.read() as connection:
            return next(iter(_fetch(connection, query)), None)


def _read(connection: Connection, sweep_id: SweepId) -> Sweep:
    found = _fetch(connection, select(*_COLUMNS).where(SweepRow.id == sweep_id))
    if not found:
        raise UsageError(f"there is no sweep {sweep_id}", hint="fleetscan sweeps list")
    return found[0]


def _fetch(connection: Connection, query: Select[*tuple[Any, ...]]) -> tuple[Sweep, ...]:
    return tuple(
        Sweep(
            id=SweepId(row.id),
            state=SweepState(row.state),
            started_at=row.started_at,
            ended_at=row.ended_at,
            author=row.author,
            hosts=row.hosts,
            selection=decode_value(row.selection.encode("ascii"), Selection),
            tool_version=row.tool_version,
            probe_sha256=row.probe_sha256,
        )
        for row in connection.execute(query)
    )
