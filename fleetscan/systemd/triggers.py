"""What makes a timer elapse: its On… directives, normalised and in words."""

from collections.abc import Iterable, Mapping

from fleetscan.errors import ParseError
from fleetscan.model.unit import Directive, EffectiveUnit, Trigger
from fleetscan.systemd.calendar import normalise_calendar
from fleetscan.systemd.calendar_spec import WEEKDAYS
from fleetscan.systemd.names import expand_specifiers
from fleetscan.systemd.timespan import format_timespan, parse_timespan

_CALENDAR = "OnCalendar"
_SPANS = frozenset({"OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"})
_SWITCHES = frozenset({"OnClockChange", "OnTimezoneChange"})
_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})
_FALSE = frozenset({"0", "no", "n", "false", "f", "off"})
_SWITCHES_SINCE = 242
_RANGES_SINCE = 233  # `..`, and `~` for the end of the month; weekdays had `-` before
_ZONES_SINCE = 235  # not in 234, in 237; before, UTC was the only one
_LONGEST_QUOTE = 80

_CALENDAR_WORDS: Mapping[str, str] = {
    "*-*-* *:*:*": "every second",
    "*-*-* *:*:00": "every minute",
    "*-*-* *:00:00": "hourly",
    "*-*-* 00:00:00": "daily",
    "*-*-01 00:00:00": "monthly",
    "*-01,04,07,10-01 00:00:00": "quarterly",
    "*-01,07-01 00:00:00": "twice a year",
    "*-01-01 00:00:00": "yearly",
    **{f"{day} *-*-* 00:00:00": f"weekly on {day}" for day in WEEKDAYS},
    **{f"*-*-* *:00/{n}:00": f"every {n}min" for n in range(2, 31) if 60 % n == 0},
    **{f"*-*-* 00/{n}:00:00": f"every {n}h" for n in range(2, 13) if 24 % n == 0},
}
_SPAN_WORDS: Mapping[str, str] = {
    "OnBootSec": "{} after boot",
    "OnStartupSec": "{} after the manager starts",
    "OnActiveSec": "{} after the timer starts",
    "OnUnitActiveSec": "every {}",
    "OnUnitInactiveSec": "{} after each run ends",
}
_SWITCH_WORDS: Mapping[str, str] = {
    "OnClockChange": "when the clock is set",
    "OnTimezoneChange": "when the time zone changes",
}


def build_triggers(timer: EffectiveUnit, systemd_version: int = 0) -> tuple[Trigger, ...]:
    """Collect the directives that make a timer elapse.

    Specifiers in values (`OnCalendar=*-*-* %i:00`) are those of the name that the timer was asked for by.

    Args:
        timer: With the directives in force.
        systemd_version: Major version, 0 for a current one.

    Returns:
        In order of application, repeats kept. A value that systemd refuses has an empty `normal` and is kept, because
        it says what somebody wanted. `OnClockChange=` and `OnTimezoneChange=` appear only when they are switched on.

    Source:
        systemd.timer(5).
    """
    triggers: list[Trigger] = []
    switches: dict[str, Trigger | None] = {}
    for directive in timer.directives:
        if directive.section != "Timer":
            continue
        if directive.key in _SWITCHES:
            if 0 < systemd_version < _SWITCHES_SINCE:
                continue
            switches[directive.key] = _build_switch(directive, switches.get(directive.key))
        elif directive.key == _CALENDAR or directive.key in _SPANS:
            triggers.append(_trigger(directive, _normalise(directive, timer.name, systemd_version)))
    return (*triggers, *(trigger for _, trigger in sorted(switches.items()) if trigger is not None))


def describe_triggers(triggers: Iterable[Trigger]) -> str:
    """Say in a short phrase when a timer runs.

    Returns:
        `daily`, `every 5min`, `15min after boot, then every 1d`, the normal form where there is no word for it; `never`
        without any trigger. Contains text of the host only for values that systemd refuses, quoted and shortened.
    """
    calendars: list[str] = []
    starts: list[str] = []
    repeats: list[str] = []
    others: list[str] = []
    for trigger in triggers:
        if not trigger.normal:
            others.append(f"not valid: {trigger.directive}={trigger.value[:_LONGEST_QUOTE]!r}")
        elif trigger.directive == _CALENDAR:
            calendars.append(_CALENDAR_WORDS.get(trigger.normal, trigger.normal))
        elif trigger.directive in _SWITCH_WORDS:
            others.append(_SWITCH_WORDS[trigger.directive])
        else:
            is_repeat = trigger.directive in {"OnUnitActiveSec", "OnUnitInactiveSec"}
            (repeats if is_repeat else starts).append(_SPAN_WORDS[trigger.directive].format(trigger.normal))
    spans = ", then ".join(" and ".join(dict.fromkeys(group)) for group in (starts, repeats) if group)
    phrases = [" and ".join(dict.fromkeys(calendars)), spans, *others]
    return "; ".join(phrase for phrase in phrases if phrase) or "never"


def _trigger(directive: Directive, normal: str) -> Trigger:
    return Trigger(directive=directive.key, value=directive.value, normal=normal, origin=directive.origin)


def _build_switch(directive: Directive, before: Trigger | None) -> Trigger | None:
    """Give the switch after one more assignment: the last valid one counts, an empty one switches off."""
    word = directive.value.lower()
    if word in _TRUE:
        return _trigger(directive, "yes")
    return None if word in _FALSE or not word else before


def _normalise(directive: Directive, name: str, version: int) -> str:
    value = expand_specifiers(directive.value, name)
    try:
        if directive.key == _CALENDAR:
            normal = normalise_calendar(value)
            return "" if 0 < version < _ZONES_SINCE and _is_too_new(value, normal, version) else normal
        return format_timespan(parse_timespan(value, version))
    except ParseError:
        return ""


def _is_too_new(value: str, normal: str, version: int) -> bool:
    """Tell whether an old systemd does not know the syntax of a calendar expression.

    Source: NEWS of 233; calendar_spec_from_string() of systemd 219 and 239.
    """
    has_zone = not normal.endswith(" UTC") and normal[-1:].isalpha()
    return has_zone or (version < _RANGES_SINCE and (".." in value or "~" in value))
