"""From the evidence of a visit to the things that are compared. The only place that asks `systemd` for jobs."""

from collections.abc import Iterable, Sequence

from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.analyse.meaning import LOAD_STATE_KEY, carries_meaning
from fleetscan.analyse.pieces import Pieces
from fleetscan.analyse.sentence import cut_text
from fleetscan.analyse.things import build_things, list_told_folders
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import GLOBAL_USER, Scope, UnitName, scope_user, user_scope
from fleetscan.model.origin import Origin
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from fleetscan.model.unit import Directive, EffectiveUnit, ExecCommand, Job, LoadState, UnitSource, UnitState
from fleetscan.systemd.commands import parse_commands
from fleetscan.systemd.jobs import build_jobs, build_loose_units, find_user
from fleetscan.systemd.reached import ProgramIndex
from fleetscan.systemd.triggers import describe_triggers

_STAMP_PREFIX = "stamp-"
_MAX_SUMMARY = 300


def build_subjects(
    facts: HostFacts, artifacts: Sequence[Artifact], contents: Contents, coverage: Coverage | None = None
) -> tuple[Subject, ...]:
    """Build all subjects of one state of a host.

    Args:
        facts: The host's own account.
        artifacts: The complete evidence of one visit.
        contents: Bytes of unit files by hash.
        coverage: Of the visit; without it no disagreement is claimed that rests on something being absent.

    Returns:
        Sorted by key, no key twice. Of several transient timers with the same content and invented names one stays:
        they are the same thing.
    """
    jobs = build_jobs(facts, artifacts, contents, coverage)
    pieces = Pieces.of(artifacts, list_told_folders(facts, artifacts))
    programs = ProgramIndex.of(artifacts)
    states = {(a.scope, a.name): a.property("state") for a in artifacts if a.kind is ArtifactKind.UNIT_FILE}
    subjects = [_build_job(job, contents, pieces) for job in jobs]
    subjects += [
        _build_unit(unit, states.get((unit.scope, unit.name), ""), contents, pieces, programs)
        for unit in build_loose_units(facts, artifacts, contents, jobs)
    ]
    subjects.extend(build_things(facts, artifacts, contents, pieces))
    subjects.extend(_build_lingering(artifacts))
    subjects.extend(_build_orphan_stamps(artifacts, jobs))
    unique: dict[SubjectKey, Subject] = {}
    for subject in sorted(subjects, key=lambda s: (s.key, s.unit_names)):
        unique.setdefault(subject.key, subject)
    return tuple(seal_subject(subject) for subject in unique.values())


def _build_job(job: Job, contents: Contents, pieces: Pieces) -> Subject:
    schedule = describe_triggers(job.triggers) if job.triggers else ""
    target = job.activates.name if job.activates is not None else ""
    return Subject(
        key=SubjectKey(SubjectKind.JOB, job.scope, job.name),
        fingerprint=UNSEALED,
        unit_names=job.unit_names,
        sources=_collect_sources(job.units),
        directives=_collect_directives(job.units),
        links=tuple(sorted(job.links)),
        triggers=job.triggers,
        commands=job.commands,
        run_as=job.run_as,
        state=job.state,
        transient=any(unit.transient for unit in job.units),
        generated=any(unit.generated for unit in job.units),
        summary=summarise(job.commands, job.run_as, target=target, schedule=schedule),
        unreadable=_collect_unreadable(job.units, contents),
        masked=_collect_masked(job.units, job.state.enabled),
        pieces=pieces.of_units(job.units, sorted(job.links), job.programs),
        disagreements=job.disagreements,
        activations=job.activations,
        descriptions=_collect_descriptions(job.units),
    )


def _build_unit(
    unit: EffectiveUnit, enabled: str, contents: Contents, pieces: Pieces, programs: ProgramIndex
) -> Subject:
    commands = parse_commands(unit)
    run_as = find_user(unit.scope, unit) if commands else ""
    return Subject(
        key=SubjectKey(SubjectKind.UNIT, unit.scope, unit.name),
        fingerprint=UNSEALED,
        unit_names=(unit.name,),
        sources=_collect_sources((unit,)),
        directives=_collect_directives((unit,)),
        commands=commands,
        run_as=run_as,
        state=UnitState(enabled=enabled),
        transient=unit.transient,
        generated=unit.generated,
        summary=summarise(commands, run_as),
        unreadable=_collect_unreadable((unit,), contents),
        masked=_collect_masked((unit,), enabled),
        pieces=pieces.of_units((unit,), (), programs.programs(unit, commands, run_as)),
        descriptions=_collect_descriptions((unit,)),
    )


def _build_lingering(artifacts: Iterable[Artifact]) -> list[Subject]:
    return [
        Subject(
            key=SubjectKey(SubjectKind.LINGER, user_scope(artifact.name), artifact.name),
            fingerprint=UNSEALED,
            run_as=artifact.name,
            summary=f"starts the user manager of {artifact.name} at boot",
        )
        for artifact in artifacts
        if artifact.kind is ArtifactKind.LINGER
    ]


def _build_orphan_stamps(artifacts: Iterable[Artifact], jobs: Iterable[Job]) -> list[Subject]:
    names: dict[Scope, set[str]] = {}
    for job in jobs:
        names.setdefault(job.scope, set()).update({job.name, *job.unit_names})
    subjects = []
    for artifact in artifacts:
        base = artifact.name.rpartition("/")[2]
        if artifact.kind is not ArtifactKind.STAMP or not base.startswith(_STAMP_PREFIX):
            continue
        timer = base.removeprefix(_STAMP_PREFIX)
        known = names.get(artifact.scope, set())
        if scope_user(artifact.scope) is not None:
            known = known | names.get(GLOBAL_USER, set())
        if timer not in known and not _is_instance_of(timer, known):
            key = SubjectKey(SubjectKind.STAMP, artifact.scope, timer)
            subjects.append(Subject(key=key, fingerprint=UNSEALED, summary=f"{timer} ran in the past"))
    return subjects


def _is_instance_of(timer: str, known: Iterable[str]) -> bool:
    """Tell whether a stamp belongs to an instance whose template is there: instances come and go with their links."""
    prefix, at, rest = timer.partition("@")
    return bool(at) and f"{prefix}@.{rest.rpartition('.')[2]}" in known


def _collect_sources(units: Iterable[EffectiveUnit]) -> tuple[UnitSource, ...]:
    return tuple(dict.fromkeys(source for unit in units for source in unit.sources))


def _collect_directives(units: Iterable[EffectiveUnit]) -> tuple[tuple[UnitName, Directive], ...]:
    directives: list[tuple[UnitName, Directive]] = []
    for unit in units:
        if unit.load in (LoadState.NOT_FOUND, LoadState.BAD):
            # A timer that is only in memory, or whose file systemd refuses, is not the same as one on disk.
            origin = Origin(unit.sources[0].path if unit.sources else "", 0)
            directives.append((unit.name, Directive("", LOAD_STATE_KEY, unit.load.value, origin)))
        directives.extend((unit.name, directive) for directive in unit.directives if carries_meaning(directive))
    return tuple(directives)


def _collect_descriptions(units: Iterable[EffectiveUnit]) -> tuple[str, ...]:
    return tuple(cut_text(d.value, _MAX_SUMMARY) for unit in units for d in unit.values("Unit", "Description")[-1:])


def _collect_unreadable(units: Iterable[EffectiveUnit], contents: Contents) -> tuple[str, ...]:
    paths: set[str] = set()
    for unit in units:
        if unit.load is not LoadState.UNREADABLE:
            continue
        unread = {s.path for s in unit.sources if not s.link_target and s.sha256 is None}
        unread |= {s.path for s in unit.sources if s.sha256 is not None and contents(s.sha256) is None}
        paths |= unread or {unit.sources[0].path if unit.sources else unit.name}
    return tuple(sorted(paths))


def _collect_masked(units: Sequence[EffectiveUnit], enabled: str) -> tuple[UnitName, ...]:
    masked = {unit.name for unit in units if unit.load is LoadState.MASKED}
    if enabled.startswith("masked") and units:
        masked.add(units[0].name)
    return tuple(sorted(masked))


def summarise(commands: Sequence[ExecCommand], run_as: str, *, target: str = "", schedule: str = "") -> str:
    """Say in one phrase what a subject does, `runs /usr/bin/x as root, daily`; empty when nothing is known of it.

    Args:
        commands: All of them; the first `ExecStart` is named, or else the first.
        run_as: Empty when unknown.
        target: What the timer starts, named when it runs no command itself.
        schedule: In words, empty when unknown.
    """
    main = next((c for c in commands if c.directive == "ExecStart"), commands[0] if commands else None)
    if main is not None:
        more = f" and {len(commands) - 1} more" if len(commands) > 1 else ""
        what = f"runs {' '.join((main.path, *main.argv[1:]))}{more}" + (f" as {run_as}" if run_as else "")
    elif target:
        what = f"starts {target}"
    else:
        return ""
    what = cut_text(what, _MAX_SUMMARY)
    return f"{what}, {schedule}" if schedule else what
