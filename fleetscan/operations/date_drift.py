"""Since when a host has what drifted there, answered from the periods of its evidence."""

from dataclasses import replace
from datetime import datetime

from fleetscan.analyse.judge import HostVerdict
from fleetscan.model.digest import digest_artifact
from fleetscan.model.drift import DriftItem, DriftKind, HostDrift
from fleetscan.model.ids import Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.sweep import Visit
from fleetscan.operations.artifact_index import ON_DISK, THINGS, ArtifactIndex
from fleetscan.operations.host_states import StateReader
from fleetscan.store.store import Store

_REACHED = frozenset({ArtifactKind.PROGRAM, ArtifactKind.ENVIRONMENT})


def date_verdict(store: Store, reader: StateReader, visit: Visit, verdict: HostVerdict) -> HostVerdict:
    """Fill in since when the host has what drifted, in its drift and in its findings."""
    drift = _date_items(store, reader, visit, verdict.drift)
    dated = {(item.key, item.kind): item for item in drift.items}
    findings = tuple(
        replace(finding, drift=tuple(dated.get((item.key, item.kind), item) for item in finding.drift))
        for finding in verdict.findings
    )
    return HostVerdict(drift, findings)


def _date_items(store: Store, reader: StateReader, visit: Visit, drift: HostDrift) -> HostDrift:
    """Take for each item the youngest of the pieces that show it."""
    if visit.manifest is None or not drift.items:
        return drift
    artifacts = ArtifactIndex(reader.artifacts(visit.manifest))
    pieces = [_digests(item, artifacts) for item in drift.items]
    digests = {digest for group in pieces for digest in group}
    seen = store.sightings.first_seen(drift.host, digests)
    items = []
    for item, own in zip(drift.items, pieces, strict=True):
        youngest = max(
            (seen[digest] for digest in own if digest in seen),
            key=lambda since: since.first_seen_at,
            default=None,
        )
        if youngest is None:
            items.append(item)
        else:
            absent: datetime | None = youngest.last_absent_at
            items.append(replace(item, first_seen_at=youngest.first_seen_at, last_absent_at=absent))
    return replace(drift, items=tuple(items))


def _digests(item: DriftItem, artifacts: ArtifactIndex) -> tuple[Sha256, ...]:
    """Give the digests of the artifacts that show a difference; none for what is gone."""
    subject = item.subject
    match item.kind:
        case DriftKind.REMOVED:
            chosen: list[Artifact] = []
        case DriftKind.TARGET:
            chosen = artifacts.named((target.path for target in item.targets), _REACHED)
        case DriftKind.WRITABLE:
            chosen = _doors_of(item, artifacts)
        case DriftKind.STATE | DriftKind.VIEW:
            chosen = [*artifacts.files_of(subject), *artifacts.rows_of(subject)]
        case _:
            chosen = artifacts.files_of(subject) or artifacts.rows_of(subject)
    return tuple(digest_artifact(artifact) for artifact in chosen)


def _doors_of(item: DriftItem, artifacts: ArtifactIndex) -> list[Artifact]:
    """Give what is open: files and folders, or the program that says so of its path."""
    paths = (door.rsplit(" ", 2)[0] for door in item.doors)
    programs = (piece.path for piece in item.subject.pieces if set(piece.exposed) & set(item.doors))
    folders = frozenset({*ON_DISK, ArtifactKind.DIRECTORY, *THINGS.values()})
    return [*artifacts.named(paths, folders), *artifacts.named(programs, _REACHED)]
