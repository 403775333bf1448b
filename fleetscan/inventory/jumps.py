"""Chains of jump hosts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fleetscan.inventory.document import Location
from fleetscan.inventory.faults import FaultLog
from fleetscan.model.host import Host

MAX_JUMPS = 8


def link_jumps(
    hosts: Mapping[str, Host], jumps: Mapping[str, str], places: Mapping[str, Location], faults: FaultLog
) -> tuple[Host, ...]:
    """Give hosts their resolved jump hosts.

    Args:
        hosts: All hosts by name, without jumps.
        jumps: Host → the host to go through; only names of `hosts`.
        places: Host → where its way is written, for messages.
        faults: Takes cycles (once each) and chains that are too long.

    Returns:
        The hosts in the same order; equal jump hosts are the same object.
    """
    linked: dict[str, Host] = {}
    depth: dict[str, int] = {}
    reported: set[str] = set()
    for name in hosts:
        way = _follow(name, jumps, linked)
        if len(set(way)) < len(way):
            cycle = way[way.index(way[-1]) :]
            if reported.isdisjoint(cycle):
                text = " → ".join(cycle if len(cycle) <= 10 else [*cycle[:10], "…"])
                faults.add(places[cycle[0]], f"jump hosts go in a circle: {text}; set 'jump_host: null' on the first")
            reported.update(cycle)
            way = way[:-1]
        for hop in reversed(way):
            via = linked.get(jumps.get(hop, ""))
            linked[hop] = replace(hosts[hop], jump=via) if via else hosts[hop]
            depth[hop] = depth[via.name] + 1 if via else 0
            if depth[hop] == MAX_JUMPS + 1:
                faults.add(places[hop], f"more than {MAX_JUMPS} jump hosts in a row")
    return tuple(linked[name] for name in hosts)


def _follow(name: str, jumps: Mapping[str, str], linked: Iterable[str]) -> list[str]:
    """Give the hosts from `name` on that are not linked yet; in a circle the last one stands twice."""
    way: list[str] = []
    seen: set[str] = set()
    step: str | None = name
    while step is not None and step not in linked:
        way.append(step)
        if step in seen:
            break
        seen.add(step)
        step = jumps.get(step)
    return way
