"""Where paths lie, in the terms in which rules and controls speak of them."""

import re
from collections.abc import Callable

from fleetscan.systemd.search_path import is_generated_dir, is_transient_dir, is_vendor_dir

OPEN_TO_ALL = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - places to look for, nothing is written there
"""Where everyone may write, each with its slash."""

TEMPORARY_ROOTS = (
    "/tmp",  # noqa: S108
    "/var/tmp",  # noqa: S108
    "/dev",
    "/run/user",
    "/run/shm",
    "/run/lock",
    "/run/screen",
    "/var/lock",
    "/var/crash",
    "/var/cache",
    "/var/log",
    "/var/mail",
    "/var/spool",
    "/boot",
    "/lost+found",
    "/proc",
    "/sys",
)
"""Where no program has its home: what everyone may write, what passes with a boot, and what is data by its nature."""

_NOT_PROGRAMS = frozenset({"/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/zero", "/dev/full"})
_SPECIFIERS = {"%T": "/tmp", "%V": "/var/tmp", "%L": "/var/log", "%C": "/var/cache"}  # noqa: S108
_USER_CONFIG_TEXT = """
    .asdf .bun .cache .cargo .config .deno .dotnet .go .linuxbrew .local .nix-profile .npm-global .nvm .pyenv
    .rbenv .rustup .sdkman .steam .venv .volta .vscode-server
"""
_USER_CONFIG = frozenset(_USER_CONFIG_TEXT.split())
_HOME = re.compile(r"\A(?:/home/[^/]+|/root|%h|~)(?=/|\Z)")
_OWN_HOME_UNITS = re.compile(r"/\.(?:config|local/share)/systemd/user(?:\.control)?\Z")
_GLOBAL_USER = ("/etc/systemd/user", "/etc/xdg/systemd/user", "/run/systemd/user")
_LOCAL = re.compile(r"\A/usr/local/(?:lib|share)/systemd/(?:system|user)\Z")
_RUNTIME = re.compile(r"\A/run/user/\d+/systemd(?:/|\Z)", re.ASCII)


def normalise_path(path: str) -> str:
    """Resolve `.`, `..`, double slashes and the specifiers of temporary places, by text alone; other text stays."""
    path = _SPECIFIERS.get(path[:2], path[:2]) + path[2:]
    if not path.startswith("/"):
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def is_open_to_all(path: str) -> bool:
    """Tell whether a path is, or lies in, a directory where everyone may write."""
    return f"{path}/".startswith(OPEN_TO_ALL)


def is_temporary(path: str) -> bool:
    """Tell whether a path lies where no program has its home."""
    if path in _NOT_PROGRAMS or path.startswith("/dev/fd/"):
        return False
    return path.startswith("%t/") or any(path == root or path.startswith(root + "/") for root in TEMPORARY_ROOTS)


def is_in_home(path: str) -> bool:
    """Tell whether a path lies in somebody's home."""
    return _HOME.match(path) is not None


def is_hidden(path: str) -> bool:
    """Tell whether a directory or file on a path is hidden; those of a user's own settings are not, in a home."""
    if not path.startswith(("/", "%h/", "~/")):
        return False
    parts = [part for part in path.split("/") if part.startswith(".") and part not in (".", "..")]
    return any(part not in _USER_CONFIG for part in parts) if is_in_home(path) else bool(parts)


def place_of_unit(path: str) -> str:
    """Name the kind of unit directory that a unit file or drop-in lies in.

    Returns:
        `vendor`, `etc`, `run`, `local`, `control`, `attached`, `transient`, `generated`, `early`, `global`, `home`,
        `runtime`, or `elsewhere`.
    """
    directory = path.rpartition("/")[0]
    if directory.endswith((".d", ".wants", ".requires", ".upholds")):
        directory = directory.rpartition("/")[0]
    if directory in _NAMED:
        return _NAMED[directory]
    return next((place for holds, place in _KINDS if holds(directory)), "elsewhere")


_NAMED = {
    "/etc/systemd/system": "etc",
    "/run/systemd/system": "run",
    **dict.fromkeys(_GLOBAL_USER, "global"),
}
_KINDS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (is_vendor_dir, "vendor"),
    (is_transient_dir, "transient"),
    (lambda directory: directory.endswith("/generator.early"), "early"),
    (is_generated_dir, "generated"),
    (lambda directory: directory.endswith(("/system.control", "/user.control")), "control"),
    (lambda directory: directory.endswith("/system.attached"), "attached"),
    (lambda directory: _LOCAL.match(directory) is not None, "local"),
    (lambda directory: _OWN_HOME_UNITS.search(directory) is not None, "home"),
    (lambda directory: _RUNTIME.match(directory) is not None, "runtime"),
)
