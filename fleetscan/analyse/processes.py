"""Processes of timer units that are not what their units say."""

from collections.abc import Iterable, Mapping

from fleetscan.analyse.places import OPEN_TO_ALL
from fleetscan.model.ids import UnitName
from fleetscan.model.snapshot import UnitProcess

_OF_PACKAGES = ("/usr/bin/", "/usr/sbin/", "/usr/lib", "/bin/", "/sbin/", "/lib", "/opt/")
_DELETED = " (deleted)"
_IN_MEMORY = "/memfd:"
_RUNTIME = "/run/user/"


def find_odd_processes(processes: Iterable[UnitProcess]) -> Mapping[UnitName, tuple[UnitProcess, ...]]:
    """Give, by unit, the processes whose program is deleted, in memory only or in a temporary directory.

    Those that an update does not explain come first: however many others there are, they are among the first few.
    """
    found: dict[UnitName, list[UnitProcess]] = {}
    for process in processes:
        path = process.executable
        if path.endswith(_DELETED) or path.startswith((_IN_MEMORY, _RUNTIME, *OPEN_TO_ALL)):
            found.setdefault(process.unit, []).append(process)
    return {unit: tuple(sorted(group, key=may_be_update)) for unit, group in found.items()}


def may_be_update(process: UnitProcess) -> bool:
    """Tell whether a program lies where packages put theirs, so that it may have been replaced by another version."""
    return process.executable.startswith(_OF_PACKAGES)
