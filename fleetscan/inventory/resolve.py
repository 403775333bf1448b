"""Declared hosts → resolved hosts: settings of host, groups and defaults merged, references followed.

Of each setting the nearest one counts: the host's own, then that of the groups the host is in (in declared order), then
that of the groups above those, then the defaults. Tags of all levels add up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fleetscan.inventory.declared import Declaration
from fleetscan.inventory.document import Location
from fleetscan.inventory.entries import FAULTY, DefaultsEntry, Faulty, OwnerEntry
from fleetscan.inventory.faults import FaultLog
from fleetscan.inventory.groups import GroupTree
from fleetscan.inventory.jumps import link_jumps
from fleetscan.model.host import DEFAULT_PROBE_PATH, Connection, Host, Owner, ProbeStart
from fleetscan.model.ids import HostName

Layer = dict[str, tuple[Any, Location]]
"""Setting → its value (`FAULTY` when it was refused) and where it is written."""

_SETTINGS = frozenset(DefaultsEntry.model_fields)
_UNKNOWN_OWNER = Owner(name="", email="")
"""Fills a host whose owner is at fault; the fault is raised before anyone sees the host."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that hosts refer to.

    Attributes:
        owners: Owner id → owner; `FAULTY` for an entry that was refused.
        groups: Layers of all groups.
        members: Host → groups that list it.
    """

    defaults: Layer
    owners: Mapping[str, OwnerEntry | Faulty]
    groups: Mapping[str, Layer]
    tree: GroupTree
    members: Mapping[str, list[str]]


def build_layer(entry: DefaultsEntry | None, wrong: Iterable[str], location: Location) -> Layer:
    """Give the settings that an entry really sets."""
    written = _SETTINGS & entry.model_fields_set if entry else frozenset()
    layer: Layer = {key: (getattr(entry, key), (*location, key)) for key in written}
    layer.update({key: (FAULTY, (*location, key)) for key in _SETTINGS.intersection(wrong)})
    return layer


def resolve_hosts(
    declarations: Iterable[Declaration], surroundings: Surroundings, faults: FaultLog
) -> tuple[Host, ...]:
    """Resolve all hosts in declared order; what cannot be resolved is noted and the host is filled in somehow."""
    resolver = _Resolver(surroundings, faults)
    hosts: dict[str, Host] = {}
    ways: dict[str, tuple[str, Location]] = {}
    for declaration in declarations:
        own = build_layer(declaration.entry, declaration.wrong, declaration.location)
        direct = resolver.check_groups(declaration)
        for name in declaration.names:
            listed = surroundings.members.get(name, ())
            groups = tuple(dict.fromkeys((*direct, *listed)))
            settings = _merge(resolver.inherit(groups), own)
            hosts[name] = resolver.build_host(name, declaration, settings, groups)
            jump, place = settings.get("jump_host", (None, ()))
            if isinstance(jump, str) and (jump != name or "jump_host" in own):
                ways[name] = (jump, place)
    known = {}
    for name, (jump, place) in ways.items():
        if jump in hosts:
            known[name] = jump
        else:
            hint = faults.suggest(jump, hosts) or "; a jump host is declared under 'hosts:' like any other"
            faults.add(place, f"there is no such host{hint}")
    return link_jumps(hosts, known, {name: place for name, (_, place) in ways.items()}, faults)


def _merge(outer: Layer, inner: Layer) -> Layer:
    merged = {**outer, **inner}
    if "tags" in outer and "tags" in inner:
        (above, _), (own, place) = outer["tags"], inner["tags"]
        if isinstance(above, tuple) and isinstance(own, tuple):
            merged["tags"] = ((*above, *own), place)
    return merged


class _Resolver:
    """Builds hosts and shares what equal hosts have in common."""

    def __init__(self, surroundings: Surroundings, faults: FaultLog) -> None:
        self._around = surroundings
        self._faults = faults
        self._inherited: dict[tuple[str, ...], Layer] = {}
        self._groups: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._connections: dict[tuple[object, ...], Connection] = {}
        self._owners: dict[tuple[str, str], Owner] = {}

    def check_groups(self, declaration: Declaration) -> tuple[str, ...]:
        """Give the groups that an entry names and that exist."""
        named = declaration.entry.groups or ()
        for group in named:
            if group not in self._around.groups:
                hint = self._faults.suggest(group, self._around.groups) or "; declare it under 'groups:'"
                self._faults.add((*declaration.location, "groups"), f"there is no such group{hint}", value=group)
        return tuple(group for group in named if group in self._around.groups)

    def inherit(self, groups: tuple[str, ...]) -> Layer:
        """Give what a host of these groups has without settings of its own."""
        if groups not in self._inherited:
            layer = self._around.defaults
            for group in reversed(self._around.tree.list_nearest_first(groups)):
                layer = _merge(layer, self._around.groups[group])
            self._inherited[groups] = layer
            self._groups[groups] = self._around.tree.list_groups(groups)
        return self._inherited[groups]

    def build_host(self, name: str, declaration: Declaration, settings: Layer, groups: tuple[str, ...]) -> Host:
        """Build one host, without its jump host."""
        tags = _value(settings, "tags")
        return Host(
            name=HostName(name),
            address=self._find_address(name, declaration),
            connection=self._connect(settings, declaration.location),
            owner=self._find_owner(settings, declaration.location),
            groups=self._groups[groups],
            zone=_value(settings, "zone") or "default",
            tags=frozenset(tags or ()),
            failure_domain=_value(settings, "failure_domain") or "",
        )

    def _find_address(self, name: str, declaration: Declaration) -> str:
        entry = declaration.entry
        place = (*declaration.location, "address")
        if entry.address and len(declaration.names) > 1 and "{name}" not in entry.address:
            several = f"would be the address of {len(declaration.names)} hosts"
            self._faults.add(place, f"{several}; write {{name}} in it, or declare the hosts one by one")
            return ""
        try:
            return entry.find_address(name)
        except ValueError as error:
            value = entry.address or name
            self._faults.add(place if entry.address else declaration.location, str(error), value=value)
            return ""

    def _connect(self, settings: Layer, location: Location) -> Connection:
        if "user" not in settings or settings["user"][0] is None:
            self._faults.add(location, "has no user to log in as; set 'user' here, on a group or under 'defaults:'")
        user = _value(settings, "user") or ""
        fields = {
            "port": _value(settings, "port") or 22,
            "identity_files": _value(settings, "identity_file") or (),
            "passphrase": _value(settings, "passphrase"),
            "password": _value(settings, "password"),
            "use_agent": bool(_value(settings, "agent")),
            "sudo": bool(_value(settings, "sudo")),
            "probe": _value(settings, "probe") or ProbeStart.SENT,
            "probe_path": _value(settings, "probe_path") or DEFAULT_PROBE_PATH,
            "ssh_config": _value(settings, "ssh_config"),
            "connect_timeout_s": _value(settings, "connect_timeout"),
            "visit_timeout_s": _value(settings, "visit_timeout"),
        }
        key = (user, *fields.values())
        if key not in self._connections:
            self._connections[key] = Connection(user=user, **fields)
        return self._connections[key]

    def _find_owner(self, settings: Layer, location: Location) -> Owner:
        value, place = settings.get("owner", (None, location))
        if value is None:
            self._faults.add(location, "has no owner; set 'owner' here, on a group or under 'defaults:'", value="")
        owner = value
        if isinstance(value, str):
            owner = self._around.owners.get(value)
            if owner is None:
                hint = self._faults.suggest(value, self._around.owners) or "; declare it under 'owners:'"
                self._faults.add(place, f"there is no such owner{hint}")
        if not isinstance(owner, OwnerEntry):
            return _UNKNOWN_OWNER
        return self._owners.setdefault((owner.name, owner.email), Owner(name=owner.name, email=owner.email))


def _value(settings: Layer, key: str) -> Any:  # noqa: ANN401  # one type for each setting, checked by its entry model
    value = settings[key][0] if key in settings else None
    return None if value is FAULTY else value
