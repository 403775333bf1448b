"""Since when a host has what drifted there, answered from the periods of its evidence."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fleetscan.analyse.judge import HostVerdict
from fleetscan.model.digest import digest_artifact
from fleetscan.model.drift import DriftItem, DriftKind, HostDrift
from fleetscan.model.ids import Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import SubjectKind
from fleetscan.model.sweep import Visit
from fleetscan.operations.host_states import StateReader
from fleetscan.store.store import Store

_ON_DISK = frozenset({ArtifactKind.FILE, ArtifactKind.LINK})
_OF_MANAGER = frozenset({ArtifactKind.UNIT_FILE, ArtifactKind.LOADED})
_REACHED = frozenset({ArtifactKind.PROGRAM, ArtifactKind.ENVIRONMENT})
_THINGS = {
    SubjectKind.GENERATOR: ArtifactKind.GENERATOR,
    SubjectKind.ACTIVATOR: ArtifactKind.ACTIVATOR,
    SubjectKind.MOUNT: ArtifactKind.MOUNT,
    SubjectKind.EXTENSION: ArtifactKind.EXTENSION,
    SubjectKind.FOLDER: ArtifactKind.DIRECTORY,
    SubjectKind.GRANT: ArtifactKind.GRANT,
}

_ByName = Mapping[str, Sequence[Artifact]]


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
    by_name: defaultdict[str, list[Artifact]] = defaultdict(list)
    for artifact in reader.artifacts(visit.manifest):
        by_name[artifact.name].append(artifact)
    pieces = {index: _digests(item, by_name) for index, item in enumerate(drift.items)}
    digests = {digest for group in pieces.values() for digest in group}
    seen = store.sightings.first_seen(drift.host, digests)
    items = []
    for index, item in enumerate(drift.items):
        youngest = max(
            (seen[digest] for digest in pieces[index] if digest in seen),
            key=lambda since: since.first_seen_at,
            default=None,
        )
        if youngest is None:
            items.append(item)
        else:
            absent: datetime | None = youngest.last_absent_at
            items.append(replace(item, first_seen_at=youngest.first_seen_at, last_absent_at=absent))
    return replace(drift, items=tuple(items))


def _digests(item: DriftItem, by_name: _ByName) -> tuple[Sha256, ...]:
    """Give the digests of the artifacts that show a difference; none for what is gone."""
    match item.kind:
        case DriftKind.REMOVED:
            chosen: list[Artifact] = []
        case DriftKind.TARGET:
            chosen = _named((target.path for target in item.targets), by_name, _REACHED)
        case DriftKind.WRITABLE:
            chosen = _doors_of(item, by_name)
        case DriftKind.STATE | DriftKind.VIEW:
            chosen = [*_files_of(item, by_name), *_rows_of(item, by_name)]
        case _:
            chosen = _files_of(item, by_name) or _rows_of(item, by_name)
    return tuple(digest_artifact(artifact) for artifact in chosen)


def _files_of(item: DriftItem, by_name: _ByName) -> list[Artifact]:
    """Give the unit files and links of a job or unit, or what a thing of another kind is read from."""
    subject = item.subject
    if subject.key.kind is SubjectKind.LINGER:
        user = subject.key.scope.partition(":")[2]
        return _named((user,), by_name, frozenset({ArtifactKind.LINGER}))
    if subject.key.kind in _THINGS:
        return _named((subject.key.name,), by_name, frozenset({_THINGS[subject.key.kind]}))
    paths = {source.path for source in subject.sources} | set(subject.links)
    return _named(sorted(paths), by_name, _ON_DISK)


def _rows_of(item: DriftItem, by_name: _ByName) -> list[Artifact]:
    """Give what the manager says of the units."""
    rows = _named(item.subject.unit_names, by_name, _OF_MANAGER)
    return [artifact for artifact in rows if artifact.scope == item.key.scope]


def _doors_of(item: DriftItem, by_name: _ByName) -> list[Artifact]:
    """Give what is open: files and folders, or the program that says so of its path."""
    paths = (door.rsplit(" ", 2)[0] for door in item.doors)
    programs = (piece.path for piece in item.subject.pieces if set(piece.exposed) & set(item.doors))
    folders = frozenset({*_ON_DISK, ArtifactKind.DIRECTORY, *_THINGS.values()})
    return [*_named(paths, by_name, folders), *_named(programs, by_name, _REACHED)]


def _named(names: Iterable[str], by_name: _ByName, kinds: frozenset[ArtifactKind]) -> list[Artifact]:
    return [a for name in dict.fromkeys(names) for a in by_name.get(name, ()) if a.kind in kinds]
