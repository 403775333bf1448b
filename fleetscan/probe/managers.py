"""What the system manager and the users' managers say: timers listed, unit files known, units in memory."""

from dataclasses import dataclass, field
from functools import lru_cache

from fleetscan.errors import ParseError
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Scope
from fleetscan.model.snapshot import Artifact, ArtifactKind, TimerRow
from fleetscan.probe.wire import Frame, Frames
from fleetscan.systemd.list_timers import parse_list_timers_json, parse_list_timers_text
from fleetscan.systemd.names import canonical_path
from fleetscan.systemd.show import Block, parse_show, stable_properties
from fleetscan.systemd.unit_files import parse_unit_files_json, parse_unit_files_text

# Mount, swap, device and scope units come and go with the machine and start no code of their own.
_COMPARED_TYPES = (".timer", ".service", ".path", ".socket", ".target")
_MAX_VALUE = 16_384
_MAX_SHARED_BYTES = 131_072
_SHARED_LISTS = 64
_PATHS = ("FragmentPath", "SourcePath", "DropInPaths")
# Values of the environment may be secrets; the unit file, where they stand too, is evidence, a second copy is not.
_LEFT_OUT = ("Environment",)

_TIMERS = ("timers-json", "timers-text")


@dataclass(slots=True)
class Managers:
    """Collected over all managers of one host."""

    merged_usr: bool
    artifacts: list[Artifact] = field(default_factory=list)
    timers: tuple[TimerRow, ...] = ()
    gaps: list[Gap] = field(default_factory=list)


def read_managers(frames: Frames, systemd_version: int, *, merged_usr: bool) -> Managers:
    """Read every manager that the probe could speak to.

    Args:
        frames: Of the visit.
        systemd_version: Of the running manager, 0 when unknown.
        merged_usr: Whether `/lib` is `/usr/lib`, so that paths are spelled once.
    """
    found = Managers(merged_usr=merged_usr)
    rows: list[TimerRow] = []
    scopes = [SYSTEM, *sorted({scope for section, scope in frames if section in _TIMERS and scope != SYSTEM})]
    for name in scopes:
        scope = Scope(name)
        if scope != SYSTEM and ("ended", scope) in frames:
            continue  # a manager that ended while it was asked runs nothing, and hides nothing
        listed = _read_timers(frames, scope, systemd_version, found)
        rows.extend(listed or ())
        _read_loaded(frames.get(("loaded", scope)), scope, listed, found)
        _read_unit_files(frames.get(("unit-files", scope)), scope, found)
    found.timers = tuple(sorted(rows, key=lambda row: (row.scope, row.unit)))
    return found


def _read_timers(frames: Frames, scope: Scope, systemd_version: int, found: Managers) -> tuple[TimerRow, ...] | None:
    """Give the rows of list-timers, from JSON where it can be had; None when that view is not known."""
    text, json = frames.get(("timers-text", scope)), frames.get(("timers-json", scope))
    reason = "list-timers never arrived"
    status = ReadStatus.FAILED
    if json is not None and json.status is ReadStatus.OK:
        try:
            return parse_list_timers_json(json.payload, systemd_version=systemd_version, scope=scope)
        except ParseError as error:
            reason = f"list-timers as JSON cannot be understood: {error.message}"
    elif json is not None:
        status, reason = json.status, f"systemctl list-timers ended with {json.detail}"
    if text is not None:
        if text.status is ReadStatus.OK:
            try:
                return parse_list_timers_text(text.payload, scope)
            except ParseError as error:
                reason = f"list-timers cannot be understood: line {error.line}: {error.message}"
        else:
            status, reason = text.status, f"systemctl list-timers ended with {text.detail}"
    found.gaps.append(Gap(Area.TIMERS, scope, status, None, reason))
    return None


def _read_loaded(frame: Frame | None, scope: Scope, listed: tuple[TimerRow, ...] | None, found: Managers) -> None:
    if frame is None or frame.status not in (ReadStatus.OK, ReadStatus.FAILED):
        status = ReadStatus.FAILED if frame is None else frame.status
        reason = "loaded units never arrived" if frame is None else f"systemctl show ended with {frame.detail}"
        found.gaps.append(Gap(Area.LOADED, scope, status, None, reason))
        return
    if frame.status is not ReadStatus.OK:
        found.gaps.append(Gap(Area.LOADED, scope, frame.status, None, f"systemctl show ended with {frame.detail}"))
    try:
        blocks = parse_show(frame.payload)
    except ParseError as error:
        reason = f"systemctl show cannot be understood: line {error.line}: {error.message}"
        found.gaps.append(Gap(Area.LOADED, scope, ReadStatus.FAILED, None, reason))
        return
    names = None if listed is None else frozenset(row.unit for row in listed)
    seen = set()
    for block in blocks:
        unit = block.get("Id", "")
        if not unit or unit in seen or not _is_known(block, unit, names):
            continue
        seen.add(unit)
        properties = _properties(block, unit, names, merged_usr=found.merged_usr)
        found.artifacts.append(
            Artifact(
                kind=ArtifactKind.LOADED,
                scope=scope,
                name=unit,
                properties=tuple(sorted((key, value[:_MAX_VALUE]) for key, value in properties.items())),
            )
        )
    if names is not None:
        for unit in sorted(names - seen):
            reason = f"{unit} is listed, but systemctl show says nothing of it"
            found.gaps.append(Gap(Area.LOADED, scope, ReadStatus.FAILED, None, reason))


def _properties(block: Block, unit: str, listed: frozenset[str] | None, *, merged_usr: bool) -> dict[str, str]:
    """Give what is kept of a block: stable, paths spelled once, and whether list-timers had the unit."""
    properties = {key: value for key, value in stable_properties(block) if key not in _LEFT_OUT}
    for key in _PATHS:
        if key in properties:
            spelled = (canonical_path(path, merged_usr=merged_usr) for path in properties[key].split(" "))
            properties[key] = " ".join(spelled)
    if listed is not None and unit.endswith(".timer"):
        listed_here = unit in listed
        if listed_here or properties.get("ActiveState") == "active":
            # a disabled timer that was only asked about is innocently not listed; an active one is not
            properties["Listed"] = "yes" if listed_here else "no"
    return properties


def _is_known(block: Block, unit: str, listed: frozenset[str] | None) -> bool:
    """Leave out what was only asked about: names that neither lie on disk nor are in memory."""
    if block.get("LoadState") != "not-found":
        return True
    return (listed is not None and unit in listed) or block.get("ActiveState") in ("active", "activating", "failed")


def _read_unit_files(frame: Frame | None, scope: Scope, found: Managers) -> None:
    status, reason = ReadStatus.FAILED, "list-unit-files never arrived"
    if frame is not None and frame.status is ReadStatus.OK:
        try:
            shared = len(frame.payload) <= _MAX_SHARED_BYTES
            found.artifacts += (_parse_shared_list if shared else _parse_list)(frame.payload, scope)
            status = ReadStatus.OK
        except ParseError as error:
            reason = f"list-unit-files cannot be understood: line {error.line}: {error.message}"
    elif frame is not None:
        status, reason = frame.status, f"systemctl list-unit-files ended with {frame.detail}"
    if status is not ReadStatus.OK:
        found.gaps.append(Gap(Area.UNIT_FILES, scope, status, None, reason))


def _parse_list(payload: bytes, scope: Scope) -> tuple[Artifact, ...]:
    rows = parse_unit_files_json(payload) if payload.startswith(b"[") else parse_unit_files_text(payload)
    return tuple(
        Artifact(
            kind=ArtifactKind.UNIT_FILE,
            scope=scope,
            name=row.name,
            properties=tuple((k, v) for k, v in (("preset", row.preset), ("state", row.state)) if v),
        )
        for row in rows
        if row.name.endswith(_COMPARED_TYPES)
    )


# Hosts of one image send the same list, byte for byte.
_parse_shared_list = lru_cache(_SHARED_LISTS)(_parse_list)
