"""Waves: findings that are the same on many hosts and came within days.

A wave lowers nothing by itself. An intruder who reaches many hosts at once makes a wave, too; only packages that vouch
for every member, or a person, say that it is none.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fleetscan.analyse.exceptions import fits_place
from fleetscan.analyse.sentence import name_subject
from fleetscan.model.acceptance import ExceptionKind, FindingException
from fleetscan.model.baseline import Cohort
from fleetscan.model.digest import digest_json
from fleetscan.model.drift import DriftKind, ExplanationKind
from fleetscan.model.finding import Finding, FindingId
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.subject import SubjectKey
from fleetscan.model.wave import Wave, WaveId, WaveMember

_ORDER = tuple(DriftKind)
_BY_PACKAGES = frozenset({ExplanationKind.PACKAGE, ExplanationKind.UNINSTALLED})
_WORDS = {
    DriftKind.ADDED: "is new",
    DriftKind.REMOVED: "is gone",
    DriftKind.CHANGED: "has changed",
    DriftKind.STATE: "is in another state",
    DriftKind.TARGET: "runs or reads another file",
    DriftKind.WRITABLE: "may be written by others than root",
    DriftKind.VIEW: "is told in two ways",
}

_Thing = tuple[SubjectKey, DriftKind, Sha256]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveOptions:
    """From when on the same thing on several hosts is a wave.

    Attributes:
        min_hosts: Hosts within the window that are always enough.
        small_hosts: Hosts of one cohort that are enough where they are much of it.
        small_share: How much of the cohort that must be, between 0 and 1.
        window: Between the first and the last of them, both included.
    """

    min_hosts: int = 5
    small_hosts: int = 3
    small_share: float = 0.2
    window: timedelta = timedelta(days=7)


@dataclass(slots=True)
class _Crowd:
    """The hosts in a window, counted by cohort."""

    options: WaveOptions
    cohort_hosts: Mapping[Cohort, int]
    total: int = 0
    by_cohort: Counter[Cohort] = field(default_factory=Counter)

    def add(self, cohort: Cohort, count: int) -> None:
        self.total += count
        self.by_cohort[cohort] += count

    def is_enough(self) -> bool:
        return self.total >= self.options.min_hosts or any(map(self._is_much, self.by_cohort))

    def _is_much(self, cohort: Cohort) -> bool:
        count, size = self.by_cohort[cohort], self.cohort_hosts.get(cohort, 0)
        return count >= self.options.small_hosts and size > 0 and count >= self.options.small_share * size


def find_waves(
    findings: Iterable[Finding],
    cohort_hosts: Mapping[Cohort, int],
    approvals: Mapping[FindingId, int] | None = None,
    options: WaveOptions | None = None,
) -> tuple[Wave, ...]:
    """Find what reached many hosts within days.

    Only what is known to have come counts (see `appeared_at`). What reached further hosts long before or after stays a
    finding of those hosts alone; what came in several bursts is one wave.

    Args:
        findings: Of one sweep, in any order; at most one of each host and subject.
        cohort_hosts: How many hosts of each cohort were read.
        approvals: As `find_approvals` gives them.
        options: When it is a wave.

    Returns:
        Worst first, then the largest, then by id. Each finding is in one of them at most.
    """
    things: dict[_Thing, list[tuple[WaveMember, Finding]]] = {}
    for finding in findings:
        at, kind = appeared_at(finding), leading_kind(finding)
        if at is not None and kind is not None:
            member = WaveMember(at, finding.host, finding.id)
            things.setdefault((finding.key, kind, finding.content), []).append((member, finding))
    waves: list[Wave] = []
    for thing, found in things.items():
        ordered = sorted(found, key=lambda pair: pair[0])
        reached = _choose_members(ordered, _Crowd(options or WaveOptions(), cohort_hosts))
        if reached:
            waves.append(_build_wave(thing, reached, approvals or {}))
    return tuple(sorted(waves, key=lambda wave: (-wave.severity, -len(wave.members), wave.id)))


def find_approvals(
    findings: Iterable[Finding],
    exceptions: Sequence[FindingException],
    groups: Mapping[HostName, Collection[str]],
    now: datetime,
) -> Mapping[FindingId, int]:
    """Give the findings that belong to waves which a person approved, with the number of the exception.

    An approval holds for the content that the person saw: an exception for a wave that names none approves nothing.
    """
    approving = sorted(
        (e for e in exceptions if e.kind is ExceptionKind.WAVE and e.holds_at(now)),
        key=lambda exception: exception.id,
    )
    by_content: dict[Sha256, list[FindingException]] = {}
    for exception in approving:
        if exception.scope.content is not None:
            by_content.setdefault(exception.scope.content, []).append(exception)
    found: dict[FindingId, int] = {}
    for finding in findings:
        for exception in by_content.get(finding.content, ()):
            if fits_place(exception.scope, finding, groups.get(finding.host, ())):
                found[finding.id] = exception.id
                break
    return found


def appeared_at(finding: Finding) -> datetime | None:
    """Give when the thing came to the host, None when nobody saw it come: the first visit had it already.

    What is gone left no trace of its own; of that the finding's first sight counts.
    """
    kind = leading_kind(finding)
    item = next((item for item in finding.drift if item.kind is kind), None)
    if item is None:
        return None
    if item.kind is DriftKind.REMOVED:
        return finding.life.first_seen_at
    return item.first_seen_at if item.last_absent_at is not None else None


def leading_kind(finding: Finding) -> DriftKind | None:
    """Give in what way a finding differs from what is normal, the gravest first; None when it does not."""
    return min((item.kind for item in finding.drift), key=_ORDER.index, default=None)


def wave_id(key: SubjectKey, kind: DriftKind, content: Sha256) -> WaveId:
    """Name a wave by what came, not by how far it got."""
    return WaveId(digest_json([key.kind.value, key.scope, key.name, kind.value, content])[:16])


def say_wave(wave: Wave) -> str:
    """Say in one sentence what came over how many hosts and when."""
    first, last = f"{wave.first_at:%Y-%m-%d}", f"{wave.last_at:%Y-%m-%d}"
    when = f"on {first}" if first == last else f"between {first} and {last}"
    return f"{name_subject(wave.key)} {_WORDS[wave.kind]} on {len(wave.members)} hosts, {when}"


def _choose_members(
    ordered: Sequence[tuple[WaveMember, Finding]], crowd: _Crowd
) -> Sequence[tuple[WaveMember, Finding]]:
    """Give those that are in any window with enough hosts. Each is added and taken away once."""
    chosen: list[tuple[WaveMember, Finding]] = []
    end = taken = 0
    for start, (member, finding) in enumerate(ordered):
        while end < len(ordered) and ordered[end][0].at - member.at <= crowd.options.window:
            crowd.add(ordered[end][1].cohort, 1)
            end += 1
        if crowd.is_enough():
            chosen.extend(ordered[max(start, taken) : end])
            taken = end
        crowd.add(finding.cohort, -1)
    return chosen


def _build_wave(
    thing: _Thing, reached: Sequence[tuple[WaveMember, Finding]], approvals: Mapping[FindingId, int]
) -> Wave:
    key, kind, content = thing
    worst = min((finding for _member, finding in reached), key=lambda finding: (-finding.severity, finding.host))
    numbers = [approvals.get(finding.id) for _member, finding in reached]
    known = [number for number in numbers if number is not None]
    return Wave(
        id=wave_id(key, kind, content),
        key=key,
        kind=kind,
        content=content,
        members=tuple(member for member, _finding in reached),
        severity=worst.severity,
        technique=worst.techniques[0] if worst.techniques else None,
        explained=all(_is_packages(finding) for _member, finding in reached),
        approved_by=min(known) if len(known) == len(numbers) else None,
    )


def _is_packages(finding: Finding) -> bool:
    """Tell whether packages explain every difference of a finding, and not only one of several."""
    return all(any(proof.kind in _BY_PACKAGES for proof in item.explanations) for item in finding.drift)
