"""Rules of the audit system that watch where timers lie, or the program that makes transient ones."""

from collections.abc import Sequence
from itertools import pairwise

from fleetscan.errors import ParseError
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.systemd.search_path import GLOBAL_USER_DIRS

_UNIT_DIRECTORIES = (
    "/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system", *GLOBAL_USER_DIRS, "/var/lib/systemd/linger",
    "/var/lib/systemd/timers",
)  # fmt: skip
_HOME_DIRECTORIES = ("/.config/systemd/user", "/.local/share/systemd/user")
_PROGRAM = "/systemd-run"
_MAX_RULE = 1024
_MAX_RULES = 200
_ALL_ACCESS = "rwxa"


def parse_audit_rules(payload: bytes) -> tuple[Artifact, ...]:
    """Read the section `audit-rules`: a rule a line, behind `loaded` or `file`.

    Returns:
        One artifact a rule that concerns timers, whatever its key: property `watches` is the path, and `source` says
        whether the kernel has it (`loaded`), a file (`file`), or both (`file loaded`). Sorted by name.

    Raises:
        ParseError: More rules than a host has.

    Source:
        auditctl(8), `-w`, `-a`, `-F`; a watch of a directory covers what is below it.
    """
    sources: dict[tuple[str, str], set[str]] = {}
    for number, line in enumerate(payload.decode("utf-8", "surrogateescape").split("\n"), start=1):
        source, _, rule = line.partition(" ")
        if source not in ("loaded", "file"):
            continue  # what auditctl says besides, told by the status of the section
        named = _normalise(rule.split())
        if named is None:
            continue
        sources.setdefault(named, set()).add(source)
        if len(sources) > _MAX_RULES:
            raise ParseError(f"more than {_MAX_RULES} rules about timers", line=number)
    return tuple(
        Artifact(
            kind=ArtifactKind.AUDIT_RULE,
            scope=SYSTEM,
            name=name,
            properties=(("source", " ".join(sorted(told))), ("watches", path)),
        )
        for (name, path), told in sorted(sources.items())
    )


def _normalise(words: Sequence[str]) -> tuple[str, str] | None:
    """Spell a rule in one way and give the path it is about; None when it has nothing to do with timers."""
    if len(words) < 2 or sum(len(word) + 1 for word in words) > _MAX_RULE:
        return None
    if words[0] == "-w":
        path = _tidy(words[1])
        access = _value_of(words, "-p") or _ALL_ACCESS
        name = f"-w {path} -p {''.join(letter for letter in _ALL_ACCESS if letter in access)}"
        return (name, path) if _concerns_timers(path, recursive=True) else None
    kept = [words[0], ",".join(sorted(words[1].split(","), key=_not_an_action))]
    watched = ""
    for option, value in pairwise(words[1:]):
        field, equals, path = value.partition("=")
        if option not in ("-F", "-S", "-C") or (option == "-F" and field == "key"):
            continue
        if option == "-F" and equals and field in ("dir", "path", "exe") and path.startswith("/"):
            kept += [option, f"{field}={_tidy(path)}"]
            if _concerns_timers(_tidy(path), recursive=field == "dir"):
                watched = _tidy(path)
        else:
            kept += [option, value]
    return (" ".join(kept), watched) if watched else None


def _not_an_action(word: str) -> bool:
    """Sort `always` before the list that it is for: auditctl takes them in either order."""
    return word not in ("always", "never")


def _concerns_timers(path: str, *, recursive: bool) -> bool:
    if path.endswith(_PROGRAM) or any(directory in f"{path}/" for directory in _HOME_DIRECTORIES):
        return True
    below = path.rstrip("/") + "/"
    return any(
        below.startswith(f"{directory}/") or (recursive and directory.startswith(below))
        for directory in _UNIT_DIRECTORIES
    )


def _value_of(words: Sequence[str], option: str) -> str:
    return next((value for name, value in pairwise(words) if name == option), "")


def _tidy(path: str) -> str:
    return path.rstrip("/") or "/"
