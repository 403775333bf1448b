"""Commit the outcomes of visits. The hot path of the store: an unchanged host adds one row."""

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from fleetscan.model.ids import HostName, SweepId
from fleetscan.model.outcome import HostFailure, HostOutcome, outcome_of
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.store.contents import IdCache, Interning, blob_rows, chunked
from fleetscan.store.database import Database
from fleetscan.store.documents import (
    OUTCOMES,
    coverage_document,
    facts_document,
    failure_document,
    pack_runtime,
)
from fleetscan.store.identities import save_identities
from fleetscan.store.manifests import ArtifactDigests, save_manifests
from fleetscan.store.periods import save_periods
from fleetscan.store.tables import (
    BlobRow,
    CoverageRow,
    FactsRow,
    FailureRow,
    HostRow,
    HostRuntimeRow,
    VisitRow,
)

_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}


class OutcomeWriter:
    """Writes outcomes; several threads may call it, one at a time gets in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = IdCache()
        self._digests = ArtifactDigests()
        self._host_ids: dict[HostName, int] = {}
        self._lock = threading.Lock()

    def save_outcomes(self, sweep_id: SweepId, outcomes: Sequence[HostOutcome]) -> None:
        """Commit outcomes in one transaction: all of them or none.

        A host has one outcome in a sweep: the first that was committed. Saving again is harmless.

        Raises:
            StoreError: Nothing of this call is kept.
        """
        first: dict[HostName, HostOutcome] = {}
        for outcome in outcomes:
            first.setdefault(outcome.host, outcome)
        if not first:
            return
        with self._lock:
            with self._database.write() as connection:
                interning = Interning(self._database, connection, self._ids)
                host_ids = self._save_hosts(connection, first)
                visited = _visited(connection, sweep_id, host_ids.values())
                new = [(host_ids[host], result) for host, result in first.items() if host_ids[host] not in visited]
                snapshots = [(host_id, result) for host_id, result in new if isinstance(result, HostSnapshot)]
                failures = [(host_id, result) for host_id, result in new if isinstance(result, HostFailure)]
                self._save_snapshots(connection, interning, sweep_id, snapshots)
                _save_failures(connection, interning, sweep_id, failures)
            interning.commit_to_cache()
            self._host_ids.update(host_ids)

    def _save_hosts(self, connection: Connection, names: Iterable[HostName]) -> dict[HostName, int]:
        names = list(names)
        found = {name: self._host_ids[name] for name in names if name in self._host_ids}
        missing = [name for name in names if name not in found]
        found.update(_find_hosts(connection, missing))
        if new := sorted(name for name in missing if name not in found):
            connection.execute(self._database.insert_or_ignore(HostRow), [{"name": name} for name in new])
            found.update(_find_hosts(connection, new))
        if not self._database.is_sqlite:
            # Two writers of one host would both extend its period; SQLite has one writer anyway.
            for chunk in chunked(sorted(found.values())):
                connection.execute(
                    select(HostRow.id).where(HostRow.id.in_(chunk)).order_by(HostRow.id).with_for_update()
                )
        return found

    def _save_snapshots(
        self,
        connection: Connection,
        interning: Interning,
        sweep_id: SweepId,
        snapshots: Sequence[tuple[int, HostSnapshot]],
    ) -> None:
        if not snapshots:
            return
        if blobs := blob_rows(snapshot.contents for _, snapshot in snapshots):
            interning.intern(BlobRow, blobs)
        states = [self._digests.digest_state(snapshot.artifacts) for _, snapshot in snapshots]
        manifest_ids = save_manifests(connection, interning, states)
        facts = [facts_document(snapshot.facts) for _, snapshot in snapshots]
        facts_ids = interning.intern(FactsRow, {document.digest: document.row() for document in facts})
        coverages = [coverage_document(snapshot.coverage) for _, snapshot in snapshots]
        coverage_ids = interning.intern(CoverageRow, {document.digest: document.row() for document in coverages})
        identity_ids = save_identities(connection, sweep_id, snapshots)
        visits = [
            {
                **_visit_row(sweep_id, host_id, snapshot),
                "manifest_id": manifest_id,
                "facts_id": facts_ids[one_facts.digest],
                "identity_id": identity_ids[host_id],
                "coverage_id": coverage_ids[coverage.digest],
                "failure_id": None,
                "bytes_received": snapshot.runtime.bytes_received,
                "host_cpu_ms": _milliseconds(snapshot.runtime.host_cpu_s),
            }
            for (host_id, snapshot), manifest_id, one_facts, coverage in zip(
                snapshots, manifest_ids, facts, coverages, strict=True
            )
        ]
        connection.execute(insert(VisitRow), visits)
        seen = {
            host_id: (manifest_id, snapshot.taken_at)
            for (host_id, snapshot), manifest_id in zip(snapshots, manifest_ids, strict=True)
        }
        save_periods(connection, sweep_id, seen)
        _save_runtime(self._database, connection, sweep_id, snapshots)


def _find_hosts(connection: Connection, names: Iterable[HostName]) -> dict[HostName, int]:
    found: dict[HostName, int] = {}
    for chunk in chunked(names):
        rows = connection.execute(select(HostRow.name, HostRow.id).where(HostRow.name.in_(chunk)))
        found.update(dict(rows.all()))
    return found


def _visited(connection: Connection, sweep_id: SweepId, host_ids: Iterable[int]) -> set[int]:
    visited: set[int] = set()
    for chunk in chunked(host_ids):
        query = select(VisitRow.host_id).where(VisitRow.sweep_id == sweep_id, VisitRow.host_id.in_(chunk))
        visited.update(connection.execute(query).scalars())
    return visited


def _save_failures(
    connection: Connection, interning: Interning, sweep_id: SweepId, failures: Sequence[tuple[int, HostFailure]]
) -> None:
    if not failures:
        return
    documents = [failure_document(failure) for _, failure in failures]
    ids = interning.intern(FailureRow, {document.digest: document.row() for document in documents})
    visits = [
        {
            **_visit_row(sweep_id, host_id, failure),
            "manifest_id": None,
            "facts_id": None,
            "identity_id": None,
            "coverage_id": None,
            "failure_id": ids[document.digest],
            "bytes_received": 0,
            "host_cpu_ms": None,
        }
        for (host_id, failure), document in zip(failures, documents, strict=True)
    ]
    connection.execute(insert(VisitRow), visits)


def _save_runtime(
    database: Database, connection: Connection, sweep_id: SweepId, snapshots: Sequence[tuple[int, HostSnapshot]]
) -> None:
    upsert = database.insert_or_update(HostRuntimeRow, "host_id", ("sweep_id", "data"))
    rows = [
        {"host_id": host_id, "sweep_id": sweep_id, "data": pack_runtime(snapshot.runtime)}
        for host_id, snapshot in snapshots
    ]
    connection.execute(upsert, rows)


def _visit_row(sweep_id: SweepId, host_id: int, result: HostOutcome) -> dict[str, Any]:
    started_at = result.taken_at if isinstance(result, HostSnapshot) else result.started_at
    return {
        "sweep_id": sweep_id,
        "host_id": host_id,
        "outcome": _CODES[outcome_of(result)],
        "started_at": started_at,
        "duration_ms": _milliseconds(result.duration_s),
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
