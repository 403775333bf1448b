"""Where systemd looks for units, highest precedence first.

Source: systemd.unit(5), "Unit File Load Path"; path-lookup.c of systemd 219, 239 and 256.
"""

import re
from collections.abc import Iterable, Sequence

from fleetscan.systemd.names import canonical_path

SYSTEM_DIRS = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)
"""Search path of the system manager. `/lib` counts only where it is not a link to `/usr/lib`."""

GLOBAL_USER_DIRS = (
    "/etc/xdg/systemd/user",
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/lib/systemd/user",
)
"""The directories that every user's manager searches."""

_VENDOR_DIRS = frozenset(
    {
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
        "/usr/lib/systemd/user",
        "/lib/systemd/user",
        "/usr/share/systemd/user",
    }
)
_HOME = re.compile(
    r"(?P<home>/.*?|)/(?:\.config/systemd/user(?:\.control)?|\.local/share/systemd/user)(?=/|\Z)", re.DOTALL
)
_RUNTIME = re.compile(r"(?P<dir>/run/user/\d+)/systemd(?=/|\Z)", re.ASCII)
_GENERATED = re.compile(r"/systemd/generator(?:\.early|\.late)?\Z")

_CONTROL_SINCE = 230  # `set-property` and transient units got directories of their own
_ATTACHED_SINCE = 240  # portable services
_XDG_UNTIL = 256  # /etc/xdg is searched by 247 and 252, stands in the source of 256, and is not searched by 257


def system_dirs(systemd_version: int = 0) -> tuple[str, ...]:
    """Give the standard search path of the system manager; version 0 (unknown) gives the longest list."""
    version = systemd_version or _ATTACHED_SINCE
    return tuple(
        directory
        for directory in SYSTEM_DIRS
        if not (directory.endswith(".attached") and version < _ATTACHED_SINCE)
        and not (directory.endswith((".control", "/transient")) and version < _CONTROL_SINCE)
    )


def global_user_dirs(systemd_version: int = 0) -> tuple[str, ...]:
    """Give the directories shared by all users' managers; version 0 (unknown) gives the longest list."""
    version = systemd_version or _XDG_UNTIL
    return tuple(d for d in GLOBAL_USER_DIRS if version <= _XDG_UNTIL or not d.startswith("/etc/xdg/"))


def user_dirs(home: str | None, runtime_dir: str | None, systemd_version: int = 0) -> tuple[str, ...]:
    """Give the standard search path of one user's manager, global directories included.

    Args:
        home: Home directory, None when it is not known.
        runtime_dir: `/run/user/UID`, None when it is not known.
        systemd_version: Major version, 0 for unknown.
    """
    shared = global_user_dirs(systemd_version)
    run = None if runtime_dir is None else f"{runtime_dir}/systemd"
    config = None if home is None else f"{home}/.config/systemd"
    ordered = [
        *_below(config, "user.control"),
        *_below(run, "user.control", "transient", "generator.early"),
        *_below(config, "user"),
        *(d for d in shared if d.startswith("/etc/")),
        *_below(run, "user"),
        "/run/systemd/user",
        *_below(run, "generator"),
        *([] if home is None else [f"{home}/.local/share/systemd/user"]),
        *(d for d in shared if d.startswith(("/usr/", "/lib/"))),
        *_below(run, "generator.late"),
    ]
    return tuple(ordered)


def locate_user_roots(paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find homes and runtime directories in the paths of users' unit files, each sorted and without repeats."""
    homes: set[str] = set()
    runtimes: set[str] = set()
    for path in paths:
        if runtime := _RUNTIME.match(path):
            runtimes.add(runtime["dir"])
        elif home := _HOME.match(path):
            homes.add(home["home"])
    return tuple(sorted(homes)), tuple(sorted(runtimes))


def merge_search_path(stated: Sequence[str], standard: Sequence[str], *, merged_usr: bool) -> tuple[str, ...]:
    """Join the manager's own list with the standard one.

    The manager's order wins. A standard directory that it leaves out (it drops those that did not exist when it
    looked) goes in front of the next standard one that it has, so that a file dropped there is still seen.

    Returns:
        Canonical directories, none twice.
    """
    result = _unique(stated, merged_usr=merged_usr)
    wanted = _unique(standard, merged_usr=merged_usr)
    for position in range(len(wanted) - 1, -1, -1):
        if wanted[position] in result:
            continue
        following = next((d for d in wanted[position + 1 :] if d in result), None)
        result.insert(len(result) if following is None else result.index(following), wanted[position])
    return tuple(result)


def is_vendor_dir(directory: str) -> bool:
    """Tell whether packages put their units here."""
    return directory in _VENDOR_DIRS


def is_generated_dir(directory: str) -> bool:
    """Tell whether generators write here."""
    return _GENERATED.search(directory) is not None


def is_transient_dir(directory: str) -> bool:
    """Tell whether the manager keeps units here that were made through its API."""
    return directory.endswith("/systemd/transient")


def _below(root: str | None, *names: str) -> list[str]:
    return [] if root is None else [f"{root}/{name}" for name in names]


def _unique(directories: Iterable[str], *, merged_usr: bool) -> list[str]:
    return list(dict.fromkeys(canonical_path(d, merged_usr=merged_usr) for d in directories if d.startswith("/")))
