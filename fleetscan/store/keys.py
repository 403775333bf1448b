"""Host keys that an administrator accepted."""

from collections.abc import Iterable

from sqlalchemy import delete, select

from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.store.database import Database
from fleetscan.store.tables import KnownKeyRow


class KeyStore:
    """Accepted host keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_known_keys(self) -> tuple[KnownKey, ...]:
        """Give all accepted keys, by pattern, marker, algorithm and fingerprint."""
        query = select(
            KnownKeyRow.pattern,
            KnownKeyRow.marker,
            KnownKeyRow.algorithm,
            KnownKeyRow.blob,
            KnownKeyRow.fingerprint,
            KnownKeyRow.added_at,
            KnownKeyRow.added_by,
            KnownKeyRow.source,
        )
        with self._database.read() as connection:
            keys = [
                KnownKey(
                    pattern=pattern,
                    marker=KeyMarker(marker),
                    algorithm=algorithm,
                    blob=blob,
                    fingerprint=fingerprint,
                    added_at=added_at,
                    added_by=added_by,
                    source=source,
                )
                for pattern, marker, algorithm, blob, fingerprint, added_at, added_by, source in connection.execute(
                    query
                )
            ]
        return tuple(sorted(keys, key=lambda key: (key.pattern, key.marker, key.algorithm, key.fingerprint)))

    def save_known_keys(self, keys: Iterable[KnownKey]) -> None:
        """Accept keys; one that is accepted already keeps its first author and time.

        Other keys of the same host stay accepted: `forget_keys` takes them back.
        """
        rows = [
            {
                "pattern": key.pattern,
                "marker": key.marker.value,
                "algorithm": key.algorithm,
                "blob": key.blob,
                "fingerprint": key.fingerprint,
                "added_at": key.added_at,
                "added_by": key.added_by,
                "source": key.source,
            }
            for key in keys
        ]
        if rows:
            with self._database.write() as connection:
                connection.execute(self._database.insert_or_ignore(KnownKeyRow), rows)

    def forget_keys(self, pattern: str) -> int:
        """Take back all keys of exactly this pattern; give how many there were."""
        with self._database.write() as connection:
            gone = connection.execute(
                delete(KnownKeyRow).where(KnownKeyRow.pattern == pattern).returning(KnownKeyRow.id)
            )
            return len(gone.all())
