"""Frames into evidence: artifacts, facts, runtime state, and a gap for everything that is not there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter

from fleetscan.errors import VisitError
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.outcome import FailureKind
from fleetscan.model.snapshot import Artifact, FileTimes, HostFacts, RunTrace, TimerRow, UnitProcess
from fleetscan.probe.allowed import read_allowed
from fleetscan.probe.contents import Offer
from fleetscan.probe.facts import parse_facts
from fleetscan.probe.files import OWN_RIGHTS, area_of, read_files
from fleetscan.probe.managers import read_managers
from fleetscan.probe.people import People, parse_people
from fleetscan.probe.runtime import read_runtime
from fleetscan.probe.surroundings import merge_attributes, read_surroundings
from fleetscan.probe.wire import Frame, Frames

_FILE_SECTIONS = (
    ("users", Area.USERS),
    ("homes", Area.USERS),
    ("runtimes", Area.USERS),
    ("denied", Area.FILES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything of a visit except file contents.

    Attributes:
        artifacts: Sorted by key, no key twice.
        offers: What the host can send, by hash.
        paths: Where each offered hash lies.
        people: Accounts and homes.
        merged_usr: Whether `/lib` is `/usr/lib`.
    """

    facts: HostFacts
    artifacts: tuple[Artifact, ...]
    gaps: tuple[Gap, ...]
    timers: tuple[TimerRow, ...]
    processes: tuple[UnitProcess, ...]
    traces: tuple[RunTrace, ...]
    times: Mapping[str, FileTimes]
    remote_at: datetime | None
    offers: Mapping[Sha256, Offer]
    paths: Mapping[Sha256, tuple[str, ...]]
    people: People
    merged_usr: bool


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
        by_key.get(("users", SYSTEM)),
        by_key.get(("homes", SYSTEM)),
        by_key.get(("runtimes", SYSTEM)),
        facts.managers,
        facts.unit_path,
    )
    gaps += [
        *people.gaps,
        *_section_gaps(by_key),
        *_missing_walk(by_key),
        *_denied_gaps(by_key.get(("denied", SYSTEM)), people),
    ]
    merged_usr = said.get("merged_usr") == "1"
    managers = read_managers(by_key, facts.systemd_version, merged_usr=merged_usr)
    files = read_files(tuple(by_key.values()), sentinel, people)
    around = read_surroundings(by_key, sentinel, people, files.hashed)
    running = read_runtime(by_key, people, (*managers.artifacts, *files.artifacts))
    allowed = read_allowed(by_key, sentinel, people, (*managers.artifacts, *files.artifacts))
    artifacts: dict[tuple[str, str, str], Artifact] = {}
    for artifact in (
        *files.artifacts,
        *managers.artifacts,
        *around.artifacts,
        *running.artifacts,
        *allowed.artifacts,
    ):
        if artifact.key not in artifacts:
            properties = merge_attributes(artifact, around.attributes)
            artifacts[artifact.key] = replace(artifact, properties=properties) if properties else artifact
    return Listing(
        facts=facts,
        artifacts=tuple(artifact for _, artifact in sorted(artifacts.items(), key=itemgetter(0))),
        gaps=Coverage.of([*gaps, *managers.gaps, *files.gaps, *around.gaps, *running.gaps, *allowed.gaps]).gaps,
        timers=managers.timers,
        processes=running.processes,
        traces=running.traces,
        times={**around.times, **files.times},
        remote_at=_instant(said.get("clock", "")),
        offers={**around.offers, **files.offers},
        paths={**around.paths, **files.paths},
        people=people,
        merged_usr=merged_usr,
    )


def _section_gaps(frames: Frames) -> Iterable[Gap]:
    """Give a gap for every area of the file side that ended badly or never arrived."""
    for section, area in _FILE_SECTIONS:
        frame = frames.get((section, SYSTEM))
        if frame is None:
            yield Gap(area, None, ReadStatus.FAILED, None, f"section {section} never arrived")
        elif frame.status is not ReadStatus.OK:
            yield Gap(area, None, frame.status, None, f"section {section} ended with {frame.detail}")


def _missing_walk(frames: Frames) -> Iterable[Gap]:
    if ("walk", OWN_RIGHTS) not in frames:
        yield Gap(Area.FILES, None, ReadStatus.FAILED, None, "section walk never arrived")


def _denied_gaps(frame: Frame | None, people: People) -> Iterable[Gap]:
    for line in (frame.payload if frame else b"").decode("utf-8", "surrogateescape").split("\n"):
        status, _, directory = line.partition(":")
        path = "/" + directory
        area, scope = area_of(path), people.scope_of(path + "/")
        if status == "denied":
            yield Gap(area, scope, ReadStatus.DENIED, path, "the directory may not be read")
        elif status == "link-out":
            yield Gap(area, scope, ReadStatus.NOT_TRIGGERED, path, "a link in place of a directory; it is not followed")


def _instant(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal()) or len(text) > 11:
        return None
    return datetime.fromtimestamp(int(text), UTC)
