"""Whether a host is still the one it was, and no other is the same: machine-id, host key, hostname and clock.

What could not be read is never called changed.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from fleetscan.model.identity import ClockReading, Identity, IdentityFault, IdentityFaultKind, IdentityHistory
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import Outcome
from fleetscan.model.sweep import Visit

MIN_OFFSET_S = 120.0
"""A clock that is less off than this is nobody's concern."""

MAX_OTHERS = 20
"""Hosts that are named of those that share an identity: ten thousand clones need not name each other."""

T = TypeVar("T", str, tuple[str, str])

_MACHINE_ID = re.compile(r"[0-9a-f]{32}")
_NO_ID = "0" * 32
_RESOLUTION_S = 1.0


@dataclass(frozen=True, slots=True)
class Sharers:
    """The hosts that show the same.

    Attributes:
        hosts: Sorted.
        is_inherited: Whether none of them ever showed anything else.
    """

    hosts: tuple[HostName, ...]
    is_inherited: bool


@dataclass(frozen=True, slots=True)
class FleetIdentities:
    """Which hosts show which machine-id and which key, as they showed it last.

    Attributes:
        by_machine_id: By valid machine-id.
        by_host_key: By fingerprint.
        by_both: By machine-id and fingerprint.
    """

    by_machine_id: Mapping[str, Sharers] = field(default_factory=dict)
    by_host_key: Mapping[str, Sharers] = field(default_factory=dict)
    by_both: Mapping[tuple[str, str], Sharers] = field(default_factory=dict)

    @staticmethod
    def of(histories: Iterable[IdentityHistory]) -> "FleetIdentities":
        """Index hosts.

        Args:
            histories: Of the hosts of the inventory, those too that a sweep did not ask for. One that was renamed there
                is one host and must not be given under both names.
        """
        known = sorted(histories, key=lambda history: history.host)
        by_id = _group(known, lambda one: one.machine_id if is_machine_id(one.machine_id) else "")
        by_key = _group(known, lambda one: one.host_key)
        by_both = _group(known, lambda one: (one.machine_id, one.host_key))
        return FleetIdentities(by_id, by_key, by_both)


def _group(histories: Iterable[IdentityHistory], take: Callable[[Identity], T]) -> dict[T, Sharers]:
    groups: defaultdict[T, list[IdentityHistory]] = defaultdict(list)
    for history in histories:
        if shown := take(history.current):
            groups[shown].append(history)
    return {
        shown: Sharers(
            tuple(history.host for history in group),
            all({take(identity) for identity in history.ever} == {shown} for history in group),
        )
        for shown, group in groups.items()
    }


def is_machine_id(text: str) -> bool:
    """Tell whether a text is a machine id: 32 lower-case hexadecimal digits, not all zeros (machine-id(5))."""
    return _MACHINE_ID.fullmatch(text) is not None and text != _NO_ID


def find_identity_faults(
    history: IdentityHistory, fleet: FleetIdentities, reading: ClockReading | None = None
) -> tuple[IdentityFault, ...]:
    """Find what does not fit in the identity of a host that was read.

    Args:
        history: Of the host, up to this visit.
        fleet: All hosts, this one among them.
        reading: The clocks of this visit, None when they are not kept.

    Returns:
        In a fixed order; empty when all is well.
    """
    faults: list[IdentityFault] = []
    host, current = history.host, history.current
    if not is_machine_id(current.machine_id):
        faults.append(IdentityFault(host=host, kind=IdentityFaultKind.MACHINE_ID_MISSING, after=current.machine_id))
    if history.before is not None:
        faults += _find_changes(host, history.before, current)
    for kind, shown, sharers in (
        (IdentityFaultKind.MACHINE_ID_SHARED, current.machine_id, fleet.by_machine_id.get(current.machine_id)),
        (IdentityFaultKind.HOST_KEY_SHARED, current.host_key, fleet.by_host_key.get(current.host_key)),
    ):
        if sharers is not None and len(sharers.hosts) > 1:
            faults.append(_build_shared(kind, history, sharers, shown, fleet))
    if reading is not None and abs(offset := measure_offset(reading)) >= MIN_OFFSET_S:
        faults.append(IdentityFault(host=host, kind=IdentityFaultKind.CLOCK_OFF, offset_s=offset, reading=reading))
    return tuple(faults)


def find_refusal(visit: Visit, *, was_read: bool) -> IdentityFault | None:
    """Give the fault of a visit that ended at the host key, None for every other visit.

    Args:
        visit: Of any outcome.
        was_read: Whether an earlier visit of the host gave state, so that its key was known once.
    """
    kind = {
        Outcome.HOST_KEY_CHANGED: IdentityFaultKind.HOST_KEY_REFUSED,
        Outcome.HOST_KEY_UNKNOWN: IdentityFaultKind.HOST_KEY_UNKNOWN,
    }.get(visit.outcome)
    if kind is None:
        return None
    is_first = kind is IdentityFaultKind.HOST_KEY_UNKNOWN and not was_read
    return IdentityFault(host=visit.host, kind=kind, after=visit.reason, is_inherited=is_first, notes=visit.evidence)


def measure_offset(reading: ClockReading) -> float:
    """Give by how many seconds a host's clock is ahead (negative: behind) at least.

    The host told its time, cut to the second, at some moment of the visit: any time within it is right.
    """
    ahead = (reading.remote_at - reading.started_at).total_seconds()
    if ahead < 0:
        return min(0.0, ahead + _RESOLUTION_S)
    return max(0.0, ahead - reading.duration_s)


def _find_changes(host: HostName, before: Identity, current: Identity) -> Iterable[IdentityFault]:
    pairs = (
        (IdentityFaultKind.MACHINE_ID_CHANGED, before.machine_id, current.machine_id),
        (IdentityFaultKind.HOST_KEY_CHANGED, before.host_key, current.host_key),
        (IdentityFaultKind.HOSTNAME_CHANGED, before.hostname, current.hostname),
    )
    changed = [(kind, old, new) for kind, old, new in pairs if old and new and old != new]
    for kind, old, new in changed:
        notes = tuple(f"at the same time: {other.value}" for other, _, _ in changed if other is not kind)
        yield IdentityFault(host=host, kind=kind, before=old, after=new, notes=notes)


def _build_shared(
    kind: IdentityFaultKind, history: IdentityHistory, sharers: Sharers, shown: str, fleet: FleetIdentities
) -> IdentityFault:
    host, current = history.host, history.current
    twins = fleet.by_both.get((current.machine_id, current.host_key), Sharers((), is_inherited=False)).hosts
    twin = next((other for other in twins if other != host), None)
    note = f"machine-id and host key are both those of {twin}: perhaps one machine under two names"
    return IdentityFault(
        host=host,
        kind=kind,
        after=shown,
        others=tuple(islice((other for other in sharers.hosts if other != host), MAX_OTHERS)),
        others_count=len(sharers.hosts) - 1,
        is_inherited=sharers.is_inherited,
        notes=(note,) if twin is not None else (),
    )
