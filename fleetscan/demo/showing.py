"""Blocks of `systemctl show`, with the properties that a timer scanner asks for, in systemd's order."""

from fleetscan.demo.loaded import LoadedUnit
from fleetscan.demo.schedule import NORMAL_FORMS, UPTIME, format_span, parse_span
from fleetscan.demo.settings import split_command

_EXEC_KEYS = (
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecReload",
    "ExecStop",
    "ExecStopPost",
)
_SPANS = {"OnBootSec": "OnBootUSec", "OnUnitActiveSec": "OnUnitActiveUSec"}
_NEVER_RAN = "start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0"


def show_unit(unit: LoadedUnit) -> str:
    """Print one block; empty properties are included, as `show -p` prints them."""
    own = _timer_lines(unit) if unit.name.endswith(".timer") else _service_lines(unit)
    return "".join(f"{line}\n" for line in (*own, *_unit_lines(unit)))


def _timer_lines(unit: LoadedUnit) -> list[str]:
    """Properties of the timer interface."""
    masked = unit.state == "masked"
    lines = [f"Unit={'' if masked else unit.activates}"]
    next_at, last_at = unit.runs.next_at, unit.runs.last_at
    for expression in reversed(unit.settings.get(("Timer", "OnCalendar"), [])):
        elapse = f"{next_at:%a %Y-%m-%d %H:%M:%S} UTC" if next_at else "(null)"
        lines.append(f"TimersCalendar={{ OnCalendar={NORMAL_FORMS[expression]} ; next_elapse={elapse} }}")
    for key in ("OnUnitActiveSec", "OnBootSec"):
        for value in unit.settings.get(("Timer", key), []):
            boot_elapse = format_span(int(UPTIME.total_seconds()))
            lines.append(
                f"TimersMonotonic={{ {_SPANS[key]}={format_span(parse_span(value))} ; next_elapse={boot_elapse} }}"
            )
    return [
        *lines,
        "OnClockChange=no",
        "OnTimezoneChange=no",
        f"NextElapseUSecRealtime={f'{next_at:%a %Y-%m-%d %H:%M:%S} UTC' if next_at else ''}",
        f"LastTriggerUSec={f'{last_at:%a %Y-%m-%d %H:%M:%S} UTC' if last_at else ''}",
        f"AccuracyUSec={format_span(parse_span(unit.value('Timer', 'AccuracySec', '1min')))}",
        f"RandomizedDelayUSec={format_span(parse_span(unit.value('Timer', 'RandomizedDelaySec', '0')))}",
        "FixedRandomDelay=no",
        f"Persistent={'yes' if unit.value('Timer', 'Persistent') == 'true' else 'no'}",
        "WakeSystem=no",
        "RemainAfterElapse=yes",
    ]


def _service_lines(unit: LoadedUnit) -> list[str]:
    """Properties of the service interface."""
    lines = [_show_exec(key, value) for key in _EXEC_KEYS for value in unit.settings.get(("Service", key), [])]
    lines.append(f"Environment={' '.join(unit.settings.get(('Service', 'Environment'), []))}")
    for value in unit.settings.get(("Service", "EnvironmentFile"), []):
        optional = "yes" if value.startswith("-") else "no"
        lines.append(f"EnvironmentFiles={value.removeprefix('-')} (ignore_errors={optional})")
    return [
        *lines,
        f"WorkingDirectory={unit.value('Service', 'WorkingDirectory')}",
        "RootDirectory=",
        f"User={unit.value('Service', 'User')}",
        f"Group={unit.value('Service', 'Group')}",
        "DynamicUser=no",
    ]


def _show_exec(key: str, value: str) -> str:
    """Print a command; systemd shows its words without their quoting."""
    prefixes, words = split_command(value)
    ignore = "yes" if "-" in prefixes else "no"
    return f"{key}={{ path={words[0]} ; argv[]={' '.join(words)} ; ignore_errors={ignore} ; {_NEVER_RAN} }}"


def _unit_lines(unit: LoadedUnit) -> list[str]:
    """Properties of the unit interface."""
    masked = unit.state == "masked"
    is_timer = unit.name.endswith(".timer")
    waiting = is_timer and unit.wanted
    return [
        f"Id={unit.name}",
        f"Names={unit.name}",
        f"Triggers={unit.activates if is_timer and not masked else ''}",
        f"Description={unit.value('Unit', 'Description', unit.name)}",
        f"LoadState={'masked' if masked else 'loaded'}",
        f"ActiveState={'active' if waiting else 'inactive'}",
        f"SubState={'waiting' if waiting else 'dead'}",
        f"FragmentPath={unit.fragment}",
        "SourcePath=",
        f"DropInPaths={' '.join(unit.drop_ins)}",
        f"UnitFileState={unit.state}",
        "UnitFilePreset=enabled",
        "NeedDaemonReload=no",
        "Transient=no",
    ]


def _not_found(own: list[str]) -> str:
    """Print the block of a unit that does not exist; the shim puts its name for @NAME@."""
    unit = LoadedUnit(name="@NAME@", fragment="", state="", wanted=False)
    lines = [*own, *_unit_lines(unit)]
    text = "".join(f"{line}\n" for line in lines)
    return text.replace("LoadState=loaded", "LoadState=not-found").replace("UnitFilePreset=enabled", "UnitFilePreset=")


NOT_FOUND = {
    "timer": _not_found(_timer_lines(LoadedUnit(name="@NAME@.timer", fragment="", state="masked", wanted=False))),
    "service": _not_found(_service_lines(LoadedUnit(name="@NAME@.service", fragment="", state="", wanted=False))),
}
"""Blocks of units that do not exist, by type; `@NAME@` stands for the name."""
