"""Plants and undoes on a host of the lab."""

from tests.live.attacks.plant import Plant
from tests.live.conftest import Lab

_MAX_SAID = 600


def run_lines(lab: Lab, host: str, lines: str, *, strict: bool) -> str:
    """Run shell lines as root on a host, by standard input.

    Args:
        strict: End at the first command that fails.

    Returns:
        Empty when all is well, or else what was said.
    """
    done = lab.exec(host, "sh", "-e" if strict else "-u", stdin=f"exec 2>&1\ncd /root\n{lines}".encode(), check=False)
    if done.returncode == 0 or not strict:
        return ""
    return done.stdout.decode(errors="replace")[-_MAX_SAID:].strip() or f"ended with {done.returncode}"


def plant(lab: Lab, host: str, planted: Plant) -> str:
    """Plant; give why it could not be, or nothing."""
    return run_lines(lab, host, planted.plant, strict=True)


def undo(lab: Lab, host: str, planted: Plant) -> None:
    """Take all of it away, whatever of it is there."""
    run_lines(lab, host, planted.undo, strict=False)


def systemd_version(lab: Lab, host: str) -> int:
    """Give the version of a host's systemd, `252`."""
    return int(lab.exec(host, "systemctl", "--version").stdout.split()[1])


def has_program(lab: Lab, host: str, program: str) -> bool:
    """Tell whether a host has a program."""
    return lab.exec(host, "sh", "-c", 'command -v "$0"', program, check=False).returncode == 0
