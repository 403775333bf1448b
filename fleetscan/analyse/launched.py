"""Which files a subject launches, and whether they lie where nobody installs programs."""

import re
from collections.abc import Iterator

from fleetscan.analyse.places import is_open_to_all, normalise_path
from fleetscan.model.ids import SYSTEM
from fleetscan.model.subject import Subject
from fleetscan.model.unit import ExecCommand
from fleetscan.systemd.interpreter import interpreter_script

_WRAPPERS = frozenset(
    {"chrt", "env", "flock", "ionice", "nice", "nohup", "runuser", "setsid", "stdbuf", "sudo", "timeout"}
)
_COMMAND_START = re.compile(r"(?:^|[;&|(`]|\bexec\b|\bnohup\b)\s*[\"']?(/[^\s\"';&|)`]+)")
_USER_CONFIG = frozenset({".config", ".local", ".cache", ".cargo", ".nvm", ".rbenv", ".pyenv", ".npm-global"})
_HOMES = ("/home/", "/root/", "%h/")


def find_dubious_paths(subject: Subject) -> tuple[str, ...]:
    """Give launched paths in directories that everyone may write to or that are hidden, in order, without repeats.

    A directory of a user's own settings (`~/.local`, `~/.config`, …) is not hidden in that sense. Arguments that are
    only data (`find /tmp -mtime +10`) do not count.
    """
    home_is_usual = subject.key.scope != SYSTEM
    found = [p for p in launched_paths(subject) if is_open_to_all(p) or _is_hidden(p, home_is_usual=home_is_usual)]
    return tuple(dict.fromkeys(found))


def launched_paths(subject: Subject) -> Iterator[str]:
    """Give the executables, scripts, working directories and link targets of a subject, normalised, in order."""
    for command in subject.commands:
        yield from map(normalise_path, _paths_of_command(command))
    for _unit, directive in subject.directives:
        if directive.key in ("WorkingDirectory", "RootDirectory", "EnvironmentFile"):
            yield normalise_path(directive.value.lstrip("-"))
    for source in subject.sources:
        if source.link_target:
            yield normalise_path(source.link_target)


def _paths_of_command(command: ExecCommand) -> Iterator[str]:
    yield command.path
    script = interpreter_script(command)
    if script is not None and script.path is not None:
        yield script.path
    elif script is not None and script.text is not None:
        yield from (match.group(1) for match in _COMMAND_START.finditer(script.text))
    else:
        yield from _paths_behind_wrapper(command)


def _paths_behind_wrapper(command: ExecCommand) -> Iterator[str]:
    """Give the first absolute path among the words of `env`, `timeout 60` and the like: the program they start."""
    if _base(command.path) in _WRAPPERS:
        yield from [word for word in command.argv[1:] if word.startswith("/")][:1]


def _is_hidden(path: str, *, home_is_usual: bool) -> bool:
    if not path.startswith(("/", "%h/")):
        return False
    hidden = [part for part in path.split("/") if part.startswith(".")]
    if home_is_usual or path.startswith(_HOMES):
        hidden = [part for part in hidden if part not in _USER_CONFIG]
    return bool(hidden)


def _base(path: str) -> str:
    return path.rpartition("/")[2]
