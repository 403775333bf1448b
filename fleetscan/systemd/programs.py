"""Which files a unit's commands run and read: executables, the scripts of interpreters, environment files."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleetscan.model.ids import SYSTEM, Scope
from fleetscan.model.program import ProgramRole
from fleetscan.model.unit import EffectiveUnit, ExecCommand
from fleetscan.systemd.interpreter import interpreter_script, started_programs
from fleetscan.systemd.names import SPECIFIER, TEMPLATE_SPECIFIERS, is_template, name_specifiers, unit_type
from fleetscan.systemd.shell_text import find_commands

DEFAULT_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where systemd looks for a bare name; the last two on hosts without merged /usr only.

Source: systemd.exec(5), `ExecSearchPath=`; DEFAULT_PATH in path-util.h.
"""

MAX_PER_UNIT = 64
"""Most files that one unit is taken to name."""

_SYSTEM_DIRECTORIES = {
    "h": "/root", "t": "/run", "S": "/var/lib", "C": "/var/cache", "L": "/var/log", "E": "/etc", "T": "/tmp",  # noqa: S108 - specifiers' values
    "V": "/var/tmp", "s": "/bin/sh", "u": "root", "U": "0",  # noqa: S108
}  # fmt: skip
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))")
_WILDCARDS = frozenset("*?[")
_UNKNOWN = "\0"  # stands for what is known at run time only; no path has it
_MAX_NESTING = 3


@dataclass(frozen=True, slots=True)
class ProgramRef:
    """A file that a unit names.

    Attributes:
        directive: What names it, `ExecStart`, `EnvironmentFile`.
        name: As written, specifiers and variables expanded as far as the unit's own text allows.
        candidates: Absolute paths; the first that exists is meant. Empty when the path is known at run time only.
    """

    scope: Scope
    role: ProgramRole
    directive: str
    name: str
    candidates: tuple[str, ...]


def find_programs(
    unit: EffectiveUnit, commands: Sequence[ExecCommand], home: str | None = None
) -> tuple[ProgramRef, ...]:
    """Give the files that a unit runs and reads, in the order of its commands, each once (see `find_places`)."""
    return tuple(find_places(unit, commands, home))


def find_places(
    unit: EffectiveUnit, commands: Sequence[ExecCommand], home: str | None = None
) -> Mapping[ProgramRef, Sequence[int]]:
    """Give the files that a unit runs and reads, at most `MAX_PER_UNIT`, with the commands that name them.

    Args:
        unit: The unit that the commands belong to.
        commands: Decoded, in order.
        home: Home of the user whose manager runs the unit, None when it is not known.

    Returns:
        In the order of the commands, environment files last; for each the places of its commands, from 0, ascending,
        none for environment files.
    """
    reader = _Reader(unit, home)
    found: dict[ProgramRef, list[int]] = {}
    for number, command in enumerate(commands):
        for ref in dict.fromkeys(reader.read(command)):
            if ref in found or len(found) < MAX_PER_UNIT:
                found.setdefault(ref, []).append(number)
    section = (unit_type(unit.name) or "").capitalize()
    for directive in unit.values(section, "EnvironmentFile"):
        path = reader.expand(directive.value.removeprefix("-"))
        known = path.startswith("/") and not _WILDCARDS & set(path) and "%" not in path
        candidates = (posixpath.normpath(path),) if known else ()
        if len(found) < MAX_PER_UNIT:
            found.setdefault(ProgramRef(unit.scope, ProgramRole.ENVIRONMENT, "EnvironmentFile", path, candidates), [])
    return found


def is_pattern(path: str) -> bool:
    """Tell whether an environment file is named by a pattern of which only the last part has wildcards."""
    folder, _, base = path.rpartition("/")
    return folder.startswith("/") and not (_WILDCARDS | {"%"}) & set(folder) and bool(_WILDCARDS & set(base))


class _Reader:
    def __init__(self, unit: EffectiveUnit, home: str | None) -> None:
        self._unit = unit
        self._section = (unit_type(unit.name) or "").capitalize()
        self._home = "/root" if unit.scope == SYSTEM else home
        self._variables = self._read_variables()
        self._root = self._last("RootDirectory")
        self._has_image = bool(self._last("RootImage"))
        folder = self._last("WorkingDirectory").removeprefix("-")
        default = "/" if unit.scope == SYSTEM else (home or "")
        self._folder = (self._home or "") if folder == "~" else (folder or default)
        self._search = tuple(
            folder
            for directive in unit.values(self._section, "ExecSearchPath")
            for folder in self.expand(directive.value).split(":")
            if folder.startswith("/")
        )

    def read(self, command: ExecCommand, nesting: int = 0) -> Iterator[ProgramRef]:
        """Give the files of one command."""
        plain = ":" in command.prefixes
        expand = str if nesting else self.expand  # the text of a shell was expanded as a whole
        for program in started_programs(command):
            name = expand(program)
            yield self._refer(ProgramRole.EXECUTABLE, command.directive, name, self._find_executable(name))
        script = interpreter_script(command)
        if script is None:
            return
        if script.path is not None:
            name = expand(script.path) if plain else self._substitute(expand(script.path))
            yield self._refer(ProgramRole.SCRIPT, command.directive, name, self._find_script(name))
        elif script.text is not None and nesting < _MAX_NESTING and script.interpreter.endswith("sh"):
            text = expand(script.text) if plain else self._substitute(expand(script.text))
            for words in find_commands(text):
                if "/" in words[0] or interpreter_script(_command(command, words)) is not None:
                    yield from self.read(_command(command, words), nesting + 1)

    def expand(self, text: str) -> str:
        """Replace the specifiers that the unit's name, or the manager, decides; others stay."""
        if "%" not in text:
            return text
        name = self._unit.name
        values = dict(_SYSTEM_DIRECTORIES if self._unit.scope == SYSTEM else {"h": self._home or "%h", "s": "/bin/sh"})
        of_name = name_specifiers(name)
        # Of a template it is not known which instance there will be.
        values |= {letter: of_name[letter] for letter in (TEMPLATE_SPECIFIERS if is_template(name) else of_name)}
        # In one pass, so that the `%h` of a `%%h` stays text.
        return SPECIFIER.sub(lambda m: values.get(m[1], m[0]), text)

    def _refer(self, role: ProgramRole, directive: str, name: str, candidates: tuple[str, ...]) -> ProgramRef:
        if self._has_image or any("%" in path or _UNKNOWN in path for path in candidates):
            candidates = ()
        elif self._root not in ("", "/"):
            candidates = tuple(f"{self._root.rstrip('/')}{path}" for path in candidates)
        return ProgramRef(self._unit.scope, role, directive, name.replace(_UNKNOWN, "$…"), candidates)

    def _find_executable(self, name: str) -> tuple[str, ...]:
        if "/" not in name:
            return tuple(f"{folder}/{name}" for folder in self._search or DEFAULT_PATH) if name else ()
        return (posixpath.join(self._folder or "/", name),) if self._folder or name.startswith("/") else ()

    def _find_script(self, name: str) -> tuple[str, ...]:
        if name.startswith("/"):
            return (name,)
        here = (posixpath.join(self._folder, name),) if self._folder.startswith("/") else ()
        return here if "/" in name else here + tuple(f"{folder}/{name}" for folder in DEFAULT_PATH)

    def _substitute(self, text: str) -> str:
        return _VARIABLE.sub(
            lambda match: "$" if match[3] else self._variables.get(match[1] or match[2], _UNKNOWN), text
        )

    def _read_variables(self) -> Mapping[str, str]:
        variables: dict[str, str] = {}
        for directive in self._unit.values(self._section, "Environment"):
            try:
                words = shlex.split(self.expand(directive.value))
            except ValueError:
                words = directive.value.split()
            for word in words:
                name, _, value = word.partition("=")
                variables[name] = value
        return variables

    def _last(self, key: str) -> str:
        stated = self._unit.values(self._section, key)
        return self.expand(stated[-1].value) if stated else ""


def _command(outer: ExecCommand, words: Sequence[str]) -> ExecCommand:
    """Give a command found in a shell text the form of one of the unit's own."""
    return ExecCommand(
        directive=outer.directive, prefixes="", path=words[0], argv=tuple(words), raw=outer.raw, origin=outer.origin
    )
