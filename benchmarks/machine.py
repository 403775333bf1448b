"""What the figures depend on: processor and versions."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

import fleetscan
from benchmarks.servers import find_program


def describe_machine() -> dict[str, str]:
    """Give the processor, the cores and the versions of everything that takes part in a visit."""
    said = subprocess.run([find_program("ssh"), "-V"], capture_output=True, text=True, check=True).stderr.strip()
    return {**describe_program(), "OpenSSH": said}


def describe_program() -> dict[str, str]:
    """Give the processor, the cores and the versions of what runs without any host."""
    libraries = ("asyncssh", "uvloop", "cryptography", "sqlalchemy")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "fleetscan": fleetscan.__version__,
        "Python": platform.python_version(),
        "libraries": ", ".join(f"{name} {version(name)}" for name in libraries) + f", SQLite {sqlite3.sqlite_version}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
