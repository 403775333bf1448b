"""Since when a host has a thing, answered from periods; what was not read is never taken for absent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.ids import HostName, Scope, Sha256, SweepId
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.store import holdings
from fleetscan.store.contents import chunked
from fleetscan.store.database import Database
from fleetscan.store.documents import read_coverage
from fleetscan.store.holdings import Holding
from fleetscan.store.manifests import ARTIFACT_COLUMNS, build_artifacts
from fleetscan.store.tables import (
    ArtifactRow,
    CoverageRow,
    HostManifestRow,
    HostRow,
    LayerArtifactRow,
    ManifestLayerRow,
    VisitRow,
)

AREAS = {
    ArtifactKind.FILE: (Area.FILES, Area.CONTENT),
    ArtifactKind.LINK: (Area.FILES, Area.GENERATORS, Area.ACTIVATORS),
    ArtifactKind.DIRECTORY: (Area.FILES, Area.GENERATORS),
    ArtifactKind.SPECIAL: (Area.FILES,),
    ArtifactKind.UNIT_FILE: (Area.UNIT_FILES,),
    ArtifactKind.LOADED: (Area.LOADED,),
    ArtifactKind.LINGER: (Area.LINGER,),
    ArtifactKind.STAMP: (Area.STAMPS,),
    ArtifactKind.PROGRAM: (Area.PROGRAMS,),
    ArtifactKind.ENVIRONMENT: (Area.PROGRAMS,),
    ArtifactKind.PACKAGE: (Area.PACKAGES,),
    ArtifactKind.GENERATOR: (Area.GENERATORS,),
    ArtifactKind.ACTIVATOR: (Area.ACTIVATORS,),
    ArtifactKind.MOUNT: (Area.MOUNTS,),
    ArtifactKind.EXTENSION: (Area.MOUNTS,),
    ArtifactKind.AUDIT_RULE: (Area.AUDIT,),
    ArtifactKind.INTEGRITY_RULE: (Area.AUDIT,),
    ArtifactKind.GRANT: (Area.GRANTS,),
    ArtifactKind.ACCOUNT: (Area.ACCOUNTS,),
}
"""Behind gaps of which areas an artifact of each kind could hide."""


@dataclass(frozen=True, slots=True)
class SeenSince:
    """Since when a host has an artifact without a break.

    Attributes:
        first_seen_at: Start of the first visit of the current unbroken presence.
        last_absent_at: Start of the last visit before it that could have seen the artifact and did not; None when no
            visit ever did.
    """

    first_seen_at: datetime
    last_absent_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Period:
    number: int
    first_sweep: SweepId
    last_sweep: SweepId
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(slots=True)
class _Presence:
    """An artifact and the numbers of the periods that have it."""

    kind: ArtifactKind
    scope: Scope
    name: str
    periods: set[int]

    def is_hidden_by(self, coverage: Coverage) -> bool:
        path = self.name if self.name.startswith("/") else None
        return any(coverage.hides(area, self.scope, path) for area in AREAS[self.kind])


class SightingStore:
    """First sightings of artifacts on hosts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first_seen(self, host: HostName, digests: Iterable[Sha256]) -> Mapping[Sha256, SeenSince]:
        """Tell since when a host has artifacts.

        Args:
            host: An inventory name.
            digests: Content addresses of artifacts (`model.digest.digest_artifact`).

        Returns:
            An entry for each artifact that the host's latest state has; others are left out. A visit that could not
            read where the artifact lies neither breaks its presence nor proves its absence.
        """
        wanted = set(digests)
        with self._database.read() as connection:
            host_id = connection.execute(select(HostRow.id).where(HostRow.name == host)).scalar()
            if host_id is None or not wanted:
                return {}
            periods = _read_periods(connection, host_id)
            presences = _read_presences(connection, host_id, wanted)
            visits = _VisitHistory(connection, host_id)
            latest = periods[-1].number if periods else 0
            return {
                digest: _trace(presence, periods, visits)
                for digest, presence in presences.items()
                if latest in presence.periods
            }

    def past_unit_files(self, host: HostName, unit: str) -> tuple[Artifact, ...]:
        """Give every file of a unit's name that a host ever had in any unit directory; each form once."""
        query = (
            select(*ARTIFACT_COLUMNS)
            .join(LayerArtifactRow, LayerArtifactRow.artifact_id == ArtifactRow.id)
            .join(ManifestLayerRow, ManifestLayerRow.layer_id == LayerArtifactRow.layer_id)
            .join(HostManifestRow, HostManifestRow.manifest_id == ManifestLayerRow.manifest_id)
            .join(HostRow, HostRow.id == HostManifestRow.host_id)
            .where(
                HostRow.name == host,
                ArtifactRow.kind == ArtifactKind.FILE.value,
                ArtifactRow.name.endswith(f"/{unit}", autoescape=True),
            )
            .distinct()
        )
        with self._database.read() as connection:
            return build_artifacts(connection.execute(query).all())

    def find_contents(self, prefix: str, limit: int) -> tuple[Sha256, ...]:
        """Give hashes of files of any host that begin with these lower-case hexadecimal digits, at most `limit`."""
        with self._database.read() as connection:
            return holdings.find_contents(connection, prefix, limit)

    def list_contents(self) -> frozenset[Sha256]:
        """Give the hashes of all files that any host ever had; not of all of them are the bytes at hand."""
        with self._database.read() as connection:
            return holdings.list_contents(connection)

    def states_with_contents(self, hashes: Iterable[Sha256]) -> Mapping[int, frozenset[tuple[Sha256, Holding]]]:
        """Give the states, by manifest, that have files of these hashes, with the hash and where it is."""
        with self._database.read() as connection:
            return holdings.states_with_contents(connection, hashes)

    def states_with_unit(self, unit: str) -> Mapping[int, frozenset[Holding]]:
        """Give the states, by manifest, in which a file, a link or a manager names a unit."""
        with self._database.read() as connection:
            return holdings.states_with_unit(connection, unit)

    def first_seen_on_hosts(self, digests: Iterable[Sha256]) -> Mapping[Sha256, Mapping[HostName, datetime]]:
        """Tell for artifacts, by content address, on which hosts they ever were and when each first showed them."""
        with self._database.read() as connection:
            return holdings.first_seen_on_hosts(connection, digests)


class _VisitHistory:
    """The visits of one period, with what they could not read; fetched when an absence must be judged."""

    def __init__(self, connection: Connection, host_id: int) -> None:
        self._connection = connection
        self._host_id = host_id
        self._coverages: dict[int, Coverage] = {}
        self._periods: dict[int, list[tuple[datetime, Coverage]]] = {}

    def of_period(self, period: _Period) -> list[tuple[datetime, Coverage]]:
        """Give start and coverage of the visits of a period, latest first."""
        if period.number not in self._periods:
            query = (
                select(VisitRow.started_at, VisitRow.coverage_id)
                .where(
                    VisitRow.host_id == self._host_id,
                    VisitRow.sweep_id >= period.first_sweep,
                    VisitRow.sweep_id <= period.last_sweep,
                    VisitRow.coverage_id.is_not(None),
                )
                .order_by(VisitRow.sweep_id.desc())
            )
            self._periods[period.number] = [
                (started_at, self._coverage(coverage_id))
                for started_at, coverage_id in self._connection.execute(query).all()
                if coverage_id is not None
            ]
        return self._periods[period.number]

    def _coverage(self, coverage_id: int) -> Coverage:
        if coverage_id not in self._coverages:
            data = self._connection.execute(select(CoverageRow.data).where(CoverageRow.id == coverage_id)).scalar_one()
            self._coverages[coverage_id] = read_coverage(data)
        return self._coverages[coverage_id]


def _trace(presence: _Presence, periods: Sequence[_Period], visits: _VisitHistory) -> SeenSince:
    """Walk back from the latest period until a visit proves absence."""
    first_seen_at = periods[-1].first_seen_at
    for period in reversed(periods):
        if period.number in presence.periods:
            first_seen_at = period.first_seen_at
            continue
        history = visits.of_period(period)
        if not history:  # the visits were pruned: the period alone must do
            return SeenSince(first_seen_at, period.last_seen_at)
        for started_at, coverage in history:
            if not presence.is_hidden_by(coverage):
                return SeenSince(first_seen_at, started_at)
    return SeenSince(first_seen_at, None)


def _read_periods(connection: Connection, host_id: int) -> list[_Period]:
    query = (
        select(
            HostManifestRow.number,
            HostManifestRow.first_sweep,
            HostManifestRow.last_sweep,
            HostManifestRow.first_seen_at,
            HostManifestRow.last_seen_at,
        )
        .where(HostManifestRow.host_id == host_id)
        .order_by(HostManifestRow.number)
    )
    return [_Period(*row) for row in connection.execute(query)]


def _read_presences(connection: Connection, host_id: int, digests: set[Sha256]) -> dict[Sha256, _Presence]:
    presences: dict[Sha256, _Presence] = {}
    for chunk in chunked(digests):
        query = (
            select(ArtifactRow.digest, ArtifactRow.kind, ArtifactRow.scope, ArtifactRow.name, HostManifestRow.number)
            .join(LayerArtifactRow, LayerArtifactRow.artifact_id == ArtifactRow.id)
            .join(ManifestLayerRow, ManifestLayerRow.layer_id == LayerArtifactRow.layer_id)
            .join(HostManifestRow, HostManifestRow.manifest_id == ManifestLayerRow.manifest_id)
            .where(HostManifestRow.host_id == host_id, ArtifactRow.digest.in_(chunk))
        )
        for digest, kind, scope, name, number in connection.execute(query):
            presence = presences.setdefault(digest, _Presence(ArtifactKind(kind), scope, name, set()))
            presence.periods.add(number)
    return presences
