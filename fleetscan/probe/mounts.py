"""Mounts on, in and above the unit directories, and system extensions that are merged into a hierarchy."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fleetscan.model.coverage import Area, Gap
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.people import People
from fleetscan.probe.starters import build_folder, find_folder_gaps, plain_path
from fleetscan.probe.walk import WalkRecord

_ESCAPE = re.compile(rb"\\([0-3][0-7]{2})")
_FIELDS = 7
_MAX_TEXT = 1024
# Numbers that the kernel gives out in the order of use.
_NUMBERED = re.compile(r"(/dev/(?:loop|dm-|nbd|zram|ram|md))[0-9]+(?:p[0-9]+)?")
_HIERARCHIES = ("/usr", "/etc")
_IMAGE_DIR = re.compile(r"/(?:etc|run|var/lib|usr/lib|usr/local/lib)/(extensions|confexts)")
_LAYER = re.compile(r"/extensions/([^/:,]{1,255})/(?:usr|opt|etc)(?![^:,])")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo, without anything that changes at each boot.

    Attributes:
        device: `major:minor`, only to be compared within one visit.
        root: Path within the file system that is mounted.
        at: Where it is mounted.
        options: Options of this mount, `rw,relatime`.
        layers: Options of the file system, only of overlays on a hierarchy.
    """

    device: str
    root: str
    at: str
    options: tuple[str, ...]
    fstype: str
    source: str
    layers: str


def parse_mounts(payload: bytes, *, truncated: bool) -> tuple[tuple[Mount, ...], int]:
    """Read lines of device, root, mount point, options, type, source and layers.

    Returns:
        The mounts in the order in which they were made, and how many lines could not be read.

    Source: proc_pid_mountinfo(5); octal escapes as the kernel writes them.
    """
    lines = payload.split(b"\n")
    mounts = []
    bad = 0
    for line in lines[:-1] if truncated else lines:
        fields = [_decode(piece) for piece in line.split(b" ", _FIELDS - 1)]
        if len(fields) == _FIELDS and fields[2].startswith("/"):
            device, root, at, options, fstype, source, layers = fields
            mounts.append(Mount(device, root, at, tuple(options.split(",")), fstype, source, layers))
        elif line:
            bad += 1
    return tuple(mounts), bad


def build_mounts(mounts: Sequence[Mount], people: People) -> Iterator[Artifact]:
    """Build one artifact for each mount point; of several mounts on one, the last is what is seen.

    The root itself is none, and neither are `/usr` and `/etc` when they are file systems of their own: that is how
    hosts are made. They are when something else of this host is bound over them, when they are overlays, and when
    they are mounted more than once.
    """
    counts = Counter(mount.at for mount in mounts)
    roots = [mount for mount in mounts if mount.at == "/"]
    for at, mount in {mount.at: mount for mount in mounts}.items():
        if at == "/" or (at in _HIERARCHIES and counts[at] == 1 and _is_plain(mount, roots)):
            continue
        properties = {
            "fstype": mount.fstype[:_MAX_TEXT],
            "options": "ro" if "ro" in mount.options else "rw",
            "root": mount.root[:_MAX_TEXT],
            "source": _NUMBERED.sub(r"\1", mount.source)[:_MAX_TEXT],
        }
        if counts[at] > 1:
            properties["stacked"] = str(counts[at])
        yield Artifact(
            kind=ArtifactKind.MOUNT, scope=people.scope_of(at), name=at, properties=tuple(sorted(properties.items()))
        )


def build_extensions(
    records: Iterable[WalkRecord], mounts: Sequence[Mount], people: People
) -> tuple[list[Artifact], list[Gap]]:
    """Build an artifact for each extension that lies ready or is merged.

    One that is merged although its image is gone is named by its name alone, all others by the path of the image.
    """
    merged = {
        kind: {name for mount in mounts if mount.at in places for name in _LAYER.findall(mount.layers)}
        for kind, places in (("extensions", ("/usr", "/opt")), ("confexts", ("/etc",)))
    }
    artifacts: list[Artifact] = []
    gaps: list[Gap] = []
    seen: set[tuple[str, str]] = set()
    for record in records:
        path = plain_path(record.path)
        if _IMAGE_DIR.fullmatch(path):
            artifacts += build_folder(record, people, SYSTEM)
            gaps += find_folder_gaps(record, Area.MOUNTS, SYSTEM)
        elif (place := _IMAGE_DIR.fullmatch(posixpath.dirname(path))) is not None:
            name = posixpath.basename(path).removesuffix(".v").removesuffix(".raw")
            seen.add((place[1], name))
            artifacts.append(_build_image(record, path, people, merged=name in merged[place[1]]))
    for kind, names in merged.items():
        artifacts += [
            Artifact(
                kind=ArtifactKind.EXTENSION, scope=SYSTEM, name=name, properties=(("merged", "yes"), ("place", kind))
            )
            for name in sorted(names)
            if (kind, name) not in seen
        ]
    return artifacts, gaps


def _build_image(record: WalkRecord, path: str, people: People, *, merged: bool) -> Artifact:
    is_link = record.type == "l"
    return Artifact(
        kind=ArtifactKind.EXTENSION,
        scope=SYSTEM,
        name=path,
        mode=None if is_link else record.mode,
        owner=people.owner_name(record.uid),
        group=people.group_name(record.gid),
        size_bytes=record.size if record.type == "f" else None,
        target=record.target if is_link else "",
        properties=(("merged", "yes" if merged else "no"),),
    )


def _is_plain(mount: Mount, roots: Sequence[Mount]) -> bool:
    """Tell a file system of its own, or a directory of the root file system that is bound onto itself."""
    if mount.fstype == "overlay":
        return False
    for root in roots:
        top = root.root.rstrip("/")
        if mount.device == root.device and mount.root.startswith(top + "/"):
            return mount.root == top + mount.at or mount.root == "/"
    return True


def _decode(field: bytes) -> str:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), field).decode("utf-8", "surrogateescape")
