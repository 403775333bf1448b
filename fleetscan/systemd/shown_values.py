"""What a manager has in memory of a unit against what its files say, value by value.

`systemctl show` prints decoded words without their quotes, expanded specifiers and normalised calendars. So the files'
values are written as the manager would print them, with holes for what only the host knows; what cannot be compared is
taken to be equal.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from fleetscan.errors import ParseError
from fleetscan.model.snapshot import Artifact
from fleetscan.model.unit import EffectiveUnit, ExecCommand
from fleetscan.systemd.calendar import normalise_calendar
from fleetscan.systemd.directive_kinds import parse_boolean
from fleetscan.systemd.exec_line import parse_exec
from fleetscan.systemd.names import instantiate, is_template, split_instance, unit_type
from fleetscan.systemd.partial_text import BY_NAME, HOLE, expand_known, fits
from fleetscan.systemd.timespan import format_timespan, parse_timespan
from fleetscan.systemd.triggers import build_triggers

_EXEC_SINCE = {
    "ExecCondition": 243,
    "ExecStartPre": 0,
    "ExecStart": 0,
    "ExecStartPost": 0,
    "ExecReload": 0,
    "ExecStop": 0,
    "ExecStopPost": 0,
}
_TRIGGERS_SHOWN_SINCE = 238
_LONGEST_VALUE = 16_000
"""Values are cut when they are collected; longer ones are not compared."""
_ESCAPED = re.compile(r"[\\$%\"'\x00-\x1f]")
_NAMES_OF_ALIASES = frozenset("nNpPjJ")
_THROUGH_SHELL = "|"
_SPANS = {"OnActive", "OnBoot", "OnStartup", "OnUnitActive", "OnUnitInactive"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same in memory and in the files.

    Attributes:
        name: The property of `systemctl show`.
        loaded: Its value in memory, empty when it has none.
        on_disk: What the files would give, with `…` for what only the host knows.
    """

    name: str
    loaded: str
    on_disk: str


def find_differences(
    unit: EffectiveUnit, block: Artifact, names: Collection[str], systemd_version: int
) -> tuple[Difference, ...]:
    """Compare commands, user, triggers and the unit that is activated.

    Args:
        unit: As its files say; read completely.
        block: What the manager has in memory under the unit's real name.
        names: All names of the unit.
        systemd_version: Of the host, 0 when unknown.
    """
    kind = unit_type(unit.name)
    if kind == "service":
        differences = (*_compare_commands(unit, block, names, systemd_version), *_compare_user(unit, block, names))
    elif kind == "timer":
        differences = (*_compare_triggers(unit, block, systemd_version),)
    else:
        return ()
    return tuple(d for d in differences if len(d.loaded) < _LONGEST_VALUE)


def find_target_difference(timer: EffectiveUnit, block: Artifact, targets: Collection[str]) -> tuple[Difference, ...]:
    """Compare what a timer activates; `targets` are all names of the unit that its files name, by preference first."""
    loaded = block.property("Unit")
    # A template that is named without an instance gets one from the timer.
    patterns = [instantiate(name, HOLE) if is_template(name) else name for name in targets]
    if not loaded or not targets or any(fits(pattern, loaded) for pattern in patterns):
        return ()
    stated = timer.values("Timer", "Unit")
    if stated and HOLE in expand_known(stated[0].value, block.name):
        return ()
    return (Difference("Unit", loaded, next(iter(targets))),)


def _compare_commands(
    unit: EffectiveUnit, block: Artifact, names: Collection[str], systemd_version: int
) -> Iterator[Difference]:
    for key, since in _EXEC_SINCE.items():
        if 0 < systemd_version < since:
            continue
        commands = [c for d in unit.values("Service", key) for c in parse_exec(d, systemd_version)]
        if not all(map(_is_accepted, commands)):
            continue
        loaded = block.property(key)
        pattern = _print_commands(commands, block.name, names, is_transient=unit.transient)
        # A bare name that systemd does not find is no command; which names it finds only the host knows.
        sure = [command for command in commands if command.path.startswith(("/", "%"))]
        least = _print_commands(sure, block.name, names, is_transient=unit.transient)
        if not (fits(pattern, loaded) or fits(least, loaded)):
            yield Difference(key, loaded, _show(pattern))


def _is_accepted(command: ExecCommand) -> bool:
    """Tell whether systemd takes the command for sure; one that it refuses is not in memory."""
    path = command.path
    if not path or _THROUGH_SHELL in command.prefixes:
        return False
    return path.startswith(("/", "%")) or "/" not in path


def _print_commands(commands: Iterable[ExecCommand], name: str, names: Collection[str], *, is_transient: bool) -> str:
    return "\n".join(_print_command(command, name, names, is_transient=is_transient) for command in commands)


def _print_command(command: ExecCommand, name: str, names: Collection[str], *, is_transient: bool) -> str:
    """Write a command as `show` would, without what changes by itself."""
    path = expand_known(command.path, name, "%")
    if not path.startswith(("/", HOLE)):
        path = HOLE + path  # some versions look a bare name up when they load it
    elif command.path not in command.raw:
        path = HOLE  # written with `//` or `/./` or escapes: how much of it is tidied differs by version
    known = _known_specifiers(names)
    # The manager wrote a transient unit's file itself, and escaped words in it as its version does.
    words = " ".join(
        HOLE if is_transient and _ESCAPED.search(word) else expand_known(word, name, known) for word in command.argv
    )
    ignores = "yes" if "-" in command.prefixes else "no"
    return f"{{ path={path} ; argv[]={words} ; ignore_errors={ignores} }}"


def _compare_user(unit: EffectiveUnit, block: Artifact, names: Collection[str]) -> Iterator[Difference]:
    stated = unit.values("Service", "User")
    if not stated and any(parse_boolean(d.value) for d in unit.values("Service", "DynamicUser")):
        return  # the manager invents a name
    pattern = expand_known(stated[-1].value, block.name, _known_specifiers(names)) if stated else ""
    loaded = block.property("User")
    if not fits(pattern, loaded):
        yield Difference("User", loaded, _show(pattern))


def _compare_triggers(timer: EffectiveUnit, block: Artifact, systemd_version: int) -> Iterator[Difference]:
    if 0 < systemd_version < _TRIGGERS_SHOWN_SINCE:
        return
    calendars: list[str] = []
    spans: list[str] = []
    # What we do not understand (a zone that only the host knows, a specifier) may be in memory under any text.
    unknown = {"TimersCalendar": 0, "TimersMonotonic": 0}
    for trigger in build_triggers(timer, systemd_version):
        is_calendar = trigger.directive == "OnCalendar"
        if not is_calendar and trigger.directive.removesuffix("Sec") not in _SPANS:
            continue
        if not trigger.normal:
            unknown["TimersCalendar" if is_calendar else "TimersMonotonic"] += 1
        elif is_calendar:
            calendars.append(trigger.normal)
        else:
            spans.append(f"{trigger.directive.removesuffix('Sec')}USec={trigger.normal}")
    for name, expected in (("TimersCalendar", calendars), ("TimersMonotonic", spans)):
        text = block.property(name)
        loaded = Counter(_normalise(line) for line in text.split("\n") if line)
        missing = Counter(expected) - loaded
        extra = loaded - Counter(expected)
        if missing or extra.total() > unknown[name]:
            yield Difference(name, text, ", ".join(expected))


@lru_cache(512)
def _normalise(line: str) -> str:
    """Give the meaning of one printed trigger, `{ OnCalendar=… }` or `{ OnBootUSec=… }`."""
    key, _, value = line.removeprefix("{ ").removesuffix(" }").partition("=")
    try:
        if key == "OnCalendar":
            return normalise_calendar(value)
        return f"{key}={format_timespan(parse_timespan(value))}"
    except ParseError:
        return f"{key}={value}"


def _known_specifiers(names: Collection[str]) -> Collection[str]:
    """Leave out specifiers that depend on which of several names the manager saw first."""
    prefixes = {split_instance(n)[0] or n for n in names}
    return BY_NAME if len(prefixes) == 1 else BY_NAME - _NAMES_OF_ALIASES


def _show(pattern: str) -> str:
    return pattern.replace(HOLE, "…")
