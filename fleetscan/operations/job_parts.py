"""Records of the parts of jobs: programs, commands, disagreements, activations, processes."""

from collections.abc import Mapping, Sequence

from fleetscan.export.job_records import (
    ActivationRecord,
    CommandRecord,
    DisagreementRecord,
    ProcessRecord,
    ProgramRecord,
)
from fleetscan.model.ids import Scope
from fleetscan.model.program import Program
from fleetscan.model.snapshot import UnitProcess
from fleetscan.model.unit import ExecCommand, Job
from fleetscan.systemd.programs import find_places

_PREFIXES = {
    "-": "its failure counts as success",
    "@": "its argv[0] is set apart from its path",
    ":": "variables are not substituted",
    "+": "with full rights: User=, Group= and the sandbox are not applied",
    "!": "with root's rights: User= and Group= are not applied",
    "!!": "as with !, but only on kernels without ambient capabilities",
    "|": "given to the account's shell",
}
"""What the characters before a command do. Source: systemd.service(5), "Command lines"."""

Places = Mapping[Program, tuple[int, ...]]
"""The places of the commands that run or read a program, by program."""


def place_programs(job: Job, homes: Mapping[Scope, str]) -> Places:
    """Tell which commands of a job each of its programs belongs to.

    Args:
        job: Any.
        homes: Homes of users, as `systemd.reached.find_homes` gives them.
    """
    if job.activates is None:
        return {}
    places: dict[Program, set[int]] = {program: set() for program in job.programs}
    for ref, numbers in find_places(job.activates, job.commands, homes.get(job.scope)).items():
        names = {ref.name, *ref.candidates}
        for program in job.programs:
            if program.role is ref.role and program.directive == ref.directive and program.path in names:
                places[program].update(numbers)
    return {program: tuple(sorted(numbers)) for program, numbers in places.items()}


def show_mode(mode: int | None) -> str:
    """Spell permission bits, `0755`; empty for none."""
    return "" if mode is None else f"{mode:04o}"


def record_programs(programs: Sequence[Program], places: Places) -> tuple[ProgramRecord, ...]:
    """Give the short records of programs."""
    return tuple(
        ProgramRecord(
            role=program.role.value,
            path=program.path,
            real_path=program.real_path,
            presence=program.presence.value,
            sha256=program.sha256 or "",
            owner=program.owner,
            mode=show_mode(program.mode),
            package=program.package,
            verification=program.verification.value,
            commands=places.get(program, ()),
        )
        for program in programs
    )


def record_disagreements(job: Job) -> tuple[DisagreementRecord, ...]:
    """Give the records of the contradictions between views of a job."""
    return tuple(DisagreementRecord(kind=d.kind.value, unit=d.unit, detail=d.detail) for d in job.disagreements)


def record_activations(job: Job) -> tuple[ActivationRecord, ...]:
    """Give the records of what else starts a job's units."""
    return tuple(
        ActivationRecord(
            kind=a.kind.value, unit=a.unit, by=a.by, directive=a.directive, path=a.origin.path, line=a.origin.line
        )
        for a in job.activations
    )


def record_command(command: ExecCommand) -> CommandRecord:
    """Give the record of a command, with what its prefixes do."""
    kinds = [kind for kind in dict.fromkeys(command.prefixes) if kind in _PREFIXES]
    if command.prefixes.count("!") > 1:
        kinds = ["!!" if kind == "!" else kind for kind in kinds]
    return CommandRecord(
        directive=command.directive,
        prefixes=command.prefixes,
        meaning=tuple(f"{kind}: {_PREFIXES[kind]}" for kind in kinds),
        path=command.path,
        argv=command.argv,
        raw=command.raw,
        file=command.origin.path,
        line=command.origin.line,
    )


def record_process(process: UnitProcess) -> ProcessRecord:
    """Give the record of a process."""
    return ProcessRecord(
        scope=process.scope,
        unit=process.unit,
        pid=process.pid,
        parent_pid=process.parent_pid,
        user=process.user,
        started_at=process.started_at,
        command=process.command,
        executable=process.executable,
    )
