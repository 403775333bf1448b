"""Frames into evidence: artifacts, facts, runtime state, and a gap for everything that is not there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from fleetscan.errors import VisitError
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.outcome import FailureKind
from fleetscan.model.snapshot import Artifact, ArtifactKind, FileTimes, HostFacts, TimerRow
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer
from fleetscan.probe.facts import parse_facts
from fleetscan.probe.managers import read_managers
from fleetscan.probe.people import People, parse_people
from fleetscan.probe.walk import HashedFile, WalkRecord, parse_hashes, parse_walk
from fleetscan.probe.walk_gaps import find_walk_gaps
from fleetscan.probe.wire import Frame

_EMPTY_SHA256 = digest_bytes(b"")
_MAX_HASHED_BYTES = 4096 * 1024
_KINDS = {"f": ArtifactKind.FILE, "l": ArtifactKind.LINK, "d": ArtifactKind.DIRECTORY, "!": ArtifactKind.DIRECTORY}
_LINGER_DIR = "/var/lib/systemd/linger/"
_FILE_SECTIONS = (
    ("users", Area.USERS),
    ("homes", Area.USERS),
    ("runtimes", Area.USERS),
    ("denied", Area.FILES),
    ("walk", Area.FILES),
)
# `find` ends with 1 when something vanished before it was looked at or a hash could not be taken; its output is whole.
_VANISHED = "failed-1"
_STAMP_DIRS = ("/var/lib/systemd/timers/", "/.local/share/systemd/timers/")

Frames = Mapping[tuple[str, str], Frame]
"""Frames by section and scope; the first of each counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything of a visit except file contents.

    Attributes:
        artifacts: Sorted by key, no key twice.
        offers: What the host can send, by hash.
        paths: One path for each offered hash, for messages.
    """

    facts: HostFacts
    artifacts: tuple[Artifact, ...]
    gaps: tuple[Gap, ...]
    timers: tuple[TimerRow, ...]
    times: Mapping[str, FileTimes]
    remote_at: datetime | None
    offers: Mapping[Sha256, Offer]
    paths: Mapping[Sha256, tuple[str, ...]]


def assemble_listing(frames: Sequence[Frame], sentinel: str) -> Listing:
    """Understand the first phase of a visit.

    Raises:
        VisitError: The host has no systemd (`NO_SYSTEMD`), or did not even say what it is (`PROTOCOL_ERROR`).
    """
    by_key: dict[tuple[str, str], Frame] = {}
    for frame in frames:
        by_key.setdefault((frame.section, frame.scope), frame)
    facts, said, gaps = parse_facts(by_key)
    if "booted" not in said:
        raise VisitError(
            FailureKind.PROTOCOL_ERROR,
            "the probe ran, but what it said of the host did not arrive",
            hint="Look at what the host prints at login; the output of the probe must pass unchanged.",
        )
    if said["booted"] != "1":
        init = said.get("init") or "unknown"
        raise VisitError(
            FailureKind.NO_SYSTEMD,
            f"systemd does not run here (process 1 is {init[:40]!r})",
            hint="Hosts without systemd have no timers; take this one out of the inventory or exclude it.",
        )
    people = parse_people(
        by_key.get(("users", SYSTEM)), by_key.get(("homes", SYSTEM)), by_key.get(("runtimes", SYSTEM))
    )
    gaps += [*people.gaps, *_section_gaps(by_key), *_denied_gaps(by_key.get(("denied", SYSTEM)), people)]
    managers = read_managers(by_key, facts.systemd_version, merged_usr=said.get("merged_usr") == "1")
    files = _read_files(by_key, sentinel, people)
    artifacts: dict[tuple[str, str, str], Artifact] = {}
    for artifact in (*files.artifacts, *managers.artifacts):
        artifacts.setdefault(artifact.key, artifact)
    return Listing(
        facts=facts,
        artifacts=tuple(artifact for _, artifact in sorted(artifacts.items(), key=itemgetter(0))),
        gaps=Coverage.of([*gaps, *managers.gaps, *files.gaps]).gaps,
        timers=managers.timers,
        times=files.times,
        remote_at=_instant(said.get("clock", "")),
        offers=files.offers,
        paths=files.paths,
    )


def _section_gaps(frames: Frames) -> Iterable[Gap]:
    """Give a gap for every area of the file side that ended badly or never arrived."""
    for section, area in _FILE_SECTIONS:
        frame = frames.get((section, SYSTEM))
        if frame is None:
            yield Gap(area, None, ReadStatus.FAILED, None, f"section {section} never arrived")
        elif frame.status is not ReadStatus.OK and not (
            section == "walk" and frame.detail == _VANISHED and frame.payload
        ):
            yield Gap(area, None, frame.status, None, f"section {section} ended with {frame.detail}")


def _denied_gaps(frame: Frame | None, people: People) -> Iterable[Gap]:
    for line in (frame.payload if frame else b"").decode("utf-8", "surrogateescape").split("\n"):
        status, _, directory = line.partition(":")
        path = "/" + directory
        area, scope = _area_of(path), people.scope_of(path + "/")
        if status == "denied":
            yield Gap(area, scope, ReadStatus.DENIED, path, "the directory may not be read")
        elif status == "link-out":
            yield Gap(area, scope, ReadStatus.NOT_TRIGGERED, path, "a link in place of a directory; it is not followed")


@dataclass(frozen=True, slots=True)
class _Files:
    artifacts: tuple[Artifact, ...]
    gaps: tuple[Gap, ...]
    times: Mapping[str, FileTimes]
    offers: Mapping[Sha256, Offer]
    paths: Mapping[Sha256, tuple[str, ...]]


def _read_files(frames: Frames, sentinel: str, people: People) -> _Files:
    walk = frames.get(("walk", SYSTEM))
    if walk is None:
        return _Files((), (), {}, {}, {})
    records, bad = parse_walk(walk.payload, sentinel, truncated=not _is_whole(walk))
    gaps = list(find_walk_gaps(records, people))
    if bad:
        gaps.append(Gap(Area.FILES, None, ReadStatus.FAILED, None, f"{bad} records of the walk cannot be read"))
    hashed, why = _read_hashes(frames.get(("hashes", SYSTEM)))
    artifacts: list[Artifact] = []
    times: dict[str, FileTimes] = {}
    offers: dict[Sha256, Offer] = {}
    paths: dict[Sha256, list[str]] = {}
    for record in records:
        found = hashed.get(record.path)
        sha256 = _EMPTY_SHA256 if record.size == 0 and record.type == "f" else (found.sha256 if found else None)
        artifact = _build_artifact(record, people, sha256)
        artifacts.append(artifact)
        if record.modified_s is not None and record.changed_s is not None and record.inode is not None:
            times[record.path] = FileTimes(modified_s=record.modified_s, changed_s=record.changed_s, inode=record.inode)
        if record.type == "!":
            gaps.append(_denied_directory(record, artifact))
        elif artifact.kind is ArtifactKind.FILE and sha256 is None:
            gaps.append(_unread_file(record, artifact, why))
        elif artifact.kind is ArtifactKind.FILE and found and record.size:
            if record.size <= MAX_CONTENT_BYTES:
                offers.setdefault(found.sha256, Offer(found.number, record.size))
                paths.setdefault(found.sha256, []).append(record.path)
            else:
                gaps.append(_unread_file(record, artifact, ReadStatus.OVERSIZE))
    return _Files(tuple(artifacts), tuple(gaps), times, offers, {sha256: tuple(p) for sha256, p in paths.items()})


def _read_hashes(frame: Frame | None) -> tuple[dict[str, HashedFile], ReadStatus]:
    """Give hashes by path, and why others are not among them."""
    if frame is None:
        return {}, ReadStatus.FAILED
    hashed: dict[str, HashedFile] = {}
    for file in parse_hashes(frame.payload, truncated=not _is_whole(frame)):
        hashed.setdefault(file.path, file)
    return hashed, ReadStatus.DENIED if frame.detail == _VANISHED else frame.status


def _is_whole(frame: Frame) -> bool:
    return frame.status is ReadStatus.OK or frame.detail == _VANISHED


def _build_artifact(record: WalkRecord, people: People, sha256: Sha256 | None) -> Artifact:
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


def _denied_directory(record: WalkRecord, artifact: Artifact) -> Gap:
    return Gap(_area_of(record.path), artifact.scope, ReadStatus.DENIED, record.path, "the directory may not be read")


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


def _area_of(path: str) -> Area:
    """Tell which area a directory of the walk belongs to."""
    if (path + "/").startswith(_LINGER_DIR):
        return Area.LINGER
    return Area.STAMPS if (path + "/").endswith(_STAMP_DIRS) else Area.FILES


def _instant(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal()) or len(text) > 11:
        return None
    return datetime.fromtimestamp(int(text), UTC)
