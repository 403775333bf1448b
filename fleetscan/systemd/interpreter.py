"""What an interpreter is told to run: the script behind `/bin/sh -c …`, `env python3 x.py` and the like."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fleetscan.model.unit import ExecCommand


@dataclass(frozen=True, slots=True)
class InterpreterScript:
    """The code that an interpreter runs; exactly one of `path` and `text` is set.

    Attributes:
        interpreter: Base name without version, `sh`, `python`.
        path: Script file as written; relative paths are not resolved.
        text: Code given on the command line (`-c`, `-e`), or a module name for `python -m`.
    """

    interpreter: str
    path: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class _Options:
    """How a program reads its options.

    Attributes:
        code: Letters whose argument is code.
        glued: Letters that take the rest of their word (`-Mstrict`), so that no code letter follows.
        valued: Letters and long options whose argument is the next word.
        skip: Words of its own before the program it runs (wrappers only).
    """

    code: str = ""
    glued: str = ""
    valued: frozenset[str] = frozenset()
    skip: int = 0


def _valued(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SHELL = _Options("c", valued=_valued("-o -O +o +O --rcfile --init-file"))
_INTERPRETERS: dict[str, _Options] = {
    **dict.fromkeys(("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"), _SHELL),
    **dict.fromkeys(("csh", "tcsh", "fish"), _Options("c")),
    "python": _Options("cm", valued=_valued("-W -X")),
    "pypy": _Options("cm", valued=_valued("-W -X")),
    "perl": _Options("eE", "CDFIMdilmx0", _valued("-I")),
    "ruby": _Options("e", "CEFIKTWirx0", _valued("-I -r -C")),
    "node": _Options("ep", valued=_valued("-r --require --import --loader")),
    "nodejs": _Options("ep", valued=_valued("-r --require --import --loader")),
    "php": _Options("rBE", valued=_valued("-c -d -z")),
    "lua": _Options("e", valued=_valued("-l")),
    "tclsh": _Options(),
}
_WRAPPERS: dict[str, _Options] = {
    "env": _Options(valued=_valued("-u --unset -C --chdir -S --split-string")),
    "nice": _Options(valued=_valued("-n --adjustment")),
    "ionice": _Options(valued=_valued("-c -n --class --classdata")),
    "chrt": _Options(valued=_valued("-T -P -D"), skip=1),
    "timeout": _Options(valued=_valued("-k -s --kill-after --signal"), skip=1),
    "flock": _Options(valued=_valued("-w -E --timeout --wait --conflict-exit-code"), skip=1),
    "stdbuf": _Options(valued=_valued("-i -o -e --input --output --error")),
    "sudo": _Options(valued=_valued("-u -g -h -p -C -D -R -T --user --group")),
    "runuser": _Options(valued=_valued("-u -g -G --user --group")),
    "chroot": _Options(skip=1),
    **dict.fromkeys(("nohup", "setsid", "busybox", "exec", "time"), _Options()),
}
_VERSION = re.compile(r"[-.0-9]+\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_MAX_WRAPPERS = 8


def interpreter_script(command: ExecCommand) -> InterpreterScript | None:
    """Tell which code a command hands to an interpreter, looking through wrappers such as `env` and `timeout`.

    The program is taken from `command.path`, never from `argv[0]`, which the prefix `@` can set to anything.

    Returns:
        None when the program is no known interpreter, or when it is given no code (it then reads standard input).
    """
    if "|" in command.prefixes:  # the manager itself hands the line to a shell (systemd 258)
        return InterpreterScript("sh", text=" ".join(command.argv))
    for words in _unwrapped(command):
        name = _program_name(words[0])
        if name in _INTERPRETERS:
            return _find_code(name, _INTERPRETERS[name], words[1:])
    return None


def started_programs(command: ExecCommand) -> tuple[str, ...]:
    """Give what a command executes, as written: its own program, then what wrappers such as `env` and `timeout` run."""
    return tuple(words[0] for words in _unwrapped(command))


def _unwrapped(command: ExecCommand) -> Iterator[list[str]]:
    """Give the words of a command, then those of what it wraps, and so on. Never empty words."""
    words = [command.path, *command.argv[1:]]
    for _ in range(_MAX_WRAPPERS):
        if not words:
            return
        yield words
        name = _program_name(words[0])
        if name in _INTERPRETERS or name not in _WRAPPERS:
            return
        words = _unwrap(_WRAPPERS[name], words[1:])


def _program_name(path: str) -> str:
    base = path.rsplit("/", 1)[-1]
    return _VERSION.sub("", base) or base


def _unwrap(options: _Options, words: list[str]) -> list[str]:
    """Give the words from the wrapped program on."""
    skip = options.skip
    index = 0
    while index < len(words):
        word = words[index]
        if word in {"-S", "--split-string"} and word in options.valued:
            return [part for rest in words[index + 1 :] for part in rest.split()]
        if word.startswith("-"):
            index += 2 if word in options.valued else 1
        elif _ASSIGNMENT.match(word):
            index += 1
        elif skip:
            skip -= 1
            index += 1
        else:
            break
    return words[index:]


def _find_code(name: str, options: _Options, words: list[str]) -> InterpreterScript | None:
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--":
            index += 1
            break
        if word == "-" or not word.startswith(("-", "+")):
            break
        if not word.startswith("--"):
            found = _code_in_letters(name, options, word, words[index + 1 :])
            if found is not None:
                return found
        index += 2 if word in options.valued else 1
    if index < len(words) and words[index] != "-":
        return InterpreterScript(name, path=words[index])
    return None


def _code_in_letters(name: str, options: _Options, word: str, rest: list[str]) -> InterpreterScript | None:
    """Look for code in one bundle of letters, `-lc CODE` or `-cCODE`."""
    for position, letter in enumerate(word[1:], start=1):
        if letter in options.code:
            glued = word[position + 1 :]
            if options is _SHELL or not glued:  # a shell takes further letters as options and the code from a word
                return _code_after_options(name, rest) if rest else None
            return InterpreterScript(name, text=glued)
        if letter in options.glued or f"-{letter}" in options.valued:
            return None
    return None


def _code_after_options(name: str, rest: list[str]) -> InterpreterScript | None:
    for word in rest:
        if word == "--":
            continue
        if _INTERPRETERS[name] is _SHELL and word.startswith(("-", "+")) and len(word) > 1:
            continue  # `sh -c -e CODE`: options may follow
        return InterpreterScript(name, text=word)
    return None
