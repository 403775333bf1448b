"""Transient units that only the logs tell of, as things that can be compared."""

from collections.abc import Iterable

from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.model.digest import digest_json
from fleetscan.model.ids import SYSTEM, user_scope
from fleetscan.model.snapshot import RuntimeState, RunTrace
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from fleetscan.systemd.names import normal_transient, unit_type

MAX_TRACES = 50
"""Different traces of one host that are told."""

_ENDED = "ended"
_RUNNING_TYPES = ("service", "timer")


def build_traces(runtime: RuntimeState, units: Iterable[str]) -> tuple[Subject, ...]:
    """Build one subject for each transient service or timer that ran since the last visit and is not there any more.

    Args:
        runtime: Of the visit.
        units: Names of units that the snapshot has; what is told of them already is left out.

    Returns:
        Sorted by key; the name is that of the unit, in normal form with a digest of the command where systemd made it
        up, or of the command alone where no unit is named.
    """
    present = set(units)
    found: dict[SubjectKey, list[RunTrace]] = {}
    for trace in runtime.traces:
        if trace.unit in present or (trace.unit and unit_type(trace.unit) not in _RUNNING_TYPES):
            continue
        scope = SYSTEM if trace.user in ("", "root", "0") else user_scope(trace.user)
        found.setdefault(SubjectKey(SubjectKind.TRACE, scope, _name_of(trace)), []).append(trace)
    # What only ended began before the last visit, which saw it.
    began = [key for key in sorted(found) if any(trace.event != _ENDED for trace in found[key])]
    return tuple(_build_trace(key, found[key]) for key in began[:MAX_TRACES])


def _name_of(trace: RunTrace) -> str:
    normal = normal_transient(trace.unit) if trace.unit else "systemd-run"
    if normal is None:
        return trace.unit
    return f"{normal}#{digest_json(trace.command)[:12]}"


def _build_trace(key: SubjectKey, traces: list[RunTrace]) -> Subject:
    first = min(traces, key=lambda trace: trace.at)
    # All of them: what is accepted for one command must not hide another of the same unit.
    command = " ; ".join(sorted({trace.command for trace in traces if trace.command}))
    properties = {
        "source": ", ".join(sorted({trace.source.value for trace in traces})),
        "command": command,
        "user": first.user,
        "unit": first.unit,
        "at": first.at.isoformat(timespec="seconds"),
    }
    what = f"ran {command or first.unit or 'something'} through systemd-run, as its {properties['source']} tells"
    return seal_subject(
        Subject(
            key=key,
            fingerprint=UNSEALED,
            unit_names=(first.unit,) if first.unit else (),
            run_as=first.user,
            properties=tuple(sorted(properties.items())),
            transient=True,
            summary=what,
        )
    )
