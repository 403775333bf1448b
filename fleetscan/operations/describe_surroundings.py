"""What is out of the ordinary around the jobs of one host."""

from collections.abc import Iterable

from fleetscan.export.surroundings import SurroundingsRecord, TraceRecord
from fleetscan.model.program import Presence, ProgramRole, Verification
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.unit import Job
from fleetscan.operations.job_parts import record_disagreements
from fleetscan.operations.read_jobs import HostJobs

_HIERARCHIES = frozenset({"/etc", "/lib", "/usr", "/usr/lib"})


def describe_surroundings(found: HostJobs) -> SurroundingsRecord:
    """Collect what is out of the ordinary on a host; programs once, however many jobs run them, each list sorted."""
    programs = [p for job in found.jobs for p in job.programs if p.role is not ProgramRole.ENVIRONMENT]
    disagreements = {
        record: None
        for job in found.jobs
        for record, told in zip(record_disagreements(job), job.disagreements, strict=True)
        if not _is_usual(job, told)
    }
    return SurroundingsRecord(
        unowned=_unique(p.real_path for p in programs if p.verification is Verification.UNOWNED),
        changed=_unique(p.real_path for p in programs if p.verification is Verification.CHANGED),
        absent=_unique(p.path for p in programs if p.presence is Presence.ABSENT),
        disagreements=tuple(disagreements),
        generators=_unique(a.name for a in found.artifacts if _is_strange_generator(a)),
        mounts=_unique(a.name for a in found.artifacts if _is_over_units(a)),
        traces=tuple(
            TraceRecord(
                source=trace.source.value,
                at=trace.at,
                unit=trace.unit,
                command=trace.command,
                user=trace.user,
                event=trace.event,
            )
            for trace in found.runtime.traces
        ),
    )


def _is_usual(job: Job, disagreement: Disagreement) -> bool:
    """Tell a timer that is not in memory because it is not enabled from one that ought to be there."""
    is_dormant = disagreement.kind is DisagreementKind.NEVER_LOADED
    return is_dormant and not job.state.enabled.startswith("enabled")


def _unique(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(paths)))


def _is_strange_generator(artifact: Artifact) -> bool:
    strange = (Verification.UNOWNED.value, Verification.CHANGED.value)
    return artifact.kind is ArtifactKind.GENERATOR and artifact.property("verified") in strange


def _is_over_units(artifact: Artifact) -> bool:
    """Tell a mount that hides units from those that merely hold them: `/run` and `/home` are mounts on every host."""
    is_mount = artifact.kind is ArtifactKind.MOUNT
    return is_mount and (artifact.name in _HIERARCHIES or "systemd" in artifact.name.split("/"))
