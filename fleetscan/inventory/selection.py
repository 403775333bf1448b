"""Which hosts of the inventory a command is about."""

import re
from collections.abc import Collection, Iterable
from fnmatch import translate

from fleetscan.errors import UsageError
from fleetscan.inventory.reader import Inventory
from fleetscan.inventory.suggestion import phrase_suggestion
from fleetscan.model.host import Host
from fleetscan.model.sweep import Selection

_MAX_NAMED = 5


def select_hosts(inventory: Inventory, selection: Selection) -> tuple[Host, ...]:
    """Give the hosts that are in one of the groups, match one of the limits, and match no exclusion.

    No groups means hosts of every group, no limits means all. Names and shell globs match whole names, with case.

    Returns:
        Hosts in the order of the inventory; never empty.

    Raises:
        UsageError: A group, limit or exclusion matches nothing (also an exclusion: a slip there would visit a host
            that was meant to be left alone), or no host is left.
    """
    names = {host.name for host in inventory.hosts}
    unknown = [
        *_describe_unknown("group", selection.groups, inventory.groups),
        *_describe_unknown("host", selection.limit, names),
        *_describe_unknown("host", selection.exclude, names),
    ]
    if unknown:
        more = f"; and {len(unknown) - _MAX_NAMED} more" if len(unknown) > _MAX_NAMED else ""
        message = "; ".join(unknown[:_MAX_NAMED]) + more
        raise UsageError(message, hint="`fleetscan inventory list` shows all hosts and their groups")
    groups = frozenset(_match(selection.groups, inventory.groups))
    limit = frozenset(_match(selection.limit, names))
    exclude = frozenset(_match(selection.exclude, names))
    chosen = tuple(
        host
        for host in inventory.hosts
        if (not selection.groups or not groups.isdisjoint(host.groups))
        and (not selection.limit or host.name in limit)
        and host.name not in exclude
    )
    if not chosen:
        hint = "a host must be in a named group and match a limit and no exclusion"
        raise UsageError("the groups, limits and exclusions together leave no host", hint=hint)
    return chosen


def matches_name(name: str, pattern: str) -> bool:
    """Tell whether a name is a pattern or matches it; whole names, with case."""
    return bool(list(_match((pattern,), (name,))))


def _describe_unknown(kind: str, patterns: Iterable[str], names: Collection[str]) -> list[str]:
    lines: list[str] = []
    for pattern in patterns:
        if not any(_match((pattern,), names)):
            glob = any(character in pattern for character in "*?[")
            text = f"no {kind} matches {pattern!r}" if glob else f"there is no {kind} {pattern!r}"
            lines.append(text + ("" if glob or len(lines) >= _MAX_NAMED else phrase_suggestion(pattern, names)))
    return lines


def _match(patterns: Iterable[str], names: Collection[str]) -> Iterable[str]:
    """Give the names that are one of the patterns or match one."""
    globs: list[str] = []
    for pattern in patterns:
        if pattern in names:
            yield pattern
        else:
            globs.append(translate(pattern))
    if globs:
        match = re.compile("|".join(globs)).match
        yield from (name for name in names if match(name))
