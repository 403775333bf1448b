"""Content addresses of model values: equal meaning, equal digest, on every machine and Python version."""

import hashlib
import json
from collections.abc import Iterable

from fleetscan.model.ids import Sha256
from fleetscan.model.snapshot import Artifact

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


def digest_bytes(data: bytes) -> Sha256:
    """Give the SHA-256 of bytes."""
    return Sha256(hashlib.sha256(data).hexdigest())


def digest_json(value: JsonValue) -> Sha256:
    """Give the SHA-256 of a value as canonical JSON: sorted keys, no spaces, ASCII (lone surrogates as escapes)."""
    return digest_bytes(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii"))


def artifact_fields(artifact: Artifact) -> dict[str, JsonValue]:
    """Give an artifact as JSON-ready fields; the exact input of its digest, and enough to build it again."""
    return {
        "kind": artifact.kind.value,
        "scope": artifact.scope,
        "name": artifact.name,
        "mode": artifact.mode,
        "owner": artifact.owner,
        "group": artifact.group,
        "size_bytes": artifact.size_bytes,
        "target": artifact.target,
        "sha256": artifact.sha256,
        "properties": [[key, value] for key, value in artifact.properties],
    }


def digest_artifact(artifact: Artifact) -> Sha256:
    """Give the content address of an artifact."""
    return digest_json(artifact_fields(artifact))


def digest_set(digests: Iterable[Sha256]) -> Sha256:
    """Give the content address of a set of digests; order and repeats do not matter."""
    return digest_bytes("\n".join(sorted(set(digests))).encode("ascii"))
