"""What outside of systemd's own units starts them: udev rules and D-Bus services."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fleetscan.model.ids import GLOBAL_USER, SYSTEM, Scope
from fleetscan.model.origin import Origin
from fleetscan.model.relation import ActivationKind
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.systemd.dbus_services import DbusService, parse_dbus_service
from fleetscan.systemd.names import MAX_UNIT_NAME, instantiate, is_template
from fleetscan.systemd.partial_text import HOLE
from fleetscan.systemd.resolve import Contents
from fleetscan.systemd.text_cache import TextCache
from fleetscan.systemd.udev_rules import USER_KEY, UdevWant, parse_udev_rules

_REMEMBERED = 2048
_FEW = 128
_RULES = ".rules"
_SERVICE = ".service"
_SYSTEM_BUS = "/system-services/"
_UDEV_DIRS = ("/etc/", "/run/", "/usr/local/lib/", "/usr/lib/", "/lib/")

_rules: TextCache[tuple[UdevWant, ...]] = TextCache(
    lambda data, _version: parse_udev_rules(data), _REMEMBERED, lambda wants: len(wants) <= _FEW
)
_services: TextCache[DbusService] = TextCache(
    lambda data, _version: parse_dbus_service(data), _REMEMBERED, lambda service: len(service.unit) <= MAX_UNIT_NAME
)


@dataclass(frozen=True, slots=True)
class OutsideStart:
    """One unit that something outside names.

    Attributes:
        scope: Whose manager is told to start it; `GLOBAL_USER` for every user's.
        unit: Its name, with holes for what depends on the device.
        by: Path of the rule or service file.
    """

    scope: Scope
    kind: ActivationKind
    unit: str
    by: str
    directive: str
    origin: Origin


def list_outside_starts(artifacts: Iterable[Artifact], contents: Contents) -> Iterator[OutsideStart]:
    """Read all udev rules and D-Bus service files among the artifacts, by path.

    Of rules files of one name only that in the first directory counts, as for udev. What could not be read is left
    out; the coverage has it.

    Source:
        udev(7); the D-Bus specification, "Message Bus Starting Services".
    """
    files = sorted((a for a in artifacts if a.kind is ArtifactKind.ACTIVATOR), key=lambda a: (a.name, a.scope))
    rules: dict[str, Artifact] = {}
    for artifact in sorted((a for a in files if a.name.endswith(_RULES)), key=_precedence):
        rules.setdefault(artifact.name.rpartition("/")[2], artifact)
    for artifact in rules.values():
        wants = None if artifact.sha256 is None else _rules.read(artifact.sha256, 0, contents)
        for want in wants or ():
            yield OutsideStart(
                scope=GLOBAL_USER if want.key == USER_KEY else SYSTEM,
                kind=ActivationKind.UDEV,
                # The manager makes an instance for the device's path of a template.
                unit=instantiate(want.name, HOLE) if is_template(want.name) else want.name,
                by=artifact.name,
                directive=want.key,
                origin=Origin(artifact.name, want.line),
            )
    for artifact in (a for a in files if a.name.endswith(_SERVICE)):
        service = None if artifact.sha256 is None else _services.read(artifact.sha256, 0, contents)
        if service is not None and service.unit:
            yield OutsideStart(
                scope=_bus_scope(artifact),
                kind=ActivationKind.DBUS,
                unit=service.unit,
                by=artifact.name,
                directive="SystemdService",
                origin=Origin(artifact.name, service.line),
            )


def _precedence(artifact: Artifact) -> tuple[int, str]:
    ranks = [rank for rank, start in enumerate(_UDEV_DIRS) if artifact.name.startswith(start)]
    return (ranks[0] if ranks else len(_UDEV_DIRS), artifact.name)


def _bus_scope(artifact: Artifact) -> Scope:
    """Give whose manager a bus asks: the system's for the system bus, else the user's, or every user's."""
    if _SYSTEM_BUS in artifact.name:
        return SYSTEM
    return GLOBAL_USER if artifact.scope == SYSTEM else artifact.scope
