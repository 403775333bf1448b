"""The `hosts:` section and the `hosts:` lists of groups: who is named where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetscan.errors import ParseError
from fleetscan.inventory.document import Location, Plain
from fleetscan.inventory.entries import GroupEntry, HostEntry, read_entry
from fleetscan.inventory.faults import FaultLog
from fleetscan.inventory.ranges import expand_name, is_range
from fleetscan.inventory.values import parse_host_name

MAX_EXPANDED = 2_000_000
"""Names that all ranges of a file may give together."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One entry of `hosts:`.

    Attributes:
        names: The hosts that it declares and no earlier entry does, in order.
        entry: Their settings without wrong values.
        wrong: Keys whose values were refused.
    """

    names: tuple[str, ...]
    entry: HostEntry
    wrong: frozenset[str]
    location: Location


class NameExpander:
    """Expands ranges and keeps count, so that a file of ranges cannot fill the memory."""

    def __init__(self, faults: FaultLog) -> None:
        self._faults = faults
        self._left = MAX_EXPANDED

    def expand(self, pattern: str, location: Location) -> tuple[str, ...]:
        """Give the names of a pattern; empty after noting why it gives none."""
        try:
            names = self._expand_range(pattern) if is_range(pattern) else (pattern,)
            for name in names[:1] if len(pattern) < 200 else names:
                # Ranges change letters and digits only, so the first name stands for all, unless one grows too long.
                parse_host_name(name)
        except ParseError as error:
            self._faults.add(location, error.message, value=pattern)
            return ()
        except ValueError as error:
            self._faults.add(location, str(error), value=pattern)
            return ()
        return names

    def _expand_range(self, pattern: str) -> tuple[str, ...]:
        names = expand_name(pattern) if self._left else ()
        self._left = max(0, self._left - len(names))
        if not self._left:
            raise ParseError(f"the ranges of the file give {MAX_EXPANDED} names or more together")
        return names


def read_declarations(
    section: Plain, expander: NameExpander, faults: FaultLog, folder: Path
) -> tuple[Declaration, ...]:
    """Read `hosts:`, a mapping or a list; a host that was declared before is noted and left out."""
    first_at: dict[str, Location] = {}
    declarations = []
    for pattern, raw, location in _iterate_hosts(section, faults):
        names = expander.expand(pattern, location)
        again = [name for name in names if name in first_at]
        if again:
            line = faults.find_line(first_at[again[0]])
            more = f" and {len(again) - 1} more" if len(again) > 1 else ""
            faults.add(location, f"declares {again[0]}{more} again (first on line {line}); remove one", value="")
        fresh = tuple(name for name in names if name not in first_at)
        first_at.update(dict.fromkeys(fresh, location))
        entry, wrong = read_entry(HostEntry, raw, location, faults, folder)
        if entry is None:
            entry, wrong = HostEntry(), frozenset(HostEntry.model_fields)
        declarations.append(Declaration(fresh, entry, wrong, location))
    if not section:
        faults.add(("hosts",), "there are no hosts; write at least one", value="")
    return tuple(declarations)


def _iterate_hosts(section: Plain, faults: FaultLog) -> Iterator[tuple[str, Plain, Location]]:
    """Give name or range, settings and location of each entry."""
    if isinstance(section, dict):
        for key, raw in section.items():
            yield key, raw, ("hosts", key)
    elif isinstance(section, list):
        for index, item in enumerate(section):
            location: Location = ("hosts", index)
            name = item.get("name") if isinstance(item, dict) else item
            if not isinstance(name, str) or not name:
                faults.add(location, "expected a host name, or a mapping with the key 'name'", value="")
                continue
            rest = {key: value for key, value in item.items() if key != "name"} if isinstance(item, dict) else None
            yield name, rest, location
    elif section is not None:
        faults.add(("hosts",), "expected a mapping (name: settings) or a list of hosts")


def read_members(
    groups: Mapping[str, GroupEntry], known: Mapping[str, object], expander: NameExpander, faults: FaultLog
) -> dict[str, list[str]]:
    """Read the `hosts:` lists of groups.

    Returns:
        Host → groups that list it, in the order of the file; hosts that no group lists are not keys.
    """
    members: dict[str, list[str]] = {}
    for group, entry in groups.items():
        location: Location = ("groups", group, "hosts")
        for pattern in entry.hosts or ():
            names = expander.expand(pattern, location)
            unknown = [name for name in names if name not in known]
            if unknown:
                hint = faults.suggest(unknown[0], known) or "; declare it under the top-level 'hosts:'"
                more = f" (and {len(unknown) - 1} more of {pattern[:80]})" if len(unknown) > 1 else ""
                faults.add(location, f"there is no such host{more}{hint}", value=unknown[0])
            for name in names:
                if name in known:
                    members.setdefault(name, []).append(group)
    return members
