"""Detections that compare: files, links, and whether there is a baseline at all."""

import posixpath
from collections.abc import Iterable, Iterator

from fleetscan.analyse.controls.evidence import ON_DISK, VisitEvidence, conclude, count_of, line_of, path_of, tell_gap
from fleetscan.analyse.places import OPEN_TO_ALL
from fleetscan.model.control import Control, ControlResult
from fleetscan.model.coverage import Area
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import GLOBAL_USER, SYSTEM
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import SubjectKind

FILES = Control(
    id="T1053.006-DET-1",
    title="Files of unit directories are as expected",
    checks="Units and drop-ins of the system, of all users and of each user, compared with the approved baseline, or "
    "with the peers while there is none.",
)
LINKS = Control(
    id="T1053.006-DET-2",
    title="Links of unit directories are as expected and lead to units",
    checks="What is enabled, masked or linked, compared as the files are; and links that lead into temporary "
    "directories or homes, or to nothing.",
)
BASELINE = Control(
    id="T1053.006-DET-4",
    title="The host was compared with a trusted baseline",
    checks="Whether an approved baseline of its cohort exists, and all of the host could be compared with it.",
)

_OF_FILES = frozenset({DriftKind.ADDED, DriftKind.REMOVED, DriftKind.CHANGED})
_OF_UNITS = frozenset({SubjectKind.JOB, SubjectKind.UNIT, SubjectKind.GENERATOR, SubjectKind.ACTIVATOR})
_AREAS = (Area.FILES, Area.CONTENT, Area.USERS)
_VENDOR = ("/usr/lib/", "/lib/", "/usr/share/")
_PRIVATE = ("/home/", "/root/", "/run/user/")
_MAX_HOPS = 8


def check_files(evidence: VisitEvidence) -> ControlResult:
    """Compare the files of units."""
    found = _drifted(evidence, _OF_FILES)
    compared = evidence.drift.reference if evidence.drift else ""
    count = sum(1 for _ in evidence.state.of_kind(ArtifactKind.FILE))
    fine = f"{count_of(count, 'file')} compared with {compared}; nothing differs that is not explained"
    return conclude(FILES, map(_tell_item, found), _uncompared(evidence), fine)


def check_links(evidence: VisitEvidence) -> ControlResult:
    """Compare links, and follow them."""
    links = tuple(evidence.state.of_kind(ArtifactKind.LINK))
    faults = [*map(_tell_item, _drifted(evidence, {DriftKind.STATE})), *_find_strays(evidence, links)]
    compared = evidence.drift.reference if evidence.drift else ""
    fine = f"{count_of(len(links), 'link')} compared with {compared}; none leads astray"
    return conclude(LINKS, faults, _uncompared(evidence), fine)


def check_baseline(evidence: VisitEvidence) -> ControlResult:
    """See whether the host was measured by something that a person approved."""
    drift, baseline = evidence.drift, evidence.baseline
    if drift is None:
        return conclude(BASELINE, (), [line_of("the inventory no longer has this host")], "")
    if baseline is None:
        instead = f"; it was compared with {drift.reference}" if drift.reference else ""
        return conclude(BASELINE, [line_of(f"no baseline of {drift.cohort} is approved{instead}")], (), "")
    approval = baseline.approval
    fine = f"baseline {baseline.version} of {drift.cohort}, approved by {approval.author}: {approval.reason}"
    unread = [line_of(f"not compared: {text}") for text in drift.not_compared]
    if not evidence.is_measured:
        unread.append(line_of(f"there is a baseline, and the host was compared with {drift.reference or 'nothing'}"))
    return conclude(BASELINE, (), unread, fine)


def _drifted(evidence: VisitEvidence, kinds: Iterable[DriftKind]) -> Iterator[DriftItem]:
    for item in evidence.drift.items if evidence.drift else ():
        if item.kind in kinds and item.key.kind in _OF_UNITS and not item.explanations:
            yield item


def _tell_item(item: DriftItem) -> EvidenceLine:
    return line_of(item.sentence, path_of(item.subject))


def _uncompared(evidence: VisitEvidence) -> Iterator[EvidenceLine]:
    if not evidence.is_compared:
        yield line_of("there was nothing to compare with: no baseline, and too few peers")
    yield from map(tell_gap, evidence.state.gaps(*_AREAS))
    if evidence.drift is not None:
        yield from (line_of(f"not compared: {text}") for text in evidence.drift.not_compared)


def _find_strays(evidence: VisitEvidence, links: Iterable[Artifact]) -> Iterator[EvidenceLine]:
    """Give links that lead where no unit should lie, or nowhere. What a package left dangling is its own affair."""
    by_name = {a.name: a for a in evidence.state.of_kind(*ON_DISK, ArtifactKind.DIRECTORY)}
    unread = evidence.state.gaps(Area.FILES)
    for link in links:
        end = _follow(link, by_name)
        if end == "/dev/null":
            continue
        told = f"{link.name} → {link.target}"
        if end.startswith(OPEN_TO_ALL) or (end.startswith(_PRIVATE) and link.scope in (SYSTEM, GLOBAL_USER)):
            yield line_of(f"{told} leads to {end}", link.name)
        elif (
            end not in by_name
            and not link.name.startswith(_VENDOR)
            and not any(gap.hides(Area.FILES, link.scope, end) for gap in unread)
        ):
            yield line_of(f"{told} leads to nothing that was found", link.name)


def _follow(link: Artifact, by_name: dict[str, Artifact]) -> str:
    """Give where a link ends, as far as it was seen; `/lib` is `/usr/lib` where that is what was seen."""
    current = link
    end = link.name
    for _ in range(_MAX_HOPS):
        end = posixpath.normpath(posixpath.join(posixpath.dirname(current.name), current.target))
        if end not in by_name and f"/usr{end}" in by_name:
            end = f"/usr{end}"
        following = by_name.get(end)
        if following is None or following.kind is not ArtifactKind.LINK:
            break
        current = following
    return end
