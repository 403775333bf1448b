"""`systemctl show`: what a manager has in memory, and which of it does not change by itself."""

import re
from collections.abc import Mapping

from fleetscan.errors import ParseError

Block = Mapping[str, str]
"""Properties of one unit. A property printed on several lines has its values joined by newlines, in file order."""

# The manager prepends these to its list, so `show` prints them in reverse.
_REVERSED = frozenset({"TimersCalendar", "TimersMonotonic"})
_COMMANDS = frozenset(
    {
        name + suffix
        for name in (
            "ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecReloadPost",
            "ExecStop", "ExecStopPre", "ExecStopPost",
        )
        for suffix in ("", "Ex")
    }
)  # fmt: skip
_STABLE = frozenset(
    {
        "AccuracyUSec", "Description", "DropInPaths", "DynamicUser", "Environment", "EnvironmentFiles",
        "FixedRandomDelay", "FragmentPath", "Group", "Id", "LoadState", "NeedDaemonReload", "OnClockChange",
        "OnTimezoneChange", "Persistent", "RandomizedDelayUSec", "RemainAfterElapse", "RootDirectory", "SourcePath",
        "Transient", "Unit", "UnitFilePreset", "UnitFileState", "User", "WakeSystem", "WorkingDirectory",
    }
)  # fmt: skip
_NAME_LISTS = frozenset({"Names", "Triggers"})
_FOLDED_STATES = {
    "active": "active",
    "reloading": "active",
    "activating": "active",
    "refreshing": "active",
    "failed": "failed",
}
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')
_QUOTED = re.compile(r"\\(.)")
_OPEN = "{ path="
_CLOSE = " }"


def parse_show(data: bytes) -> tuple[Block, ...]:
    """Read the blocks of one or more units.

    A command line may hold a newline, because escapes of the unit file are printed decoded; its lines are taken
    together up to the closing brace. A hostile unit can still imitate further properties that way: show units one by
    one where it matters, and believe the file.

    Returns:
        One mapping a unit, in the order of the output.

    Raises:
        ParseError: A line without `=`, or a command that is never closed.

    Source:
        systemctl(1), `show`; properties are those of org.freedesktop.systemd1(5).
    """
    blocks: list[dict[str, list[str]]] = []
    current: dict[str, list[str]] = {}
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if not line:
            if current:
                blocks.append(current)
                current = {}
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.isidentifier():
            raise ParseError("not a property", line=index)
        if key in _COMMANDS and value.startswith(_OPEN) and not value.endswith(_CLOSE):
            value, index = _read_on(lines, index, value)
        current.setdefault(key, []).append(value)
    if current:
        blocks.append(current)
    return tuple(
        {key: "\n".join(reversed(values) if key in _REVERSED else values) for key, values in block.items()}
        for block in blocks
    )


def stable_properties(block: Block) -> tuple[tuple[str, str], ...]:
    """Give what belongs in a fingerprint: without times, process ids, results and anything else that moves by itself.

    Returns:
        Sorted pairs; properties that are not set or empty are left out, as are those that are not known to be stable.
        `ActiveState` is there for timers only, as `active`, `inactive` or `failed`.
    """
    is_timer = block.get("Id", "").endswith(".timer")
    stable: dict[str, str] = {}
    for key, value in block.items():
        if not value:
            continue
        if key in _STABLE:
            stable[key] = value
        elif key in _NAME_LISTS:
            stable[key] = " ".join(sorted(map(_unquote, _WORD.findall(value))))
        elif key in _REVERSED:
            stable[key] = "\n".join(_cut(line, " ; next_elapse=") for line in value.split("\n"))
        elif key in _COMMANDS:
            stable[key] = _cut_commands(value)
        elif key == "ActiveState" and is_timer:
            stable[key] = _FOLDED_STATES.get(value, "inactive")
    return tuple(sorted(stable.items()))


def _unquote(word: str) -> str:
    """Take off the quotes that newer versions put around a name with a backslash."""
    return _QUOTED.sub(r"\1", word[1:-1]) if len(word) > 1 and word[0] == word[-1] == '"' else word


def _read_on(lines: list[str], index: int, value: str) -> tuple[str, int]:
    begin = index
    parts = [value]
    while index < len(lines):
        parts.append(lines[index])
        index += 1
        if parts[-1].endswith(_CLOSE):
            return "\n".join(parts), index
    raise ParseError("a command is not closed", line=begin)


def _cut_commands(value: str) -> str:
    """Cut each command of a joined value; a line that does not close a command belongs to the next one."""
    commands: list[str] = []
    pending: list[str] = []
    for line in value.split("\n"):
        pending.append(line)
        if line.endswith(_CLOSE):
            commands.append(_cut("\n".join(pending), " ; start_time="))
            pending = []
    return "\n".join([*commands, *pending])


def _cut(text: str, mark: str) -> str:
    """Take the volatile end off a braced value; the last mark counts, because a command line may hold one too."""
    kept, found, _ = text.rpartition(mark)
    return f"{kept}{_CLOSE}" if found else text
