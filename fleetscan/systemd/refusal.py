"""When systemd refuses a unit although its text could be read."""

import re
from collections.abc import Sequence

from fleetscan.model.unit import Directive, EffectiveUnit
from fleetscan.systemd.directive_kinds import EXEC_KEYS, parse_boolean
from fleetscan.systemd.exec_check import check_exec
from fleetscan.systemd.names import expand_specifiers, unit_type
from fleetscan.systemd.specifiers import is_open
from fleetscan.systemd.triggers import build_triggers

_ACCOUNT_KEYS = frozenset({"Group", "User"})
# strtoul(3) passes over more kinds of space than systemd, and the check for a leading zero looks at the first byte only
_NUMERIC_ID = re.compile(r"(?:0|[1-9][0-9]{0,9}|[\v\f][ \v\f]*[0-9]{1,20})\Z")
_NO_IDS = frozenset({2**16 - 1, 2**32 - 1})
_BAD_IN_ACCOUNT = re.compile(r"[\x00-\x1f\x7f:/\udc80-\udcff]|\A[ ]|[ ]\Z|\A-?[0-9]*\Z|\A\.\.?\Z")


def find_fatal_fault(directive: Directive, names: Sequence[str], systemd_version: int = 0) -> str:
    """Say why an assignment makes systemd give up on the file that it stands in, empty when it does not.

    Args:
        directive: The assignment.
        names: All names of the unit, the real one first.
        systemd_version: Major version, 0 for a current one.

    Source:
        The parsers of load-fragment.c that return -ENOEXEC: config_parse_exec(), config_parse_user_group_compat(), and
        config_parse_bool() where load-fragment-gperf.gperf.in asks for it.
    """
    if directive.section != (unit_type(names[0]) or "").capitalize():
        return ""
    if directive.key == "DynamicUser":
        return "not a boolean" if parse_boolean(directive.value) is None else ""
    if not directive.value:
        return ""
    if directive.key in EXEC_KEYS:
        check = check_exec(directive.value, names[0], systemd_version)
        return check.fault if check.is_fatal else ""
    is_account = is_open(directive.value, names[0]) or _is_account(expand_specifiers(directive.value, names[0]))
    return "not the name of an account" if directive.key in _ACCOUNT_KEYS and not is_account else ""


def keeps_commands(directive: Directive, names: Sequence[str], systemd_version: int = 0) -> bool:
    """Tell whether a line with a fatal fault has commands before the fault: the unit gets those."""
    return directive.key in EXEC_KEYS and check_exec(directive.value, names[0], systemd_version).accepted > 0


def find_refusal(unit: EffectiveUnit, name: str, systemd_version: int = 0) -> str:
    """Say why systemd refuses a unit as a whole, empty when it does not.

    Args:
        unit: With the directives in force.
        name: Its real name.
        systemd_version: Major version, 0 for a current one.

    Source:
        timer_verify() and service_verify().
    """
    kind = unit_type(name)
    if kind == "timer" and not any(trigger.normal for trigger in build_triggers(unit, systemd_version)):
        return "no valid directive makes this timer elapse"
    return _find_service_refusal(unit, name, systemd_version) if kind == "service" else ""


def _find_service_refusal(unit: EffectiveUnit, name: str, version: int) -> str:
    starts = _count_commands(unit, "ExecStart", name, version)
    bus_name = _last(unit, "Service", "BusName")
    kind = _last(unit, "Service", "Type") or ("dbus" if bus_name else "simple" if starts else "oneshot")
    reason = ""
    if not starts and _last(unit, "Unit", "SuccessAction") in {"", "none"}:
        if not _count_commands(unit, "ExecStop", name, version):
            reason = "no ExecStart=, ExecStop= or SuccessAction="
        elif kind != "oneshot":
            reason = "no ExecStart= in a service that is not of Type=oneshot"
        elif not parse_boolean(_last(unit, "Service", "RemainAfterExit")):
            reason = "no ExecStart= in a service without RemainAfterExit=yes"
    elif starts > 1 and kind != "oneshot":
        reason = "more than one ExecStart= in a service that is not of Type=oneshot"
    if not reason and kind == "oneshot" and _last(unit, "Service", "Restart") in {"always", "on-success"}:
        reason = "Type=oneshot does not go with this Restart="
    if not reason and kind == "dbus" and not bus_name:
        reason = "Type=dbus without BusName="
    return reason


def _count_commands(unit: EffectiveUnit, key: str, name: str, version: int) -> int:
    return sum(check_exec(d.value, name, version).accepted for d in unit.values("Service", key))


def _last(unit: EffectiveUnit, section: str, key: str) -> str:
    stated = unit.values(section, key)
    return stated[-1].value if stated else ""


def _is_account(name: str) -> bool:
    if _NUMERIC_ID.match(name):
        return int(name) < 2**32 and int(name) not in _NO_IDS
    return not _BAD_IN_ACCOUNT.search(name)
