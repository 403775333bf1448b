"""Content-addressed rows: each value once, found again by its digest."""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import Sha256
from fleetscan.store.database import CHUNK, Database
from fleetscan.store.packing import pack_content, unpack_content
from fleetscan.store.tables import (
    ArtifactRow,
    BlobRow,
    CoverageRow,
    FactsRow,
    FailureRow,
    LayerRow,
    ManifestRow,
)

ContentTable = (
    type[ArtifactRow]
    | type[CoverageRow]
    | type[FactsRow]
    | type[FailureRow]
    | type[LayerRow]
    | type[ManifestRow]
    | type[BlobRow]
)
T = TypeVar("T")

_CACHE_LIMIT = 100_000


class IdCache:
    """Ids of committed content rows by digest, bounded; forgetting costs a query, never correctness."""

    def __init__(self) -> None:
        self._ids: dict[ContentTable, dict[Sha256, int]] = {}
        self._lock = threading.Lock()

    def find(self, table: ContentTable, digests: Iterable[Sha256]) -> dict[Sha256, int]:
        """Give the ids that are known."""
        known = self._ids.get(table, {})
        return {digest: known[digest] for digest in digests if digest in known}

    def learn(self, table: ContentTable, ids: Mapping[Sha256, int]) -> None:
        """Remember ids of rows that are committed."""
        with self._lock:
            known = self._ids.setdefault(table, {})
            if len(known) + len(ids) > _CACHE_LIMIT:
                known = self._ids[table] = {}
            known.update(ids)


class Interning:
    """Content rows of one transaction. Ids reach the cache by `commit_to_cache`, after the commit and never before."""

    def __init__(self, database: Database, connection: Connection, cache: IdCache) -> None:
        self._database = database
        self._connection = connection
        self._cache = cache
        self._found: dict[ContentTable, dict[Sha256, int]] = {}

    def find(self, table: ContentTable, digests: Collection[Sha256]) -> dict[Sha256, int]:
        """Give the ids of those rows that exist."""
        found = self._found.setdefault(table, {})
        known = {digest: found[digest] for digest in digests if digest in found}
        known.update(self._cache.find(table, digests))
        for chunk in chunked(set(digests) - known.keys()):
            rows = self._connection.execute(select(table.digest, table.id).where(table.digest.in_(chunk)))
            known.update(dict(rows.all()))
        found.update(known)
        return known

    def add(self, table: ContentTable, rows: Mapping[Sha256, Mapping[str, Any]]) -> dict[Sha256, int]:
        """Insert rows that may exist.

        Args:
            table: Any content table.
            rows: The columns besides id and digest, by digest.

        Returns:
            The ids of those that this call inserted; for the others somebody else did. `find` gives them all.
        """
        if not rows:
            return {}
        # Sorted: two writers that insert the same rows in the same order wait for each other, but never in a circle.
        values = [{"digest": digest, **rows[digest]} for digest in sorted(rows)]
        insert = self._database.insert_or_ignore(table).returning(table.digest, table.id)
        inserted = dict(self._connection.execute(insert, values).all())
        self._found.setdefault(table, {}).update(inserted)
        return inserted

    def intern(self, table: ContentTable, rows: Mapping[Sha256, Mapping[str, Any]]) -> dict[Sha256, int]:
        """Give the ids of rows, inserting those that are missing."""
        known = self.find(table, rows.keys())
        self.add(table, {digest: rows[digest] for digest in rows.keys() - known.keys()})
        return self.find(table, rows.keys())

    def commit_to_cache(self) -> None:
        """Share the ids of this transaction. Call it when the transaction is committed."""
        for table, ids in self._found.items():
            self._cache.learn(table, ids)


class ContentStore:
    """Bytes of files, once for the whole fleet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def missing_contents(self, hashes: Iterable[Sha256]) -> frozenset[Sha256]:
        """Tell which of these hashes the store has no bytes for."""
        wanted = frozenset(hashes)
        have: set[Sha256] = set()
        with self._database.read() as connection:
            for chunk in chunked(wanted):
                have.update(connection.execute(select(BlobRow.digest).where(BlobRow.digest.in_(chunk))).scalars())
        return wanted - have

    def read_content(self, sha256: Sha256) -> bytes | None:
        """Give the bytes with this hash; None when they were never fetched."""
        return self.read_contents((sha256,)).get(sha256)

    def read_contents(self, hashes: Iterable[Sha256]) -> dict[Sha256, bytes]:
        """Give the bytes of many hashes; those never fetched are left out."""
        contents: dict[Sha256, bytes] = {}
        with self._database.read() as connection:
            for chunk in chunked(set(hashes)):
                query = select(BlobRow.digest, BlobRow.encoding, BlobRow.data).where(BlobRow.digest.in_(chunk))
                for digest, encoding, data in connection.execute(query):
                    contents[digest] = unpack_content(encoding, data)
        return contents


def blob_rows(contents: Iterable[Mapping[Sha256, bytes]]) -> dict[Sha256, dict[str, Any]]:
    """Build the rows of fetched bytes.

    Bytes that do not have the hash they came under are left out: a host that lies about one file must not decide what
    the whole fleet's file looks like. The hash then stays missing and is asked for again, on this host or another.
    """
    rows: dict[Sha256, dict[str, Any]] = {}
    for mapping in contents:
        for digest, data in mapping.items():
            if digest not in rows and digest_bytes(data) == digest:
                encoding, packed = pack_content(data)
                rows[digest] = {"size": len(data), "encoding": int(encoding), "data": packed}
    return rows


def chunked(values: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Cut values into lists that fit one statement."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
