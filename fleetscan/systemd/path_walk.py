"""Following a path to the file at its end, with nothing but what `lstat` said of its components.

The scanner follows links itself, one question to the host for each round, so that every step is known: which link leads
where, who may replace which folder, and where a look would have mounted something.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MAX_LINKS = 40
"""As the kernel's own limit (path_resolution(7))."""

_PATH_MAX = 4096
_MAX_STEPS = 1024
_MAX_AHEAD = 64


class NodeKind(StrEnum):
    """What `lstat` said of one component."""

    FILE = "file"
    DIRECTORY = "directory"
    CLOSED = "closed directory"
    LINK = "link"
    OTHER = "other"
    AWAY = "remote"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Node:
    """One component of a path.

    Attributes:
        target: Text of a link; type of the file system of what is `AWAY`.
    """

    kind: NodeKind
    target: str = ""


class Ending(StrEnum):
    """How following a path ended."""

    FOUND = "found"
    ABSENT = "absent"
    DENIED = "denied"
    AWAY = "remote"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Walked:
    """A path that was followed to its end.

    Attributes:
        path: Where it ended: the real path when found, else the component that stopped it.
        links: Links on the way, `/bin → usr/bin`, in order.
        components: Every path on the way that can be replaced to change what is found, from the top, each once.
        why: File system type for `AWAY`, else empty.
    """

    ending: Ending
    path: str
    links: tuple[str, ...]
    components: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A path that cannot be followed further until these components are known, from the top.

    None at all when it takes more steps than are looked at: such a path is made to keep somebody busy.
    """

    paths: tuple[str, ...]


def follow_path(path: str, look_up: Callable[[str], Node | None]) -> Walked | Unknown:
    """Follow an absolute path.

    Args:
        path: Absolute; `..` is taken as the kernel does, after links.
        look_up: Gives what is known of a component, None when it was not asked for yet.

    Returns:
        `Unknown` with the components, at most 64, that the rest of the path would take if none of them were a link: to
        ask for them together costs one round for a path without links.
    """
    walk = _Walk(_parts(path))
    if len(path) > _PATH_MAX:
        return walk.end(Ending.ABSENT, path[:_PATH_MAX])
    steps = 0
    while walk.rest:
        steps += 1
        if steps > _MAX_STEPS or len(walk.rest) > _MAX_STEPS:
            return Unknown(())
        end = walk.step(look_up)
        if end is not None:
            return end
    return walk.end(Ending.FOUND, walk.current or "/")


class _Walk:
    """The state of following one path.

    Attributes:
        rest: Components that are still to be taken, the next one last.
        current: The directory that has been reached, without a slash at its end; empty for the root.
    """

    def __init__(self, parts: list[str]) -> None:
        self.rest = parts
        self.current = ""
        self._links: list[str] = []
        self._components: dict[str, None] = {"/": None}

    def step(self, look_up: Callable[[str], Node | None]) -> Walked | Unknown | None:
        """Take one component; give the end when this is one."""
        part = self.rest.pop()
        if part == "..":
            self.current = posixpath.dirname(self.current).rstrip("/")
            return None
        here = f"{self.current}/{part}"
        if len(here) > _PATH_MAX:
            return self.end(Ending.ABSENT, here[:_PATH_MAX])
        node = look_up(here)
        if node is None:
            return Unknown(_straight(here, self.rest))
        if node.kind is not NodeKind.ABSENT:
            self._components[here] = None
        if node.kind is NodeKind.LINK:
            return self._follow(here, node.target)
        ending = _stops(node.kind, last=not self.rest)
        if ending is not None:
            return self.end(ending, here, node.target)
        self.current = here
        return None

    def end(self, ending: Ending, path: str, why: str = "") -> Walked:
        return Walked(ending, path, tuple(self._links), tuple(self._components), why)

    def _follow(self, here: str, target: str) -> Walked | None:
        self._links.append(f"{here} → {target}")
        if len(self._links) > MAX_LINKS:
            return self.end(Ending.LOOP, here)
        self.rest += _parts(target)
        if target.startswith("/"):
            self.current = ""
        return None


def _stops(kind: NodeKind, *, last: bool) -> Ending | None:
    """Tell how a component ends the way, None when it goes on."""
    if kind is NodeKind.AWAY:
        return Ending.AWAY
    if kind is NodeKind.ABSENT:
        return Ending.ABSENT
    if last or kind is NodeKind.DIRECTORY:
        return None
    return Ending.DENIED if kind is NodeKind.CLOSED else Ending.ABSENT


def _parts(path: str) -> list[str]:
    """Give the components of a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _straight(here: str, rest: list[str]) -> tuple[str, ...]:
    """Give this component and those that would follow it if none were a link."""
    paths = [here]
    for part in reversed(rest[-_MAX_AHEAD:]):
        if part == ".." or len(paths) == _MAX_AHEAD:
            break
        paths.append(f"{paths[-1]}/{part}")
    return tuple(path for path in paths if len(path) <= _PATH_MAX)
