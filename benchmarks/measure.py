"""Run one tool in a process of its own and take the CPU time of that process and its descendants."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one run of a tool took.

    Attributes:
        cpu_s: User and system time of the tool's process and of every process below it.
        wall_s: From start to end.
        exit_status: Negative for a signal.
        output: Standard output.
        errors: Standard error.
    """

    cpu_s: float
    wall_s: float
    exit_status: int
    output: bytes
    errors: bytes


def run_measured(
    command: Sequence[str], output: Path, *, folder: Path, env: Mapping[str, str], given: str = ""
) -> Usage:
    """Run a command.

    The servers are children of this process and not of the command, so their time is not in the result: the kernel
    adds to a process only what it has waited for itself.

    Args:
        command: Program and arguments.
        output: File that takes standard output; appended to, so that many processes can write to it.
        folder: Where it runs.
        env: Environment variables beside those of this process.
        given: Text for standard input.
    """
    source = output.with_suffix(".in")
    source.write_text(given)
    output.unlink(missing_ok=True)
    errors = output.with_suffix(".err")
    errors.unlink(missing_ok=True)
    with source.open("rb") as stdin, output.open("ab") as stdout, errors.open("ab") as stderr:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=stderr, cwd=folder, env={**os.environ, **env}
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(
        cpu_s=usage.ru_utime + usage.ru_stime,
        wall_s=wall_s,
        exit_status=process.returncode,
        output=output.read_bytes(),
        errors=errors.read_bytes(),
    )
