"""Everything that the probe says of what runs and of what the logs tell."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from fleetscan.errors import ParseError
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, RunTrace, UnitProcess
from fleetscan.probe.audit_rules import parse_audit_rules
from fleetscan.probe.people import People
from fleetscan.probe.processes import activated_only, parse_processes
from fleetscan.probe.traces import TraceLog, parse_audit_log, parse_journal
from fleetscan.probe.wire import Frames

_Read = TypeVar("_Read")
_NO_UNIT_FILE = re.compile(r"/transient/|\.(?:wants|requires|upholds)/")
_INSTANCE = re.compile(r"@.*\.", re.DOTALL)

_REASONS = {
    ("processes", ReadStatus.DENIED): "processes of other accounts are hidden here",
    ("processes", ReadStatus.TRUNCATED): "units that timers start have more than 200 processes",
    (
        "journal",
        ReadStatus.DENIED,
    ): "the journal of the system may not be read; membership of systemd-journal allows it",
    ("journal", ReadStatus.MISSING_TOOL): "no journal is kept here, or journalctl is not installed",
    ("journal", ReadStatus.TRUNCATED): "the journal has more starts of units since then than are read",
    ("audit-log", ReadStatus.DENIED): "the audit log may not be read",
    ("audit-log", ReadStatus.TRUNCATED): "the audit log has more records since then than are read",
    ("audit-rules", ReadStatus.DENIED): "the rules of the audit system may not be read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeEvidence:
    """What runs, and what the logs tell.

    Attributes:
        processes: Sorted by scope, unit and pid.
        traces: Oldest first.
        artifacts: Audit rules that watch units, sorted by name.
        gaps: Only of areas that are supplementary.
    """

    processes: tuple[UnitProcess, ...] = ()
    traces: tuple[RunTrace, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    gaps: tuple[Gap, ...] = ()


def read_runtime(frames: Frames, people: People, artifacts: Iterable[Artifact]) -> RuntimeEvidence:
    """Read the four sections that tell of the running host.

    Args:
        frames: By section and scope.
        people: Names of accounts.
        artifacts: Of the managers and the files: loaded timers say what they start, and a unit of a user that has a
            file is no transient one. (Those of the system the probe has left out already.)
    """
    artifacts = tuple(artifacts)
    reader = _Reader(frames)
    no_processes: tuple[UnitProcess, ...] = ()
    no_rules: tuple[Artifact, ...] = ()
    processes = reader.read("processes", Area.PROCESSES, lambda data: parse_processes(data, people), no_processes)
    journal = reader.read("journal", Area.JOURNAL, lambda data: parse_journal(data, people), TraceLog())
    audit = reader.read("audit-log", Area.AUDIT, lambda data: parse_audit_log(data, people), TraceLog())
    rules = reader.read("audit-rules", Area.AUDIT, parse_audit_rules, no_rules)
    for area, log in ((Area.JOURNAL, journal), (Area.AUDIT, audit)):
        if log.unread:
            reader.miss(area, ReadStatus.FAILED, f"{log.unread} records of the log cannot be understood")
    traces = sorted(
        (*_without_files(journal.traces, artifacts), *audit.traces),
        key=lambda trace: (trace.at, trace.source, trace.unit),
    )
    return RuntimeEvidence(
        processes=tuple(activated_only(processes, _activated(artifacts))),
        traces=tuple(traces),
        artifacts=rules,
        gaps=tuple(reader.gaps),
    )


def _activated(artifacts: Iterable[Artifact]) -> frozenset[tuple[Scope, str]]:
    return frozenset(
        (artifact.scope, artifact.property("Unit"))
        for artifact in artifacts
        if artifact.kind is ArtifactKind.LOADED and artifact.name.endswith(".timer")
    )


def _without_files(traces: Iterable[RunTrace], artifacts: Iterable[Artifact]) -> Iterable[RunTrace]:
    names = {
        (artifact.scope, artifact.name.rpartition("/")[2])
        for artifact in artifacts
        if artifact.kind in (ArtifactKind.FILE, ArtifactKind.LINK)
        and artifact.scope != SYSTEM
        and not _NO_UNIT_FILE.search(artifact.name)
    }
    for trace in traces:
        template = _INSTANCE.sub("@.", trace.unit)
        scopes = (user_scope(trace.user), GLOBAL_USER) if trace.user else ()
        if not any((scope, name) in names for scope in scopes for name in (trace.unit, template)):
            yield trace


class _Reader:
    """Parses sections and notes what is missing; what came of a section that ended badly is evidence all the same."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self.gaps: list[Gap] = []

    def read(self, section: str, area: Area, parse: Callable[[bytes], _Read], nothing: _Read) -> _Read:
        frame = self._frames.get((section, SYSTEM))
        if frame is None:
            self.miss(area, ReadStatus.FAILED, f"section {section} never arrived")
            return nothing
        if frame.status is not ReadStatus.OK:
            reason = _REASONS.get((section, frame.status), f"section {section} ended with {frame.detail}")
            self.miss(area, frame.status, reason)
        try:
            return parse(frame.payload)
        except ParseError as error:
            reason = f"section {section} cannot be understood: line {error.line}: {error.message}"
            self.miss(area, ReadStatus.FAILED, reason)
            return nothing

    def miss(self, area: Area, status: ReadStatus, reason: str) -> None:
        self.gaps.append(Gap(area, None, status, None, reason))
