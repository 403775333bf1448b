"""Faults of identity in words. Names come from hosts: they are cut here and escaped where shown."""

from typing import assert_never

from fleetscan.analyse.sentence import cut_text
from fleetscan.model.identity import IdentityFault, IdentityFaultKind

_FEW_NAMES = 3
_MAX_SHOWN = 80
_UNITS = (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0))


def say_fault(fault: IdentityFault) -> str:
    """Say what is at fault; reads on behind the name of the host."""
    before, after = cut_text(fault.before, _MAX_SHOWN), cut_text(fault.after, _MAX_SHOWN)
    others = name_others(fault, _FEW_NAMES)
    match fault.kind:
        case IdentityFaultKind.MACHINE_ID_CHANGED:
            said = f"has another machine-id than before: {after} instead of {before}; reinstalled, or another machine"
        case IdentityFaultKind.HOST_KEY_CHANGED:
            said = f"has another host key than before: {after} instead of {before}"
        case IdentityFaultKind.HOST_KEY_REFUSED:
            said = f"was not read, its host key is not the enrolled one: {cut_text(fault.after)}"
        case IdentityFaultKind.HOST_KEY_UNKNOWN:
            said = f"was not read, no host key is enrolled: {cut_text(fault.after)}"
        case IdentityFaultKind.MACHINE_ID_SHARED:
            said = f"has the machine-id of {others}"
        case IdentityFaultKind.HOST_KEY_SHARED:
            said = f"has the host key of {others}"
        case IdentityFaultKind.MACHINE_ID_MISSING:
            said = f"has no machine-id: {after!r}" if after else "has no machine-id that could be read"
        case IdentityFaultKind.HOSTNAME_CHANGED:
            said = f"calls itself {after} and did call itself {before}"
        case IdentityFaultKind.CLOCK_OFF:
            said = f"has a clock that is {_say_span(fault.offset_s)}"
        case _:
            assert_never(fault.kind)
    return said


def name_others(fault: IdentityFault, count: int) -> str:
    """Name the first of the hosts that share it, and say how many more there are."""
    shown = fault.others[:count]
    more = f" and {fault.others_count - len(shown)} more" if fault.others_count > len(shown) else ""
    return ", ".join(shown) + more


def _say_span(offset_s: float) -> str:
    """Say how far a clock is off, in a unit that fits."""
    size, unit = abs(offset_s), "seconds"
    for name, seconds in _UNITS:
        if size >= 2 * seconds:
            size, unit = size / seconds, name
            break
    return f"{size:.0f} {unit} {'ahead' if offset_s > 0 else 'behind'}"
