"""The files of the unit directories: walks and hashes into artifacts and gaps, each believed as far as its reader."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Scope, Sha256, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, FileTimes
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer
from fleetscan.probe.people import People
from fleetscan.probe.walk import HashedFile, WalkRecord, parse_hashes, parse_walk
from fleetscan.probe.walk_bounds import bound_links, bound_users
from fleetscan.probe.walk_gaps import find_walk_gaps
from fleetscan.probe.wire import Frame

OWN_RIGHTS = "-"
"""Scope of a frame that was read with the probe's own rights; otherwise the scope is the uid of an account."""

EMPTY_SHA256 = digest_bytes(b"")
_MAX_HASHED_BYTES = 4096 * 1024
_KINDS = {"f": ArtifactKind.FILE, "l": ArtifactKind.LINK, "d": ArtifactKind.DIRECTORY, "!": ArtifactKind.DIRECTORY}
_LINGER_DIR = "/var/lib/systemd/linger/"
_STAMP_DIRS = ("/var/lib/systemd/timers/", "/.local/share/systemd/timers/")
# `find` ends with 1 when something vanished before it was looked at or a hash could not be taken; its output is whole.
_VANISHED = "failed-1"


@dataclass(frozen=True, slots=True)
class Files:
    """What lies in the unit directories.

    Attributes:
        artifacts: One for each record, in the host's order.
        gaps: What was not read of them.
        times: Times of files outside the vendor directories, by path.
        offers: What the host can send, by hash.
        paths: Where each offered hash lies.
        hashed: Every hash by path, also of what lies elsewhere.
    """

    artifacts: tuple[Artifact, ...]
    gaps: tuple[Gap, ...]
    times: Mapping[str, FileTimes]
    offers: Mapping[Sha256, Offer]
    paths: Mapping[Sha256, tuple[str, ...]]
    hashed: Mapping[str, HashedFile]


def read_files(frames: Sequence[Frame], sentinel: str, people: People) -> Files:
    """Understand all frames of the walk and of hashes."""
    gaps: list[Gap] = []
    records: list[WalkRecord] = []
    for frame in frames:
        if frame.section == "walk":
            gaps += _walk_gaps(frame, people)
            records += _read_walk(frame, sentinel, people, gaps)
    hashed, why = read_hashes(frames, people)
    records, too_many_users = bound_users(records, people)
    records, too_many_links = bound_links(records, people)
    gaps += [*too_many_users, *too_many_links, *find_walk_gaps(records, people)]
    artifacts: list[Artifact] = []
    times: dict[str, FileTimes] = {}
    offers: dict[Sha256, Offer] = {}
    paths: dict[Sha256, list[str]] = {}
    for record in records:
        found = hashed.get(record.path)
        sha256 = EMPTY_SHA256 if record.size == 0 and record.type == "f" else (found.sha256 if found else None)
        artifact = build_artifact(record, people, sha256)
        artifacts.append(artifact)
        if (known := record.times) is not None:
            times[record.path] = known
        if record.type == "!":
            gaps.append(_denied_directory(record, artifact))
        elif artifact.kind is ArtifactKind.FILE and sha256 is None:
            gaps.append(_unread_file(record, artifact, why.get(artifact.scope, why.get(SYSTEM, ReadStatus.FAILED))))
        elif artifact.kind is ArtifactKind.FILE and found and record.size:
            if record.size <= MAX_CONTENT_BYTES:
                offers.setdefault(found.sha256, Offer(found.number, record.size, found.reader))
                paths.setdefault(found.sha256, []).append(record.path)
            else:
                gaps.append(_unread_file(record, artifact, ReadStatus.OVERSIZE))
    return Files(
        tuple(artifacts), tuple(gaps), times, offers, {sha256: tuple(found) for sha256, found in paths.items()}, hashed
    )


def read_hashes(frames: Iterable[Frame], people: People) -> tuple[dict[str, HashedFile], dict[Scope, ReadStatus]]:
    """Give hashes by path, and for each scope why others are not among them.

    What an account's own process says is believed of that account's files only: while it runs, the account can make it
    say anything.
    """
    hashed: dict[str, HashedFile] = {}
    why: dict[Scope, ReadStatus] = {}
    for frame in frames:
        if frame.section != "hashes":
            continue
        reader, _, first = frame.scope.partition(" ")
        if not (first.isascii() and first.isdecimal() and len(first) < 10):
            continue
        scope = reader_scope(reader, people)
        why[scope or SYSTEM] = ReadStatus.DENIED if frame.detail == _VANISHED else frame.status
        for file in parse_hashes(frame.payload, reader, int(first), truncated=not is_whole(frame)):
            if scope is None or people.scope_of(file.path) == scope:
                hashed.setdefault(file.path, file)
    return hashed, why


def is_whole(frame: Frame) -> bool:
    """Tell whether a frame holds all that there was to say."""
    return frame.status is ReadStatus.OK or frame.detail == _VANISHED


def reader_scope(reader: str, people: People) -> Scope | None:
    """Give the only scope that a frame may speak of, None for any.

    Args:
        reader: With whose rights it was read: `OWN_RIGHTS` or the uid of an account; `SYSTEM` when it was not read.
        people: Names of accounts.
    """
    if reader in (OWN_RIGHTS, SYSTEM):
        return None
    return user_scope(people.names.get(int(reader), reader) if reader.isascii() and reader.isdecimal() else reader)


def build_artifact(record: WalkRecord, people: People, sha256: Sha256 | None) -> Artifact:
    """Turn a record of the walk into an artifact."""
    kind = _KINDS.get(record.type, ArtifactKind.SPECIAL)
    owner, group = people.owner_name(record.uid), people.group_name(record.gid)
    folder, _, base = record.path.rpartition("/")
    if (folder + "/") == _LINGER_DIR and kind is not ArtifactKind.DIRECTORY:
        return Artifact(kind=ArtifactKind.LINGER, scope=SYSTEM, name=base, owner=owner)
    scope = people.scope_of(record.path)
    if base.startswith("stamp-") and (folder + "/").endswith(_STAMP_DIRS) and kind is not ArtifactKind.DIRECTORY:
        return Artifact(kind=ArtifactKind.STAMP, scope=scope, name=record.path, owner=owner)
    is_file, is_link = kind is ArtifactKind.FILE, kind is ArtifactKind.LINK
    return Artifact(
        kind=kind,
        scope=scope,
        name=record.path,
        mode=None if is_link else record.mode,
        owner=owner,
        group=group,
        size_bytes=record.size if is_file else None,
        target=record.target if is_link else "",
        sha256=sha256 if is_file else None,
        properties=(("links", str(record.links)),) if is_file and record.links > 1 else (),
    )


def area_of(path: str) -> Area:
    """Tell which area a directory of the walk belongs to."""
    if (path + "/").startswith(_LINGER_DIR):
        return Area.LINGER
    return Area.STAMPS if (path + "/").endswith(_STAMP_DIRS) else Area.FILES


def _read_walk(frame: Frame, sentinel: str, people: People, gaps: list[Gap]) -> Iterator[WalkRecord]:
    records, bad = parse_walk(frame.payload, sentinel, truncated=not is_whole(frame))
    scope = reader_scope(frame.scope, people)
    for record in records:
        if scope is None or people.scope_of(record.path) == scope:
            yield record
        else:
            bad += 1
    if bad:
        gaps.append(Gap(Area.FILES, scope, ReadStatus.FAILED, None, f"{bad} records of the walk cannot be believed"))


def _walk_gaps(frame: Frame, people: People) -> Iterator[Gap]:
    if frame.status is ReadStatus.OK or (frame.detail == _VANISHED and frame.payload):
        return
    scope = reader_scope(frame.scope, people)
    reason = f"section walk ended with {frame.detail}"
    if scope is not None and frame.status is ReadStatus.MISSING_TOOL:
        reason = "setpriv is missing, and what a user owns is read with no more than the user's rights"
    yield Gap(Area.FILES, scope, frame.status, None, reason)


def _denied_directory(record: WalkRecord, artifact: Artifact) -> Gap:
    return Gap(area_of(record.path), artifact.scope, ReadStatus.DENIED, record.path, "the directory may not be read")


def _unread_file(record: WalkRecord, artifact: Artifact, status: ReadStatus) -> Gap:
    size = record.size or 0
    if size >= _MAX_HASHED_BYTES or status is ReadStatus.OVERSIZE:
        return Gap(
            Area.CONTENT, artifact.scope, ReadStatus.OVERSIZE, record.path, f"{size} bytes; more than the scanner takes"
        )
    reasons = {ReadStatus.DENIED: "the file may not be read", ReadStatus.MISSING_TOOL: "sha256sum is not installed"}
    reason = reasons.get(status, "its hash did not arrive")
    return Gap(
        Area.CONTENT, artifact.scope, status if status is not ReadStatus.OK else ReadStatus.DENIED, record.path, reason
    )
