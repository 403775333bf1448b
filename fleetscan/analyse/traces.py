"""Transient units that only the logs tell of, as things that can be compared."""

from collections.abc import Iterable, Sequence

from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.model.digest import digest_json
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope, user_scope
from fleetscan.model.snapshot import RuntimeState, RunTrace
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from fleetscan.systemd.names import normal_transient, unit_type

MAX_TRACES = 50
"""Different traces of one host that are told; the last one stands for all the others where there are more."""

_ENDED = "ended"
_RUNNING_TYPES = ("service", "timer")


def build_traces(runtime: RuntimeState, units: Iterable[tuple[Scope, str]]) -> tuple[Subject, ...]:
    """Build one subject for each transient service or timer that ran since the last visit and is not there any more.

    Args:
        runtime: Of the visit.
        units: Scopes and names of units that the snapshot has; what is told of them already is left out. A unit of
            another scope is another one, whatever its name.

    Returns:
        Sorted by key; the name is that of the unit, in normal form with a digest of the command where systemd made it
        up, or of the command alone where no unit is named.
    """
    present = set(units)
    found: dict[SubjectKey, list[RunTrace]] = {}
    for trace in runtime.traces:
        if trace.unit and unit_type(trace.unit) not in _RUNNING_TYPES:
            continue
        scope = SYSTEM if trace.user in ("", "root", "0") else user_scope(trace.user)
        if any((place, trace.unit) in present for place in _places_of(trace)):
            continue
        found.setdefault(SubjectKey(SubjectKind.TRACE, scope, _name_of(trace)), []).append(trace)
    # What only ended began before the last visit, which saw it.
    began = [key for key in sorted(found) if any(trace.event != _ENDED for trace in found[key])]
    if len(began) <= MAX_TRACES:
        return tuple(_build_trace(key, found[key]) for key in began)
    told, others = began[: MAX_TRACES - 1], began[MAX_TRACES - 1 :]
    subjects = [_build_trace(key, found[key]) for key in told]
    return tuple(sorted((*subjects, _build_others([_build_trace(key, found[key]) for key in others])), key=_key_of))


def _places_of(trace: RunTrace) -> tuple[Scope, ...]:
    """Give the scopes in which a unit of that name would be the one that the trace tells of."""
    if not trace.user:
        return (SYSTEM,)
    own = (user_scope(trace.user), GLOBAL_USER)
    return (SYSTEM, *own) if trace.user in ("root", "0") else own


def _name_of(trace: RunTrace) -> str:
    normal = normal_transient(trace.unit) if trace.unit else "systemd-run"
    if normal is None:
        return trace.unit
    return f"{normal}#{digest_json(trace.command)[:12]}"


def _key_of(subject: Subject) -> SubjectKey:
    return subject.key


def _build_others(others: Sequence[Subject]) -> Subject:
    """Build one subject for the traces that are not told, so that a flood of names hides nothing unnoticed."""
    # Whoever accepts these does not accept the next flood.
    properties = {"units": str(len(others)), "digest": digest_json([other.fingerprint.meaning for other in others])}
    return seal_subject(
        Subject(
            key=SubjectKey(SubjectKind.TRACE, SYSTEM, "further units"),
            fingerprint=UNSEALED,
            properties=tuple(sorted(properties.items())),
            transient=True,
            summary=f"ran {len(others)} further units that are gone, as its logs tell; they are not told one by one",
        )
    )


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
    # Where no command is known nothing says that it was systemd-run: other programs ask for such units as well.
    is_bare = bool(first.unit) and not command
    what = f"ran {first.unit}, which is gone" if is_bare else f"ran {command or 'something'} through systemd-run"
    return seal_subject(
        Subject(
            key=key,
            fingerprint=UNSEALED,
            unit_names=(first.unit,) if first.unit else (),
            run_as=first.user,
            properties=tuple(sorted(properties.items())),
            transient=True,
            summary=f"{what}, as its {properties['source']} tells",
        )
    )
