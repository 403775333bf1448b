"""Read what visits gave."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, func, select

from fleetscan.model.coverage import Coverage
from fleetscan.model.identity import IdentityHistory
from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.snapshot import Artifact, RuntimeState
from fleetscan.model.sweep import Visit
from fleetscan.store.contents import chunked
from fleetscan.store.database import Database
from fleetscan.store.documents import OUTCOMES, FailureText, read_coverage, read_facts, read_failure, unpack_runtime
from fleetscan.store.identities import HostIdentity, read_identities, read_identity_histories
from fleetscan.store.manifests import read_manifest
from fleetscan.store.tables import (
    CoverageRow,
    FactsRow,
    FailureRow,
    HostIdentityRow,
    HostManifestRow,
    HostRow,
    HostRuntimeRow,
    VisitRow,
)

T = TypeVar("T")


VISIT_QUERY = (
    select(
        HostRow.name,
        HostIdentityRow.machine_id,
        HostIdentityRow.hostname,
        VisitRow.sweep_id,
        VisitRow.outcome,
        VisitRow.manifest_id,
        VisitRow.facts_id,
        VisitRow.coverage_id,
        VisitRow.failure_id,
        VisitRow.started_at,
        VisitRow.duration_ms,
        VisitRow.bytes_received,
        VisitRow.host_cpu_ms,
    )
    .join(HostRow, HostRow.id == VisitRow.host_id)
    .outerjoin(HostIdentityRow, HostIdentityRow.id == VisitRow.identity_id)
)
"""All visits; to be narrowed and given to `fetch_visits`."""


class VisitStore:
    """Visits, and the states and identities that they saw."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_visits(self, sweep_id: SweepId) -> tuple[Visit, ...]:
        """Give all visits of a sweep, by host name."""
        with self._database.read() as connection:
            return fetch_visits(connection, VISIT_QUERY.where(VisitRow.sweep_id == sweep_id))

    def list_hosts(self) -> tuple[HostName, ...]:
        """Give the names of all hosts that were ever visited, sorted."""
        with self._database.read() as connection:
            return tuple(connection.execute(select(HostRow.name).order_by(HostRow.name)).scalars())

    def latest_visit(self, host: HostName) -> Visit | None:
        """Give the last visit of a host, failed or not; None when it was never visited."""
        query = VISIT_QUERY.where(HostRow.name == host).order_by(VisitRow.sweep_id.desc()).limit(1)
        with self._database.read() as connection:
            return next(iter(fetch_visits(connection, query)), None)

    def latest_state(self, host: HostName) -> Visit | None:
        """Give the last visit of a host that gave a state; None when there is none."""
        query = VISIT_QUERY.where(HostRow.name == host, VisitRow.manifest_id.is_not(None))
        with self._database.read() as connection:
            return next(iter(fetch_visits(connection, query.order_by(VisitRow.sweep_id.desc()).limit(1))), None)

    def state_at(self, host: HostName, sweep_id: SweepId) -> Visit | None:
        """Give the last visit of a host that gave a state, up to a sweep and with it; None when there is none."""
        query = VISIT_QUERY.where(
            HostRow.name == host, VisitRow.manifest_id.is_not(None), VisitRow.sweep_id <= sweep_id
        )
        with self._database.read() as connection:
            return next(iter(fetch_visits(connection, query.order_by(VisitRow.sweep_id.desc()).limit(1))), None)

    def states_before(self, sweep_id: SweepId) -> tuple[Visit, ...]:
        """Give each host's last visit with a state before a sweep, by host name; hosts without one are left out."""
        last = (
            select(VisitRow.host_id, func.max(VisitRow.sweep_id).label("sweep_id"))
            .where(VisitRow.sweep_id < sweep_id, VisitRow.manifest_id.is_not(None))
            .group_by(VisitRow.host_id)
            .subquery()
        )
        query = VISIT_QUERY.join(last, (last.c.host_id == VisitRow.host_id) & (last.c.sweep_id == VisitRow.sweep_id))
        with self._database.read() as connection:
            return fetch_visits(connection, query)

    def runtimes(self, hosts: Collection[HostName]) -> Iterator[tuple[HostName, RuntimeState]]:
        """Give the volatile states of hosts as their last visits that gave a state left them, by name."""
        for chunk in chunked(sorted(hosts)):
            query = (
                select(HostRow.name, HostRuntimeRow.data)
                .join(HostRuntimeRow, HostRuntimeRow.host_id == HostRow.id)
                .where(HostRow.name.in_(chunk))
            )
            with self._database.read() as connection:
                rows = dict(connection.execute(query).all())
            for name in chunk:
                if name in rows:
                    yield name, unpack_runtime(rows[name])

    def read_artifacts(self, manifest_id: int) -> tuple[Artifact, ...]:
        """Give the artifacts of a state, sorted by key; empty when there is no such manifest."""
        with self._database.read() as connection:
            return read_manifest(connection, manifest_id)

    def read_runtime(self, host: HostName) -> RuntimeState | None:
        """Give the volatile state of the last visit that gave a state; None when there is none."""
        query = (
            select(HostRuntimeRow.data).join(HostRow, HostRow.id == HostRuntimeRow.host_id).where(HostRow.name == host)
        )
        with self._database.read() as connection:
            data = connection.execute(query).scalar()
        return None if data is None else unpack_runtime(data)

    def runtimes_of(self, sweep_id: SweepId) -> Iterator[tuple[HostName, RuntimeState]]:
        """Give the volatile states of the hosts whose last visit that gave a state is of one sweep, by name."""
        query = (
            select(HostRow.name, HostRuntimeRow.data)
            .join(HostRuntimeRow, HostRuntimeRow.host_id == HostRow.id)
            .where(HostRuntimeRow.sweep_id == sweep_id)
            .order_by(HostRow.name)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        for name, data in rows:
            yield name, unpack_runtime(data)

    def read_identities(self, host: HostName) -> tuple[HostIdentity, ...]:
        """Give all identities a host showed, the one seen last at the end."""
        return read_identities(self._database, host)

    def identity_histories(self, sweep_id: SweepId) -> tuple[IdentityHistory, ...]:
        """Give the identities of all hosts that were read in a sweep or before it, by host name."""
        return read_identity_histories(self._database, sweep_id)

    def last_read_at(self, hosts: Iterable[HostName]) -> Mapping[HostName, datetime]:
        """Tell when hosts last gave a state (the start of that visit); hosts that never did are left out."""
        found: dict[HostName, datetime] = {}
        with self._database.read() as connection:
            for chunk in chunked(hosts):
                query = (
                    select(HostRow.name, func.max(HostManifestRow.last_seen_at))
                    .join(HostManifestRow, HostManifestRow.host_id == HostRow.id)
                    .where(HostRow.name.in_(chunk))
                    .group_by(HostRow.name)
                )
                found.update(dict(connection.execute(query).all()))
        return found


def fetch_visits(connection: Connection, query: Select[*tuple[Any, ...]]) -> tuple[Visit, ...]:
    """Give the visits of a query that is `VISIT_QUERY` narrowed, by host name."""
    rows = connection.execute(query).all()
    facts = _documents(connection, FactsRow, (row.facts_id for row in rows), read_facts)
    coverages = _documents(connection, CoverageRow, (row.coverage_id for row in rows), read_coverage)
    failures = _documents(connection, FailureRow, (row.failure_id for row in rows), read_failure)
    no_failure = FailureText()
    visits = [
        Visit(
            sweep=SweepId(row.sweep_id),
            host=HostName(row.name),
            outcome=OUTCOMES[row.outcome],
            started_at=row.started_at,
            duration_s=row.duration_ms / 1000,
            manifest=row.manifest_id,
            facts=replace(facts[row.facts_id], machine_id=row.machine_id, hostname=row.hostname)
            if row.facts_id is not None
            else None,
            coverage=coverages.get(row.coverage_id, Coverage()),
            reason=failures.get(row.failure_id, no_failure).reason,
            evidence=failures.get(row.failure_id, no_failure).evidence,
            hint=failures.get(row.failure_id, no_failure).hint,
            bytes_received=row.bytes_received,
            host_cpu_s=None if row.host_cpu_ms is None else row.host_cpu_ms / 1000,
        )
        for row in rows
    ]
    return tuple(sorted(visits, key=lambda visit: visit.host))


def _documents(
    connection: Connection,
    table: type[FactsRow] | type[CoverageRow] | type[FailureRow],
    ids: Iterable[int | None],
    read: Callable[[bytes], T],
) -> dict[int | None, T]:
    """Decode each document once, however many visits share it."""
    documents: dict[int | None, T] = {}
    for chunk in chunked({one for one in ids if one is not None}):
        for document_id, data in connection.execute(select(table.id, table.data).where(table.id.in_(chunk))):
            documents[document_id] = read(data)
    return documents
