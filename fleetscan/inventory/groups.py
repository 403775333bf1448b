"""Groups and the groups above them."""

from collections.abc import Mapping

from fleetscan.inventory.entries import GroupEntry
from fleetscan.inventory.faults import FaultLog

MAX_NESTING = 32


class GroupTree:
    """Which groups a group lies in.

    Args:
        children: Group → groups directly in it, in declared order; without cycles and unknown names.
    """

    def __init__(self, children: Mapping[str, tuple[str, ...]]) -> None:
        self._parents: dict[str, list[str]] = {group: [] for group in children}
        for parent, below in children.items():
            for child in below:
                self._parents[child].append(parent)

    def list_groups(self, direct: tuple[str, ...]) -> tuple[str, ...]:
        """Give all groups of a host: those it names in their order, each followed by its ancestors, no repeats."""
        found: dict[str, None] = {}
        stack = list(reversed(direct))
        while stack:
            group = stack.pop()
            if group not in found:
                found[group] = None
                stack.extend(reversed(self._parents[group]))
        return tuple(found)

    def list_nearest_first(self, direct: tuple[str, ...]) -> tuple[str, ...]:
        """Give the same groups in the order in which settings count: all that the host names, then all one level up."""
        found: dict[str, None] = {}
        level = list(direct)
        while level:
            found.update(dict.fromkeys(level))
            level = [parent for group in level for parent in self._parents[group] if parent not in found]
        return tuple(found)


def build_group_tree(entries: Mapping[str, GroupEntry], faults: FaultLog) -> GroupTree:
    """Check how groups nest and build the tree; links that are wrong are noted and left out."""
    children: dict[str, tuple[str, ...]] = {}
    for group, entry in entries.items():
        known = []
        for child in entry.groups or ():
            if child in entries:
                known.append(child)
            else:
                hint = faults.suggest(child, entries) or "; declare it under 'groups:'"
                faults.add(("groups", group, "groups"), f"there is no such group{hint}", value=child)
        children[group] = tuple(known)
    _cut_cycles(children, faults)
    return GroupTree(children)


def _cut_cycles(children: dict[str, tuple[str, ...]], faults: FaultLog) -> None:
    """Walk down from every group; a link back to a group on the way is a cycle, noted once and cut."""
    finished: set[str] = set()
    for start in tuple(children):
        way: list[str] = []
        stack = [(start, iter(children[start]))] if start not in finished else []
        while stack:
            group, below = stack[-1]
            if len(way) < len(stack):
                way.append(group)
            child = next(below, None)
            if child is None:
                finished.add(group)
                stack.pop()
                way.pop()
            elif child in way:
                cycle = " → ".join([*way[way.index(child) :], child])
                faults.add(
                    ("groups", group, "groups"), f"groups hold each other: {cycle}; remove one link", value=child
                )
                children[group] = tuple(c for c in children[group] if c != child)
            elif child not in finished:
                if len(stack) > MAX_NESTING:
                    faults.add(("groups", group, "groups"), f"groups nest more than {MAX_NESTING} deep", value=child)
                    children[group] = ()
                    finished.add(child)
                else:
                    stack.append((child, iter(children[child])))
