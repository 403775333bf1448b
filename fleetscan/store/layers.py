"""Which artifacts of a host tend to be the same on its neighbours."""

from collections.abc import Iterable
from typing import TypeVar

from fleetscan.model.ids import scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind

T = TypeVar("T")

_PATH_LAYERS = (
    ("vendor", ("/usr/lib/", "/lib/", "/usr/share/")),
    ("local", ("/etc/", "/usr/local/")),
    ("runtime", ("/run/",)),
)
_KIND_LAYERS = {
    ArtifactKind.UNIT_FILE: "unit files",
    ArtifactKind.LOADED: "loaded",
    ArtifactKind.LINGER: "small",
    ArtifactKind.STAMP: "small",
    ArtifactKind.GRANT: "grants",
    ArtifactKind.ACCOUNT: "accounts",
}
_OF_HOST = frozenset({ArtifactKind.LINGER, ArtifactKind.STAMP, ArtifactKind.ACCOUNT})


def layer_of(artifact: Artifact) -> str:
    """Name the layer of an artifact: by user first, then by kind, then by path."""
    if artifact.kind not in _OF_HOST:
        user = scope_user(artifact.scope)
        if user is not None:
            return f"user {user}"
    if artifact.kind in _KIND_LAYERS:
        return _KIND_LAYERS[artifact.kind]
    for layer, prefixes in _PATH_LAYERS:
        if artifact.name.startswith(prefixes):
            return layer
    return "other"


def split_layers(artifacts: Iterable[tuple[Artifact, T]]) -> dict[str, list[T]]:
    """Sort what belongs to artifacts into layers.

    Args:
        artifacts: Artifacts, each with what to keep of it (its digest).

    Returns:
        Layer name → what was kept, in the order given. No layer is empty.
    """
    layers: dict[str, list[T]] = {}
    for artifact, kept in artifacts:
        layers.setdefault(layer_of(artifact), []).append(kept)
    return layers
