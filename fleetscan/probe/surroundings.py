"""What lies around the unit directories, as one answer: generators, activators, attributes, folders, mounts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.snapshot import Artifact, FileTimes
from fleetscan.probe.attributes import Pairs, find_tool_gaps, parse_attributes
from fleetscan.probe.contents import Offer
from fleetscan.probe.files import is_whole, reader_scope
from fleetscan.probe.mounts import Mount, build_extensions, build_mounts, parse_mounts
from fleetscan.probe.people import People
from fleetscan.probe.starters import build_folder, is_generator_dir, plain_path, read_starters, read_unsearched
from fleetscan.probe.walk import HashedFile, WalkRecord, parse_walk
from fleetscan.probe.wire import Frame, Frames

_AREAS = {
    "activators": (Area.ACTIVATORS,),
    "around": (Area.GENERATORS, Area.ACTIVATORS, Area.MOUNTS),
    "mounts": (Area.MOUNTS,),
}
_UNSEEN_ATTRIBUTES = "immutable flags, access control lists and the folders on the way are not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All that lies around the unit directories.

    Attributes:
        artifacts: Generators, activators, mounts and extensions; generator directories, and the folders on the way to
            unit directories (of which some are told by the walk, too).
        attributes: Properties by path, of what the walk and this found; only what is out of the ordinary.
        gaps: What was not read.
        times: Times of files outside the vendor directories, by path.
        offers: What the host can send, by hash.
        paths: Where each offered hash lies.
    """

    artifacts: tuple[Artifact, ...]
    attributes: Mapping[str, Pairs]
    gaps: tuple[Gap, ...]
    times: Mapping[str, FileTimes]
    offers: Mapping[Sha256, Offer]
    paths: Mapping[Sha256, tuple[str, ...]]


def read_surroundings(frames: Frames, sentinel: str, people: People, hashed: Mapping[str, HashedFile]) -> Surroundings:
    """Understand the sections `activators`, `around`, `attributes` and `mounts`.

    Args:
        frames: By section and scope.
        sentinel: Of this visit.
        people: Accounts and homes.
        hashed: Every hash of the visit by path, as `Files.hashed` has it.
    """
    gaps: list[Gap] = []
    for section in _AREAS:
        gaps += _section_gaps(section, frames.get((section, SYSTEM)))
    unsearched = read_unsearched(_read_records(frames.get(("activators", SYSTEM)), sentinel, gaps), people)
    records = _read_records(frames.get(("around", SYSTEM)), sentinel, gaps)
    starters = read_starters(records, hashed, people)
    mounts = _read_mounts(frames.get(("mounts", SYSTEM)), gaps)
    extensions, extension_gaps = build_extensions(records, mounts, people)
    attributes: dict[str, Pairs] = {}
    folders: list[Artifact] = []
    for frame in _attribute_frames(frames, gaps):
        _add_attributes(frame, sentinel, people, attributes, folders, gaps)
    artifacts: dict[tuple[str, str, str], Artifact] = {}
    for artifact in (*starters.artifacts, *unsearched.artifacts, *build_mounts(mounts, people), *extensions, *folders):
        artifacts.setdefault(artifact.key, artifact)
    return Surroundings(
        artifacts=tuple(artifacts.values()),
        attributes=attributes,
        gaps=(*gaps, *unsearched.gaps, *starters.gaps, *extension_gaps),
        times=starters.times,
        offers=starters.offers,
        paths={sha256: tuple(found) for sha256, found in starters.paths.items()},
    )


def merge_attributes(artifact: Artifact, attributes: Mapping[str, Pairs]) -> tuple[tuple[str, str], ...]:
    """Give the properties of an artifact with those of its path, sorted."""
    return tuple(sorted({**dict(attributes.get(artifact.name, ())), **dict(artifact.properties)}.items()))


def _section_gaps(section: str, frame: Frame | None) -> Iterator[Gap]:
    for area in _AREAS[section]:
        if frame is None:
            yield Gap(area, None, ReadStatus.FAILED, None, f"section {section} never arrived")
        elif not _is_usable(frame):
            yield Gap(area, None, frame.status, None, f"section {section} ended with {frame.detail}")


def _is_usable(frame: Frame) -> bool:
    """Tell whether nothing is missing: for `find` exit status 1 is usual, for `awk` it is not."""
    return frame.status is ReadStatus.OK if frame.section == "mounts" else is_whole(frame)


def _read_records(frame: Frame | None, sentinel: str, gaps: list[Gap]) -> tuple[WalkRecord, ...]:
    if frame is None:
        return ()
    records, bad = parse_walk(frame.payload, sentinel, truncated=not is_whole(frame))
    if bad:
        reason = f"{bad} records of section {frame.section} cannot be read"
        gaps += [Gap(area, None, ReadStatus.FAILED, None, reason) for area in _AREAS[frame.section]]
    return records


def _read_mounts(frame: Frame | None, gaps: list[Gap]) -> tuple[Mount, ...]:
    if frame is None:
        return ()
    mounts, bad = parse_mounts(frame.payload, truncated=not _is_usable(frame))
    if bad:
        gaps.append(Gap(Area.MOUNTS, None, ReadStatus.FAILED, None, f"{bad} mounts cannot be read"))
    return mounts


def _attribute_frames(frames: Frames, gaps: list[Gap]) -> Iterable[Frame]:
    found = [frame for (section, _), frame in frames.items() if section == "attributes"]
    if not found:
        gaps.append(Gap(Area.ATTRIBUTES, None, ReadStatus.FAILED, None, "section attributes never arrived"))
    return found


def _add_attributes(
    frame: Frame,
    sentinel: str,
    people: People,
    attributes: dict[str, Pairs],
    folders: list[Artifact],
    gaps: list[Gap],
) -> None:
    """Add what one reader says: an account's own process is believed of that account's files only."""
    reader = reader_scope(frame.scope, people)
    if not is_whole(frame):
        gaps.append(Gap(Area.ATTRIBUTES, reader, frame.status, None, f"{_UNSEEN_ATTRIBUTES}: {frame.detail}"))
    if frame.status is ReadStatus.MISSING_TOOL:
        return
    told = parse_attributes(frame.payload, sentinel, truncated=not is_whole(frame))
    if told.bad:
        reason = f"{told.bad} lines of section attributes cannot be read"
        gaps.append(Gap(Area.ATTRIBUTES, reader, ReadStatus.FAILED, None, reason))
    if reader is None and is_whole(frame):
        gaps += find_tool_gaps(told, None)
    for path, pairs in told.properties.items():
        name = plain_path(path)
        if reader is None or people.scope_of(name) == reader:
            attributes.setdefault(name, pairs)
    for record in told.folders:
        path = plain_path(record.path)
        scope = people.scope_of(path)
        if (reader is None or scope == reader) and not is_generator_dir(path):
            folders += build_folder(record, people, scope)
