"""The commands of a unit, in the order in which systemd would come to them."""

from fleetscan.model.unit import EffectiveUnit, ExecCommand
from fleetscan.systemd.directive_kinds import EXEC_KEYS
from fleetscan.systemd.exec_line import parse_exec
from fleetscan.systemd.names import unit_type

_SOCKET_KEYS = frozenset({"ExecStartPre", "ExecStartPost", "ExecStopPre", "ExecStopPost"})


def parse_commands(unit: EffectiveUnit) -> tuple[ExecCommand, ...]:
    """Give all commands of a unit, decoded. Sockets run commands, too (systemd.socket(5))."""
    kind = unit_type(unit.name) or ("service" if unit.name.startswith("service.") else "")
    keys = _SOCKET_KEYS if kind == "socket" else EXEC_KEYS
    section = kind.capitalize()
    return tuple(
        command
        for directive in unit.directives
        if directive.section == section and directive.key in keys
        for command in parse_exec(directive)
    )
