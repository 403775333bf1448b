"""D-Bus service files: which unit a message to a name starts."""

import re
from dataclasses import dataclass

_GROUP = "D-BUS Service"
_LINE_ENDS = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class DbusService:
    """What a service file says.

    Attributes:
        unit: `SystemdService=`; empty when the bus runs a program itself.
        line: 1-based, of `SystemdService=`; 0 without it.
    """

    unit: str
    line: int


def parse_dbus_service(data: bytes) -> DbusService:
    """Read a service file of the system or session bus.

    Never raises: what is not understood is left out. The last assignment of a key counts, as for the bus; blanks around
    keys and values do not.

    Source:
        dbus-daemon(1) and the D-Bus specification, "Message Bus Starting Services"; dbus-desktop-file.c.
    """
    unit, unit_line = "", 0
    is_inside = False
    for number, line in enumerate(_LINE_ENDS.split(data.decode("utf-8", "surrogateescape")), start=1):
        text = line.strip(" \t")
        if text.startswith("["):
            is_inside = text[1:].partition("]")[0] == _GROUP
        key, equals, value = text.partition("=")
        if not (is_inside and equals):
            continue
        key, value = key.rstrip(" \t"), value.lstrip(" \t")
        if key == "SystemdService":
            unit, unit_line = value, number
    return DbusService(unit=unit, line=unit_line if unit else 0)
