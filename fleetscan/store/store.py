"""The store as the rest of the program sees it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from fleetscan.model.ids import Clock, SweepId
from fleetscan.model.outcome import HostOutcome
from fleetscan.store.baselines import BaselineStore
from fleetscan.store.contents import ContentStore
from fleetscan.store.database import Database
from fleetscan.store.deliveries import DeliveryStore
from fleetscan.store.exceptions import ExceptionStore
from fleetscan.store.findings import FindingStore
from fleetscan.store.keys import KeyStore
from fleetscan.store.lease import hold_sweep_lease
from fleetscan.store.location import parse_location
from fleetscan.store.mails import MailStore
from fleetscan.store.outcomes import OutcomeWriter
from fleetscan.store.revision import SCHEMA_REVISION, read_revision
from fleetscan.store.sightings import SightingStore
from fleetscan.store.state_periods import PeriodStore
from fleetscan.store.sweeps import SweepStore
from fleetscan.store.visits import VisitStore


class Store:
    """An open database. Close it, or use it as a context manager.

    Attributes:
        sweeps: Begin, end, resume and list sweeps.
        visits: What visits gave: states, identities, runtime.
        periods: In which state hosts were when.
        contents: Bytes of files by hash.
        sightings: Since when a host has a thing.
        keys: Accepted host keys.
        baselines: Proposals and approved baselines.
        findings: Findings across sweeps, and what people said of them.
        exceptions: Accepted findings.
        mails: The outbox of mail.
        deliveries: The outbox to other systems.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._outcomes = OutcomeWriter(database)
        self.sweeps = SweepStore(database)
        self.visits = VisitStore(database)
        self.periods = PeriodStore(database)
        self.contents = ContentStore(database)
        self.sightings = SightingStore(database)
        self.keys = KeyStore(database)
        self.baselines = BaselineStore(database)
        self.findings = FindingStore(database)
        self.exceptions = ExceptionStore(database)
        self.mails = MailStore(database, clock)
        self.deliveries = DeliveryStore(database)

    def __enter__(self) -> Self:
        """Give the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def sweep_lease(self) -> AbstractContextManager[None]:
        """Hold the right to sweep this database; it ends with the context or with the process.

        Raises:
            StoreBusyError: Another process sweeps; the message says which, when that is known.
        """
        return hold_sweep_lease(self._database, self._clock)

    def save_outcomes(self, sweep_id: SweepId, outcomes: Sequence[HostOutcome]) -> None:
        """Commit outcomes in one transaction: all of them or none; the first outcome of a host in a sweep stays.

        Raises:
            StoreError: Nothing of this call is kept.
        """
        self._outcomes.save_outcomes(sweep_id, outcomes)


def open_store(url: str, *, clock: Clock) -> Store:
    """Open a database that has the schema of this program; never changes the schema.

    Args:
        url: `sqlite:///…` or `postgresql://…`.
        clock: The current time.

    Raises:
        ConfigError: The URL is wrong.
        SchemaError: The schema is older or newer than this program.
        StoreError: There is no database, or it cannot be used.
    """
    database = Database(parse_location(url))
    try:
        _require_schema(database, url)
    except BaseException:
        database.close()
        raise
    return Store(database, clock)


def _require_schema(database: Database, url: str) -> None:
    with database.read() as connection:
        revision = read_revision(connection)
    if revision != SCHEMA_REVISION:
        from fleetscan.store.schema import schema_status, unfit_schema  # Alembic is heavy and hardly ever needed

        raise unfit_schema(schema_status(url))
