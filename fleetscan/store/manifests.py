"""Write states as manifests of shared layers, and read them back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from fleetscan.model.digest import digest_artifact, digest_set
from fleetscan.model.ids import Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.store.contents import Interning
from fleetscan.store.layers import split_layers
from fleetscan.store.packing import pack_document, unpack_document
from fleetscan.store.tables import (
    ArtifactRow,
    LayerArtifactRow,
    LayerRow,
    ManifestLayerRow,
    ManifestRow,
)

_CACHE_LIMIT = 20_000

State = Mapping[Sha256, Artifact]
"""The artifacts of one host by their digests."""


class ArtifactDigests:
    """Digests of artifacts met before in this process; most artifacts of a fleet are."""

    def __init__(self) -> None:
        self._digests: dict[Artifact, Sha256] = {}

    def digest_state(self, artifacts: Iterable[Artifact]) -> State:
        """Give artifacts by their digests."""
        state: dict[Sha256, Artifact] = {}
        for artifact in artifacts:
            digest = self._digests.get(artifact)
            if digest is None:
                digest = digest_artifact(artifact)
                if len(self._digests) >= _CACHE_LIMIT:
                    self._digests.clear()
                self._digests[artifact] = digest
            state[digest] = artifact
        return state


def save_manifests(connection: Connection, interning: Interning, states: Sequence[State]) -> list[int]:
    """Store states that may be known already.

    Returns:
        The manifest's id for each state, in the same order. A known state costs no more than the look-up of one digest.
    """
    digests = [digest_set(state) for state in states]
    known = interning.find(ManifestRow, digests)
    new = {digest: state for digest, state in zip(digests, states, strict=True) if digest not in known}
    if new:
        layers_of = _save_layers(connection, interning, new)
        inserted = interning.add(ManifestRow, {digest: {} for digest in new})
        members = [
            {"manifest_id": manifest_id, "layer_id": layer_id}
            for digest, manifest_id in inserted.items()
            for layer_id in layers_of[digest]
        ]
        if members:
            connection.execute(insert(ManifestLayerRow), members)
        known = interning.find(ManifestRow, digests)
    return [known[digest] for digest in digests]


ARTIFACT_COLUMNS = (
    ArtifactRow.kind,
    ArtifactRow.scope,
    ArtifactRow.name,
    ArtifactRow.mode,
    ArtifactRow.owner,
    ArtifactRow.group,
    ArtifactRow.size,
    ArtifactRow.target,
    ArtifactRow.sha256,
    ArtifactRow.properties,
)
"""What `build_artifacts` needs of each row, in this order."""


def read_manifest(connection: Connection, manifest_id: int) -> tuple[Artifact, ...]:
    """Give the artifacts of a manifest, sorted by key; empty when there is no such manifest."""
    query = (
        select(*ARTIFACT_COLUMNS)
        .join(LayerArtifactRow, LayerArtifactRow.artifact_id == ArtifactRow.id)
        .join(ManifestLayerRow, ManifestLayerRow.layer_id == LayerArtifactRow.layer_id)
        .where(ManifestLayerRow.manifest_id == manifest_id)
    )
    return build_artifacts(connection.execute(query).all())


def build_artifacts(rows: Iterable[Row[*tuple[Any, ...]]]) -> tuple[Artifact, ...]:
    """Build artifacts from rows of `ARTIFACT_COLUMNS`, sorted by key."""
    artifacts = [
        Artifact(
            kind=ArtifactKind(kind),
            scope=scope,
            name=name,
            mode=mode,
            owner=owner,
            group=group,
            size_bytes=size,
            target=target,
            sha256=sha256,
            properties=_unpack_properties(properties),
        )
        for kind, scope, name, mode, owner, group, size, target, sha256, properties in rows
    ]
    return tuple(sorted(artifacts, key=lambda artifact: artifact.key))


def _save_layers(
    connection: Connection, interning: Interning, states: Mapping[Sha256, State]
) -> dict[Sha256, list[int]]:
    """Store the layers of new states; give layer ids by manifest digest."""
    layer_digests: dict[Sha256, list[Sha256]] = {}
    layers: dict[Sha256, list[Sha256]] = {}
    artifacts: dict[Sha256, Artifact] = {}
    for manifest, state in states.items():
        artifacts.update(state)
        for members in split_layers((artifact, digest) for digest, artifact in state.items()).values():
            layer = digest_set(members)
            layers[layer] = members
            layer_digests.setdefault(manifest, []).append(layer)
    new = layers.keys() - interning.find(LayerRow, layers.keys()).keys()
    needed = {digest: artifacts[digest] for layer in new for digest in layers[layer]}
    known = interning.find(ArtifactRow, needed.keys())
    interning.add(ArtifactRow, {digest: _artifact_row(needed[digest]) for digest in needed.keys() - known.keys()})
    artifact_ids = interning.find(ArtifactRow, needed.keys())
    inserted = interning.add(LayerRow, {layer: {} for layer in new})
    rows = [
        {"layer_id": layer_id, "artifact_id": artifact_ids[digest]}
        for layer, layer_id in inserted.items()
        for digest in layers[layer]
    ]
    if rows:
        connection.execute(insert(LayerArtifactRow), rows)
    layer_ids = interning.find(LayerRow, layers.keys())
    return {manifest: [layer_ids[layer] for layer in layer_digests.get(manifest, [])] for manifest in states}


def _artifact_row(artifact: Artifact) -> dict[str, Any]:
    return {
        "kind": artifact.kind.value,
        "scope": artifact.scope,
        "name": artifact.name,
        "mode": artifact.mode,
        "owner": artifact.owner,
        "group": artifact.group,
        "size": artifact.size_bytes,
        "target": artifact.target,
        "sha256": artifact.sha256,
        "properties": _pack_properties(artifact.properties),
    }


def _pack_properties(properties: tuple[tuple[str, str], ...]) -> bytes | None:
    if not properties:
        return None
    return pack_document(json.dumps(properties, separators=(",", ":")).encode("ascii"))


def _unpack_properties(data: bytes | None) -> tuple[tuple[str, str], ...]:
    if data is None:
        return ()
    return tuple((key, value) for key, value in json.loads(unpack_document(data)))
