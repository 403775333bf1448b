"""Whether a host is still the one it was, and no other is the same: machine-id, host key, hostname and clock.

What could not be read is never called changed.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fleetscan.model.identity import ClockReading, Identity, IdentityFault, IdentityFaultKind, IdentityHistory
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import Outcome
from fleetscan.model.sweep import Visit

MIN_OFFSET_S = 120.0
"""A clock that is less off than this is nobody's concern."""

_MACHINE_ID = re.compile(r"[0-9a-f]{32}")
_NO_ID = "0" * 32
_RESOLUTION_S = 1.0


@dataclass(frozen=True, slots=True)
class FleetIdentities:
    """Which hosts show which machine-id and which key.

    Attributes:
        by_machine_id: Hosts by valid machine-id, as they showed it last; sorted.
        by_host_key: Hosts by fingerprint, likewise.
        histories: By host.
    """

    by_machine_id: Mapping[str, tuple[HostName, ...]] = field(default_factory=dict)
    by_host_key: Mapping[str, tuple[HostName, ...]] = field(default_factory=dict)
    histories: Mapping[HostName, IdentityHistory] = field(default_factory=dict)

    @staticmethod
    def of(histories: Iterable[IdentityHistory]) -> "FleetIdentities":
        """Index hosts.

        Args:
            histories: Of the hosts of the inventory, those too that a sweep did not ask for. One that was renamed there
                is one host and must not be given under both names.
        """
        known = {history.host: history for history in histories}
        ids: defaultdict[str, list[HostName]] = defaultdict(list)
        keys: defaultdict[str, list[HostName]] = defaultdict(list)
        for host in sorted(known):
            current = known[host].current
            if is_machine_id(current.machine_id):
                ids[current.machine_id].append(host)
            if current.host_key:
                keys[current.host_key].append(host)
        return FleetIdentities(
            {text: tuple(hosts) for text, hosts in ids.items()},
            {text: tuple(hosts) for text, hosts in keys.items()},
            known,
        )


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
    for kind, shown, by_text in (
        (IdentityFaultKind.MACHINE_ID_SHARED, current.machine_id, fleet.by_machine_id),
        (IdentityFaultKind.HOST_KEY_SHARED, current.host_key, fleet.by_host_key),
    ):
        hosts = by_text.get(shown, ())
        if others := tuple(other for other in hosts if other != host):
            faults.append(_build_shared(kind, history, others, shown, fleet))
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
    kind: IdentityFaultKind,
    history: IdentityHistory,
    others: tuple[HostName, ...],
    shown: str,
    fleet: FleetIdentities,
) -> IdentityFault:
    of_key = kind is IdentityFaultKind.HOST_KEY_SHARED
    group = (history, *(fleet.histories[other] for other in others))
    is_inherited = all(
        {identity.host_key if of_key else identity.machine_id for identity in one.ever} == {shown} for one in group
    )
    current = history.current
    twins = [
        one.host
        for one in group[1:]
        if (one.current.machine_id, one.current.host_key) == (current.machine_id, current.host_key)
    ]
    notes = (f"machine-id and host key are both those of {twins[0]}: perhaps one machine under two names",)
    return IdentityFault(
        host=history.host,
        kind=kind,
        after=shown,
        others=others,
        is_inherited=is_inherited,
        notes=notes if twins else (),
    )
