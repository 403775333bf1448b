"""The YAML inventory file → `Inventory`."""

import gc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fleetscan.inventory.declared import NameExpander, read_declarations, read_members
from fleetscan.inventory.document import Plain, load_document
from fleetscan.inventory.entries import FAULTY, DefaultsEntry, Faulty, GroupEntry, OwnerEntry, read_entry
from fleetscan.inventory.faults import FaultLog
from fleetscan.inventory.groups import build_group_tree
from fleetscan.inventory.resolve import Layer, Surroundings, build_layer, resolve_hosts
from fleetscan.inventory.values import parse_name
from fleetscan.model.host import Host
from fleetscan.model.ids import HostName

_SECTIONS = ("defaults", "owners", "groups", "hosts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Who is visited.

    Attributes:
        path: The file it was read from.
        hosts: In declared order; at least one; names are unique.
        groups: Group → its hosts, those of nested groups included, in declared order; groups may be empty.
    """

    path: Path
    hosts: tuple[Host, ...]
    groups: Mapping[str, tuple[HostName, ...]]


def load_inventory(path: Path) -> Inventory:
    """Read, check and resolve an inventory file.

    Raises:
        InventoryError: Anything is wrong with it. All faults are in `faults`, in the order of the file, one line each.
    """
    with _without_collector():
        return _read_inventory(path)


@contextmanager
def _without_collector() -> Generator[None]:
    """Pause garbage collection: nothing read is garbage before the end, and looking for some takes 3/5 of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_inventory(path: Path) -> Inventory:
    document = load_document(path)
    faults = FaultLog(document)
    top = document.value
    folder = path.parent
    for key in top.keys() - set(_SECTIONS):
        hint = faults.suggest(key, _SECTIONS) or f"; known keys: {', '.join(_SECTIONS)}"
        faults.add((key,), f"unknown key{hint}", value="")
    defaults, wrong = read_entry(DefaultsEntry, top.get("defaults"), ("defaults",), faults, folder)
    groups, layers = _read_groups(_section(top, "groups", faults), faults, folder)
    expander = NameExpander(faults)
    declarations = read_declarations(top.get("hosts"), expander, faults, folder)
    known = {name: None for declaration in declarations for name in declaration.names}
    surroundings = Surroundings(
        defaults=build_layer(defaults, wrong, ("defaults",)),
        owners=_read_owners(_section(top, "owners", faults), faults, folder),
        groups=layers,
        tree=build_group_tree(groups, faults),
        members=read_members(groups, known, expander, faults),
    )
    hosts = resolve_hosts(declarations, surroundings, faults)
    faults.raise_if_any()
    members: dict[str, list[HostName]] = {group: [] for group in groups}
    for host in hosts:
        for group in host.groups:
            members[group].append(host.name)
    return Inventory(path=path, hosts=hosts, groups={group: tuple(names) for group, names in members.items()})


def _section(top: dict[str, Plain], name: str, faults: FaultLog) -> dict[str, Plain]:
    section = top.get(name)
    if section is None or isinstance(section, dict):
        return section or {}
    faults.add((name,), "expected a mapping (indented 'name: …' lines)")
    return {}


def _read_owners(section: dict[str, Plain], faults: FaultLog, folder: Path) -> dict[str, OwnerEntry | Faulty]:
    owners: dict[str, OwnerEntry | Faulty] = {}
    for owner_id, raw in section.items():
        entry, wrong = read_entry(OwnerEntry, raw, ("owners", owner_id), faults, folder)
        owners[owner_id] = FAULTY if entry is None or wrong else entry
    return owners


def _read_groups(
    section: dict[str, Plain], faults: FaultLog, folder: Path
) -> tuple[dict[str, GroupEntry], dict[str, Layer]]:
    """Give the groups and what each of them sets; a group that is wrong stays known, so that references hold."""
    entries: dict[str, GroupEntry] = {}
    layers: dict[str, Layer] = {}
    for group, raw in section.items():
        location = ("groups", group)
        try:
            parse_name(group)
        except ValueError as error:
            faults.add(location, str(error), value="")
        entry, wrong = read_entry(GroupEntry, raw, location, faults, folder)
        entries[group] = entry or GroupEntry()
        layers[group] = build_layer(entry, wrong if entry else DefaultsEntry.model_fields, location)
    return entries, layers
