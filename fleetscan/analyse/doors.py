"""Who else may write what a job is made of or runs."""

from collections.abc import Iterable

from fleetscan.model.ids import SYSTEM, Scope, scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind

_ROOT = frozenset({"root", "0"})
_STICKY = 0o1000
MAX_DOORS = 40
"""Open components that are told of one file."""


def describe_door(artifact: Artifact, user: str = "root") -> str | None:
    """Tell of a file, link or directory that others than root may change: `/opt/app deploy:deploy 0775`.

    A link's own mode means nothing, its owner may replace it. Root's own group counts as root.

    Args:
        artifact: With owner, group and mode.
        user: Whose own may be the user's; the group of the same name counts as the user.
    """
    mode = 0 if artifact.kind is ArtifactKind.LINK else artifact.mode or 0
    owners = _ROOT | {user}
    is_foreign = bool(artifact.owner) and artifact.owner not in owners
    is_group_open = bool(mode & 0o020) and artifact.group not in owners
    if not (is_foreign or is_group_open or mode & 0o002):
        return None
    return f"{artifact.name} {artifact.owner}:{artifact.group} {mode:04o}"


def is_sticky(artifact: Artifact) -> bool:
    """Tell whether a directory lets nobody replace what is another's, `/tmp` for example."""
    return bool((artifact.mode or 0) & _STICKY)


def owner_in(scope: Scope) -> str:
    """Name the account whose own a scope's files may be."""
    return "root" if scope == SYSTEM else scope_user(scope) or "root"


def open_components(
    path: str, by_path: dict[str, Artifact], user: str, told: frozenset[str] = frozenset()
) -> Iterable[str]:
    """Give the doors of a path and of the directories above it, as far as they were seen; outermost first.

    Args:
        path: Absolute.
        by_path: What was seen.
        user: Whose own it may be.
        told: Directories that are told of elsewhere.
    """
    found: list[str] = []
    current = path
    while current and len(found) < MAX_DOORS:
        artifact = by_path.get(current) if current not in told else None
        if artifact is not None and (door := describe_door(artifact, user)):
            found.append(door)
        current = current.rpartition("/")[0]
    return reversed(found)
