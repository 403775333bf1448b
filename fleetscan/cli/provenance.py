"""Where a file comes from, in words and as a short mark."""

from collections.abc import Sequence

from fleetscan.export.job_records import JobProgramRecord, ProgramRecord, SourceRecord

_HASH_CHARS = 12
_STYLES = {"changed": "red", "no package": "yellow", "not there": "yellow", "not read": "yellow"}


def find_marks(programs: Sequence[ProgramRecord], command: int) -> tuple[str, ...]:
    """Give what is out of the ordinary with the programs of one command; nothing where all is verified or unknown.

    Args:
        programs: Of the job.
        command: Place of the command, from 0.
    """
    marks = (_mark(program) for program in programs if command in program.commands)
    return tuple(dict.fromkeys(mark for mark in marks if mark))


def tell_presence(program: ProgramRecord) -> str:
    """Say that a file was not found; empty when it was."""
    return {"absent": "not there", "unread": "not read"}.get(program.presence, "")


def tell_facts(file: JobProgramRecord | SourceRecord) -> str:
    """Say whose a file is and where it comes from: `root:root 0755 · package coreutils, verified · sha256 …`."""
    owner = f"{file.owner}:{file.group} {file.mode}".strip(": ") if file.owner else ""
    digest = f"sha256 {file.sha256[:_HASH_CHARS]}" if file.sha256 else "no hash"
    return " · ".join(filter(None, (owner, tell_package(file.package, file.verification), digest)))


def tell_package(package: str, verification: str) -> str:
    """Say what the package database says of a file."""
    words = {
        "verified": f"package {package}, verified",
        "changed": f"package {package}, changed: not what it installed",
        "changed configuration": f"package {package}, configuration that was changed",
        "owned": f"package {package}, without a digest to compare",
        "unowned": "no package",
    }
    return words.get(verification, "package not known")


def style_of(program: ProgramRecord) -> str:
    """Give the colour of what is out of the ordinary with a file."""
    return _STYLES.get(tell_presence(program) or _mark(program), "")


def _mark(program: ProgramRecord) -> str:
    if program.presence == "absent":
        return "not there"
    return {"changed": "changed", "unowned": "no package"}.get(program.verification, "")
