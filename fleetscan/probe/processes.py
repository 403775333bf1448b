"""Processes of units that timers start, as the probe reads them from `/proc`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fleetscan.errors import ParseError
from fleetscan.model.ids import SYSTEM, Scope, UnitName, user_scope
from fleetscan.model.snapshot import UnitProcess
from fleetscan.probe.people import People

_MAX_COMMAND = 1024
_MAX_PATH = 4096
# What user space is told in is 100 on every architecture that systemd still runs on, whatever the kernel counts in.
_TICKS_PER_S = 100
_LATEST_S = 253_402_300_799  # year 9999
_MANAGER = "user@"


@dataclass(slots=True)
class _Record:
    """The lines of one process."""

    pid: int
    parent_pid: int
    ticks: int | None
    uid: int
    group: str = ""
    executable: str = ""
    words: list[str] = field(default_factory=list)


def parse_processes(payload: bytes, people: People) -> tuple[UnitProcess, ...]:
    """Read the section `processes`; a process that ended while it was read is left out.

    Returns:
        Sorted by scope, unit and pid.

    Raises:
        ParseError: A line is none of those that the probe writes, or belongs to no process.

    Source:
        proc(5), `/proc/PID/stat`, `/proc/PID/cgroup`; cgroups(7).
    """
    boot_s, records = _read_lines(payload)
    found = [process for record in records if (process := _build(record, boot_s, people)) is not None]
    return tuple(sorted(found, key=lambda process: (process.scope, process.unit, process.pid)))


def unit_of_group(path: str, people: People) -> tuple[Scope, UnitName] | None:
    """Tell whose manager runs a control group, and as which service; None when it is not that of a service.

    What lies below the group of a service is the service's own business (a container, say), except below that of a
    user's manager, which has services of its own.
    """
    scope = SYSTEM
    for part in path.split("/"):
        if not part.endswith(".service"):
            continue
        uid = part.removeprefix(_MANAGER).removesuffix(".service")
        if scope == SYSTEM and part.startswith(_MANAGER) and _number(uid) is not None:
            scope = user_scope(people.owner_name(int(uid)))
            continue
        return scope, UnitName(part)
    return None


def _read_lines(payload: bytes) -> tuple[int | None, list[_Record]]:
    boot_s: int | None = None
    records: list[_Record] = []
    current: _Record | None = None
    for number, line in enumerate(payload.decode("utf-8", "surrogateescape").split("\n"), start=1):
        kind, space, rest = line.partition(" ")
        if not line:
            continue
        if kind == "b" and not records:
            boot_s = _number(rest)
        elif kind == "p":
            current = _begin(rest)
            if current is not None:
                records.append(current)
        elif kind not in ("g", "e", "c") or not space:
            raise ParseError(f"unknown line {line[:40]!r}", line=number)
        elif current is not None:
            _add(current, kind, rest)
    return boot_s, records


def _begin(rest: str) -> _Record | None:
    """Start a process; None for one that ended before its numbers were read."""
    pid, parent, ticks, uid = [*(_number(word) for word in rest.split(" ")), None, None, None, None][:4]
    if pid is None or parent is None or uid is None:
        return None
    return _Record(pid, parent, ticks, uid)


def _add(record: _Record, kind: str, rest: str) -> None:
    if kind == "g":
        record.group = rest[:_MAX_PATH]
    elif kind == "e":
        record.executable = rest[:_MAX_PATH]
    else:
        record.words.append(rest)


def _build(record: _Record, boot_s: int | None, people: People) -> UnitProcess | None:
    place = unit_of_group(record.group, people)
    if place is None:
        return None
    scope, unit = place
    return UnitProcess(
        scope=scope,
        unit=unit,
        pid=record.pid,
        parent_pid=record.parent_pid,
        user=people.owner_name(record.uid),
        started_at=_started_at(boot_s, record.ticks),
        command=" ".join(record.words)[:_MAX_COMMAND],
        executable=record.executable,
    )


def _started_at(boot_s: int | None, ticks: int | None) -> datetime | None:
    if boot_s is None or ticks is None or boot_s + ticks // _TICKS_PER_S > _LATEST_S:
        return None
    return datetime.fromtimestamp(boot_s + ticks // _TICKS_PER_S, UTC)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else None


def activated_only(
    processes: tuple[UnitProcess, ...], activated: frozenset[tuple[Scope, str]]
) -> Iterator[UnitProcess]:
    """Keep processes of units that a timer of the same manager starts: the probe looks by name alone."""
    return (process for process in processes if (process.scope, process.unit) in activated)
