"""Processes of timer units that are not what their units say."""

from collections.abc import Iterable, Mapping

from fleetscan.analyse.places import OPEN_TO_ALL
from fleetscan.model.ids import UnitName
from fleetscan.model.snapshot import UnitProcess

_DELETED = " (deleted)"
_IN_MEMORY = "/memfd:"
_RUNTIME = "/run/user/"


def find_odd_processes(processes: Iterable[UnitProcess]) -> Mapping[UnitName, tuple[UnitProcess, ...]]:
    """Give, by unit, the processes whose program is deleted, in memory only or in a temporary directory."""
    found: dict[UnitName, list[UnitProcess]] = {}
    for process in processes:
        path = process.executable
        if path.endswith(_DELETED) or path.startswith((_IN_MEMORY, _RUNTIME, *OPEN_TO_ALL)):
            found.setdefault(process.unit, []).append(process)
    return {unit: tuple(group) for unit, group in found.items()}
