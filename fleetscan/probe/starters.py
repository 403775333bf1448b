"""Generators, and the udev rules and D-Bus services that start units, from records of `find`."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, FileTimes
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer
from fleetscan.probe.files import EMPTY_SHA256
from fleetscan.probe.people import People
from fleetscan.probe.walk import HashedFile, WalkRecord

_GENERATOR_DIR = re.compile(r"/(?:run|etc|usr/local/lib|usr/lib|lib)/systemd/(system|user)(?:-environment)?-generators")
_ACTIVATOR_DIR = re.compile(
    r"/(?:run|etc|usr/local/lib|usr/lib|lib)/udev/rules\.d"
    r"|/(?:run|etc|usr/local/share|usr/share|lib)/dbus-1/(?:system-)?services"
)
_USER_BUS = "/dbus-1/services"
_VENDOR_DIRS = ("/usr/lib/", "/lib/")
_MAX_HASHED_BYTES = 64 * 1024 * 1024
_MAX_SEARCHED_BYTES = 4096 * 1024
_MAX_VENDOR_SCRIPT_BYTES = 8192


@dataclass(slots=True)
class Starters:
    """What was found, gathered record by record.

    Attributes:
        times: Times of files outside the vendor directories, by path.
        offers: What the host can send, by hash. Of generators in the vendor directories only what is small enough to be
            a script: programs of packages say nothing that their hash does not.
        paths: Where each offered hash lies.
    """

    artifacts: list[Artifact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    times: dict[str, FileTimes] = field(default_factory=dict)
    offers: dict[Sha256, Offer] = field(default_factory=dict)
    paths: dict[Sha256, list[str]] = field(default_factory=dict)


def plain_path(path: str) -> str:
    """Give a path of this part of the probe without the `.` that tells how it was reached."""
    if path.startswith("/./"):
        path = path[2:]
    path = path.replace("/./", "/").removesuffix("/.")
    return path or "/"


def is_generator_dir(path: str) -> bool:
    """Tell whether systemd looks for generators in a directory."""
    return _GENERATOR_DIR.fullmatch(path) is not None


def read_starters(records: Iterable[WalkRecord], hashed: Mapping[str, HashedFile], people: People) -> Starters:
    """Turn records into generators and activators; what is neither is left out.

    Args:
        records: Of the section `around`.
        hashed: Every hash that the visit brought, by path as the probe wrote it.
        people: Names of owners.
    """
    found = Starters()
    for record in records:
        path = plain_path(record.path)
        area = Area.GENERATORS if is_generator_dir(path) or is_generator_dir(posixpath.dirname(path)) else None
        if area is None and _ACTIVATOR_DIR.fullmatch(posixpath.dirname(path)):
            area = Area.ACTIVATORS
        if area is None:
            continue
        if is_generator_dir(path):
            found.artifacts += build_folder(record, people, _scope_of(path))
            found.gaps += find_folder_gaps(record, area, _scope_of(path))
        elif record.type in ("d", "!"):
            continue  # nothing is executed or read from folders in these directories
        else:
            _add_file(found, area, record, hashed.get(record.path), people)
    return found


def read_unsearched(records: Iterable[WalkRecord], people: People) -> Starters:
    """Turn records of what could not be searched for names of units into activators that may start some, and gaps."""
    found = Starters()
    for record in records:
        path = plain_path(record.path)
        scope = _scope_of(path)
        if record.type == "!":
            found.gaps += find_folder_gaps(record, Area.ACTIVATORS, scope)
            continue
        if not _ACTIVATOR_DIR.fullmatch(posixpath.dirname(path)):
            continue
        found.artifacts.append(_build_file(ArtifactKind.ACTIVATOR, record, path, people, None))
        status, reason = ReadStatus.DENIED, "the file may not be read"
        if "\n" in path:
            status, reason = ReadStatus.UNSUPPORTED, "its name has a line end; it is not searched for units"
        elif (record.size or 0) > _MAX_SEARCHED_BYTES:
            status, reason = ReadStatus.OVERSIZE, f"{record.size} bytes; it is not searched for units"
        found.gaps.append(Gap(Area.ACTIVATORS, scope, status, path, reason))
    return found


def build_folder(record: WalkRecord, people: People, scope: Scope) -> Iterator[Artifact]:
    """Build the artifact of a directory, or of a link in place of one; none for what was not seen."""
    if record.type == "l":
        yield Artifact(
            kind=ArtifactKind.LINK,
            scope=scope,
            name=plain_path(record.path),
            owner=people.owner_name(record.uid),
            group=people.group_name(record.gid),
            target=record.target,
        )
    elif record.type in ("d", "!") and record.links:
        yield Artifact(
            kind=ArtifactKind.DIRECTORY,
            scope=scope,
            name=plain_path(record.path),
            mode=record.mode,
            owner=people.owner_name(record.uid),
            group=people.group_name(record.gid),
        )


def find_folder_gaps(record: WalkRecord, area: Area, scope: Scope) -> Iterator[Gap]:
    """Give the gap of a directory that may not be read, or whose very existence could not be seen."""
    if record.type == "!":
        reason = "the directory may not be read" if record.links else "something on the way to it may not be entered"
        yield Gap(area, scope, ReadStatus.DENIED, plain_path(record.path), reason)


def _scope_of(path: str) -> Scope:
    """Tell whose manager is concerned: the system's, or that of every user."""
    generator = _GENERATOR_DIR.match(path)
    if generator is not None:
        return GLOBAL_USER if generator[1] == "user" else SYSTEM
    return GLOBAL_USER if _USER_BUS in path else SYSTEM


def _add_file(found: Starters, area: Area, record: WalkRecord, hashed: HashedFile | None, people: People) -> None:
    path = plain_path(record.path)
    kind = ArtifactKind.GENERATOR if area is Area.GENERATORS else ArtifactKind.ACTIVATOR
    is_file, is_link = record.type == "f", record.type == "l"
    sha256 = hashed.sha256 if hashed is not None else EMPTY_SHA256 if is_file and record.size == 0 else None
    artifact = _build_file(kind, record, path, people, sha256)
    found.artifacts.append(artifact)
    if (times := record.times) is not None:
        found.times[path] = times
    if is_file and sha256 is None:
        oversize = (record.size or 0) > _MAX_HASHED_BYTES
        reason = f"{record.size} bytes; more than is hashed" if oversize else "its hash could not be taken"
        status = ReadStatus.OVERSIZE if oversize else ReadStatus.DENIED
        found.gaps.append(Gap(area, artifact.scope, status, path, reason))
    elif is_link and not _is_mask(path, record.target) and (sha256 is None or area is Area.ACTIVATORS):
        # of a link's target the probe gives a hash, but no content
        reason = f"a link to {record.target[:200]}, which is not read"
        found.gaps.append(Gap(area, artifact.scope, ReadStatus.NOT_TRIGGERED, path, reason))
    elif is_file and hashed is not None and record.size and record.size <= _most_offered(area, path):
        found.offers.setdefault(hashed.sha256, Offer(hashed.number, record.size, hashed.reader))
        found.paths.setdefault(hashed.sha256, []).append(path)


def _build_file(kind: ArtifactKind, record: WalkRecord, path: str, people: People, sha256: Sha256 | None) -> Artifact:
    is_file, is_link = record.type == "f", record.type == "l"
    properties = [("links", str(record.links))] if is_file and record.links > 1 else []
    if not is_file and not is_link:
        properties.append(("type", record.type))
    return Artifact(
        kind=kind,
        scope=_scope_of(path),
        name=path,
        mode=None if is_link else record.mode,
        owner=people.owner_name(record.uid),
        group=people.group_name(record.gid),
        size_bytes=record.size if is_file else None,
        target=record.target if is_link else "",
        sha256=sha256,
        properties=tuple(properties),
    )


def _is_mask(path: str, target: str) -> bool:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) == "/dev/null"


def _most_offered(area: Area, path: str) -> int:
    vendors = area is Area.GENERATORS and path.startswith(_VENDOR_DIRS)
    return _MAX_VENDOR_SCRIPT_BYTES if vendors else MAX_CONTENT_BYTES
