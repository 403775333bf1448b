"""All that is known of some jobs of a host: what they are made of, what they run, what else starts them."""

import posixpath
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from fleetscan.analyse.meaning import carries_meaning
from fleetscan.errors import UsageError
from fleetscan.export.job_records import (
    DirectiveRecord,
    JobProgramRecord,
    JobRecord,
    SourceRecord,
    TriggerRecord,
    UnitRecord,
)
from fleetscan.model.ids import GLOBAL_USER, HostName, Scope, scope_user
from fleetscan.model.program import Program, ProgramRole, Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind, UnitProcess
from fleetscan.model.unit import EffectiveUnit, Job, UnitSource
from fleetscan.operations.job_parts import (
    record_activations,
    record_command,
    record_disagreements,
    record_process,
    show_mode,
)
from fleetscan.operations.read_jobs import HostJobs, JobReader
from fleetscan.store.store import Store
from fleetscan.systemd.triggers import describe_triggers

_FLAGS = {"i": "immutable", "a": "append-only"}


def describe_jobs(store: Store, host: str, timer: str, scope: str = "*") -> tuple[JobRecord, ...]:
    """Give the jobs of a host whose timer has a name, by scope and name.

    Args:
        store: Where visits are.
        host: Inventory name.
        timer: Name or glob; `.timer` may be left out.
        scope: Scope or glob.

    Raises:
        UsageError: The host was never read, or nothing matches.
    """
    found = JobReader(store).expect(HostName(host))
    jobs = [job for job in found.jobs if fnmatchcase(job.scope, scope) and _is_named(job, timer)]
    if not jobs:
        where = "" if scope == "*" else f" in scope {scope!r}"
        raise UsageError(
            f"no timer of {host!r} is named {timer!r}{where}", hint=f"`fleetscan timers {host}` lists them"
        )
    describer = _Describer(found)
    return tuple(describer.describe(job) for job in jobs)


def _is_named(job: Job, pattern: str) -> bool:
    names = {job.name, *(name for name in job.unit_names if name.endswith(".timer"))}
    return any(fnmatchcase(name, text) for name in names for text in (pattern, f"{pattern}.timer"))


class _Describer:
    def __init__(self, found: HostJobs) -> None:
        self._found = found
        self._artifacts: Mapping[tuple[str, str, str], Artifact] = {a.key: a for a in found.artifacts}
        self._files = {
            a.name: a for kind in (ArtifactKind.LINK, ArtifactKind.FILE) for a in found.artifacts if a.kind is kind
        }

    def describe(self, job: Job) -> JobRecord:
        row = self._found.rows.get((job.scope, job.timer.name))
        places = self._found.places[job.scope, job.name]
        return JobRecord(
            host=self._found.visit.host,
            sweep=self._found.visit.sweep,
            seen_at=self._found.visit.started_at,
            scope=job.scope,
            name=job.name,
            timer=job.timer.name,
            activates=job.activates.name if job.activates is not None else "",
            unit_names=tuple(map(str, job.unit_names)),
            schedule=describe_triggers(job.triggers),
            triggers=tuple(
                TriggerRecord(
                    directive=t.directive, value=t.value, normal=t.normal, path=t.origin.path, line=t.origin.line
                )
                for t in job.triggers
            ),
            next_at=row.next_at if row else None,
            last_at=row.last_at if row else None,
            user=job.run_as,
            enabled=job.state.enabled,
            active=job.state.active,
            listed=job.state.listed,
            transient=any(unit.transient for unit in job.units),
            links=job.links,
            units=tuple(map(self._describe_unit, job.units)),
            commands=tuple(map(record_command, job.commands)),
            programs=tuple(self._describe_program(job.scope, p, places.get(p, ())) for p in job.programs),
            activations=record_activations(job),
            disagreements=record_disagreements(job),
            processes=tuple(record_process(p) for p in self._found.runtime.processes if _is_of(p, job)),
        )

    def _describe_unit(self, unit: EffectiveUnit) -> UnitRecord:
        return UnitRecord(
            name=unit.name,
            load=unit.load.value,
            transient=unit.transient,
            generated=unit.generated,
            problems=unit.problems,
            sources=tuple(map(self._describe_source, unit.sources)),
            directives=tuple(
                DirectiveRecord(
                    section=d.section,
                    key=d.key,
                    value=d.value,
                    path=d.origin.path,
                    line=d.origin.line,
                    has_meaning=carries_meaning(d),
                )
                for d in unit.directives
            ),
        )

    def _describe_source(self, source: UnitSource) -> SourceRecord:
        """Describe a file; of a link what it leads to, for that is what systemd reads."""
        artifact = self._files.get(source.path)
        if source.link_target:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), source.link_target))
            artifact = self._files.get(target, artifact)
        return SourceRecord(
            kind=source.kind.value,
            path=source.path,
            link_target=source.link_target,
            sha256=source.sha256 or "",
            owner=artifact.owner if artifact else "",
            group=artifact.group if artifact else "",
            mode=show_mode(artifact.mode) if artifact else "",
            package=artifact.property("package") if artifact else "",
            verification=(artifact.property("verified") if artifact else "") or Verification.UNKNOWN.value,
            attributes=tuple(_tell_attributes(artifact)) if artifact else (),
        )

    def _describe_program(self, scope: Scope, program: Program, places: tuple[int, ...]) -> JobProgramRecord:
        return JobProgramRecord(
            role=program.role.value,
            path=program.path,
            real_path=program.real_path,
            presence=program.presence.value,
            sha256=program.sha256 or "",
            owner=program.owner,
            mode=show_mode(program.mode),
            package=program.package,
            verification=program.verification.value,
            commands=places,
            directive=program.directive,
            group=program.group,
            size_bytes=program.size_bytes,
            links=program.links,
            exposed=program.exposed,
            variables=tuple(self._tell_variables(scope, program)),
        )

    def _tell_variables(self, scope: Scope, program: Program) -> Iterator[str]:
        key = (ArtifactKind.ENVIRONMENT.value, scope, posixpath.normpath(program.path))
        artifact = self._artifacts.get(key)
        if program.role is ProgramRole.ENVIRONMENT and artifact is not None:
            values = dict(artifact.properties)
            for name in artifact.property("variables").split():
                # A name in small letters is none of those whose value was taken, but could be that of another property.
                yield f"{name}={values[name]}" if name in values and name.isupper() else name


def _tell_attributes(artifact: Artifact) -> Iterator[str]:
    for flag in artifact.property("attributes"):
        yield _FLAGS.get(flag, flag)
    if artifact.property("acl"):
        yield "access control list"
    if label := artifact.property("selinux"):
        yield f"label {label}"


def _is_of(process: UnitProcess, job: Job) -> bool:
    """Tell whether a process runs for a job; what all users share is run by each user's manager."""
    is_shared = job.scope == GLOBAL_USER and scope_user(process.scope) is not None
    return process.unit in job.unit_names and (process.scope == job.scope or is_shared)
