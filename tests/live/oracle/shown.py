"""The oracle's side: what `systemctl show` and D-Bus say of every unit, asked in few calls."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetscan.systemd.names import is_template, is_unit_name, unit_type
from tests.live.oracle.hosts import OracleHost

EXEC_INTERFACES: Mapping[str, tuple[str, ...]] = {
    "service": (
        "ExecConditionEx",
        "ExecStartPreEx",
        "ExecStartEx",
        "ExecStartPostEx",
        "ExecReloadEx",
        "ExecReloadPostEx",
        "ExecStopEx",
        "ExecStopPostEx",
    ),
    "socket": ("ExecStartPre", "ExecStartPost", "ExecStopPre", "ExecStopPost"),
}
"""The D-Bus properties that hold command lines word by word; all versions since 244 have them."""

PROPERTIES = (
    *(
        "Id",
        "Names",
        "LoadState",
        "FragmentPath",
        "DropInPaths",
        "UnitFileState",
        "Transient",
        "User",
        "EnvironmentFiles",
    ),
    *("TimersCalendar", "TimersMonotonic", "Unit", "Triggers", "TriggeredBy", "OnClockChange", "OnTimezoneChange"),
    *("Persistent", "WakeSystem", "RemainAfterElapse", "FixedRandomDelay", "AccuracyUSec", "RandomizedDelayUSec"),
    *("WantedBy", "RequiredBy", "UpheldBy", "Wants", "Requires", "Type"),
)
_SHOW = 'xargs -r -d "\\n" systemctl $0 show -p "$1" -- || :'
_BUSCTL = r"""
get='org.freedesktop.DBus.Properties GetAll s'
while IFS=' ' read -r path interface; do
  printf '\n%s\n' "$path"
  busctl "$0" --json=short call org.freedesktop.systemd1 "$path" $get "$interface" 2>&1
done
:
"""
_ENTRY = re.compile(r"\{ (\w+)=(.*) ; next_elapse=.* \}\Z")


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a manager holds it; `flags` in its own words."""

    path: str
    argv: tuple[str, ...]
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One unit as a manager has it in memory; `properties` hold a list of lines each."""

    name: str
    properties: Mapping[str, tuple[str, ...]]
    commands: Mapping[str, tuple[Command, ...]] = field(default_factory=dict)

    def get(self, key: str) -> str:
        """Give a property, empty when the unit has none of that name."""
        return "\n".join(self.properties.get(key, ()))

    def words(self, key: str) -> tuple[str, ...]:
        """Give a property that is a list of words; systemd quotes words that hold a backslash or a space."""
        return tuple(_unquote(word) for word in re.findall(r'"(?:[^"\\]|\\.)*"|\S+', self.get(key)))

    def entries(self, key: str) -> tuple[tuple[str, str], ...]:
        """Give the elapses of a timer in file order: systemd prints the last one first."""
        found = [_ENTRY.match(line) for line in self.properties.get(key, ())]
        return tuple((match[1], match[2]) for match in reversed(found) if match)


def list_names(host: OracleHost, *, user: bool) -> frozenset[str]:
    """Give every unit that a manager has on disk or in memory; templates are among them."""
    manager = ("--user",) if user else ()
    listings = (
        ("list-unit-files", "--no-legend", "--no-pager", "--full"),
        ("list-units", "--all", "--plain", "--no-legend", "--no-pager", "--full"),
    )
    lines = [
        line for args in listings for line in host.run("systemctl", *manager, *args, user=user).decode().split("\n")
    ]
    # A description may hold newlines up to 252, so a line may be anything.
    return frozenset(word for line in lines for word in line.split()[:1] if is_unit_name(word))


def show_units(
    host: OracleHost, names: Iterable[str], *, user: bool, with_commands: bool = True
) -> Mapping[str, Shown]:
    """Ask a manager of units by name.

    Returns:
        By name. A unit whose values are not UTF-8 is missing: D-Bus cannot carry them, and the bus closes the manager's
        connection for trying, so it is not asked there at all.
    """
    wanted = sorted(names)
    assert not any(is_template(name) for name in wanted)
    blocks = _ask(host, wanted, user=user)
    while len(blocks) < len(wanted):  # one that cannot be shown ends the call
        del wanted[len(blocks)]
        blocks += _ask(host, wanted[len(blocks) :], user=user)
    loaded = [name for name, block in zip(wanted, blocks, strict=True) if block["LoadState"] == ("loaded",)]
    commands = _ask_commands(host, loaded, user=user) if with_commands else {}
    shown = {name: Shown(name, block, commands.get(name, {})) for name, block in zip(wanted, blocks, strict=True)}
    for unit in shown.values():
        assert unit.name in unit.words("Names"), f"{unit.name} is shown as {unit.words('Names')}"
    return shown


def _ask(host: OracleHost, names: Sequence[str], *, user: bool) -> list[Mapping[str, tuple[str, ...]]]:
    text = host.run(
        "sh",
        "-c",
        _SHOW,
        "--user" if user else "--system",
        ",".join(PROPERTIES),
        stdin="\n".join(names).encode(),
        user=user,
    )
    return [_read_block(block) for block in text.decode("utf-8", "surrogateescape").strip("\n").split("\n\n") if block]


def _read_block(text: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        key, _, value = line.partition("=")
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def _ask_commands(
    host: OracleHost, names: Sequence[str], *, user: bool
) -> Mapping[str, Mapping[str, tuple[Command, ...]]]:
    """Give the command lines of services and sockets word by word, by unit and property."""
    by_path = {_object_path(name): name for name in names if unit_type(name) in EXEC_INTERFACES}
    lines = [
        f"{path} org.freedesktop.systemd1.{(unit_type(name) or '').capitalize()}\n" for path, name in by_path.items()
    ]
    text = host.run("sh", "-c", _BUSCTL, "--user" if user else "--system", stdin="".join(lines).encode(), user=user)
    found: dict[str, Mapping[str, tuple[Command, ...]]] = {}
    for block in text.decode("utf-8", "surrogateescape").strip("\n").split("\n\n"):
        path, answer = block.split("\n")
        values = json.loads(answer)["data"][0]
        found[by_path[path]] = {
            key.removesuffix("Ex"): tuple(_read_command(item) for item in values[key]["data"])
            for key in EXEC_INTERFACES[unit_type(by_path[path]) or ""]
            if key in values
        }
    return found


def _read_command(item: list[Any]) -> Command:
    path, argv, flags = item[:3]
    if isinstance(flags, bool):  # a socket's commands have no flags but this one
        flags = ["ignore-failure"] if flags else []
    return Command(path, tuple(argv), frozenset(flags))


def _object_path(name: str) -> str:
    label = "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):02x}" for c in name)
    if label[:1].isdigit():
        label = f"_{ord(label[0]):02x}{label[1:]}"
    return f"/org/freedesktop/systemd1/unit/{label}"


def _unquote(word: str) -> str:
    return shlex.split(word)[0] if word.startswith('"') else word
