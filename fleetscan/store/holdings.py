"""Which states of hosts hold a file or a unit; asked of the whole fleet at once, whatever the number of hosts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, func, or_, select

from fleetscan.model.ids import HostName, Scope, Sha256
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.store.contents import chunked
from fleetscan.store.tables import ArtifactRow, HostManifestRow, HostRow, LayerArtifactRow, ManifestLayerRow

T = TypeVar("T")

_NAMED = (ArtifactKind.UNIT_FILE, ArtifactKind.LOADED)
_ON_DISK = (ArtifactKind.FILE, ArtifactKind.LINK)


@dataclass(frozen=True, slots=True, order=True)
class Holding:
    """One piece of evidence by which a state has what was asked for."""

    kind: ArtifactKind
    scope: Scope
    name: str


def find_contents(connection: Connection, prefix: str, limit: int) -> tuple[Sha256, ...]:
    """Give hashes of files that begin with these digits, sorted, at most `limit`.

    Args:
        connection: For reading.
        prefix: Lower-case hexadecimal digits.
        limit: At least 1.
    """
    # Every hash of a range of bytes: an odd digit at the end stands for all sixteen values of the other half.
    lowest = Sha256(prefix.ljust(64, "0"))
    highest = Sha256(prefix.ljust(64, "f"))
    query = select(ArtifactRow.sha256).where(ArtifactRow.sha256 >= lowest, ArtifactRow.sha256 <= highest).distinct()
    found = connection.execute(query.order_by(ArtifactRow.sha256).limit(limit)).scalars()
    return tuple(digest for digest in found if digest is not None)


def states_with_contents(
    connection: Connection, hashes: Iterable[Sha256]
) -> Mapping[int, frozenset[tuple[Sha256, Holding]]]:
    """Give the states that have files of these hashes, by manifest."""
    ids: dict[int, tuple[Sha256, Holding]] = {}
    for chunk in chunked(set(hashes)):
        query = select(ArtifactRow.id, ArtifactRow.sha256, ArtifactRow.kind, ArtifactRow.scope, ArtifactRow.name)
        for artifact_id, sha256, kind, scope, name in connection.execute(query.where(ArtifactRow.sha256.in_(chunk))):
            if sha256 is not None:
                ids[artifact_id] = (sha256, Holding(ArtifactKind(kind), scope, name))
    return _states_of(connection, ids)


def states_with_unit(connection: Connection, unit: str) -> Mapping[int, frozenset[Holding]]:
    """Give the states in which a unit is named: by a file or link of its name, or by a manager; by manifest."""
    query = select(ArtifactRow.id, ArtifactRow.kind, ArtifactRow.scope, ArtifactRow.name).where(
        ArtifactRow.kind.in_([kind.value for kind in (*_NAMED, *_ON_DISK)]),
        or_(ArtifactRow.name == unit, ArtifactRow.name.endswith(f"/{unit}", autoescape=True)),
    )
    ids: dict[int, Holding] = {}
    for artifact_id, kind, scope, name in connection.execute(query):
        found = Holding(ArtifactKind(kind), scope, name)
        # LIKE is not of one mind about capitals in both databases.
        if (name == unit and found.kind in _NAMED) or (name.endswith(f"/{unit}") and found.kind in _ON_DISK):
            ids[artifact_id] = found
    return _states_of(connection, ids)


def first_seen_on_hosts(
    connection: Connection, digests: Iterable[Sha256]
) -> Mapping[Sha256, Mapping[HostName, datetime]]:
    """Tell for artifacts on which hosts they ever were, and when each first showed them."""
    found: dict[Sha256, dict[HostName, datetime]] = {}
    for chunk in chunked(set(digests)):
        query = (
            select(ArtifactRow.digest, HostRow.name, func.min(HostManifestRow.first_seen_at))
            .join(LayerArtifactRow, LayerArtifactRow.artifact_id == ArtifactRow.id)
            .join(ManifestLayerRow, ManifestLayerRow.layer_id == LayerArtifactRow.layer_id)
            .join(HostManifestRow, HostManifestRow.manifest_id == ManifestLayerRow.manifest_id)
            .join(HostRow, HostRow.id == HostManifestRow.host_id)
            .where(ArtifactRow.digest.in_(chunk))
            .group_by(ArtifactRow.digest, HostRow.name)
        )
        for digest, host, seen_at in connection.execute(query):
            found.setdefault(digest, {})[host] = seen_at
    return found


def _states_of(connection: Connection, artifacts: Mapping[int, T]) -> Mapping[int, frozenset[T]]:
    found: dict[int, set[T]] = {}
    for chunk in chunked(artifacts):
        query = (
            select(ManifestLayerRow.manifest_id, LayerArtifactRow.artifact_id)
            .join(LayerArtifactRow, LayerArtifactRow.layer_id == ManifestLayerRow.layer_id)
            .where(LayerArtifactRow.artifact_id.in_(chunk))
        )
        for manifest_id, artifact_id in connection.execute(query):
            found.setdefault(manifest_id, set()).add(artifacts[artifact_id])
    return {manifest_id: frozenset(values) for manifest_id, values in found.items()}


def list_contents(connection: Connection) -> frozenset[Sha256]:
    """Give the hashes of all files that any host ever had; not of all of them are the bytes at hand."""
    found = connection.execute(select(ArtifactRow.sha256).where(ArtifactRow.sha256.is_not(None)).distinct()).scalars()
    return frozenset(digest for digest in found if digest is not None)
