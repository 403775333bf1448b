"""Whose files they are: package ownership of everything that a visit found, asked for in one question."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from fleetscan.model.ids import SYSTEM, Sha256, scope_user
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.packages import PackageFacts, parse_packages
from fleetscan.probe.questions import MAX_PATHS, Question, can_ask
from fleetscan.sweep.dialogue import Dialogue

_ELSEWHERE = frozenset({ArtifactKind.PROGRAM, ArtifactKind.ENVIRONMENT})
_MARKED = 32_768
_OWNABLE = _ELSEWHERE | {ArtifactKind.FILE, ArtifactKind.GENERATOR, ArtifactKind.ACTIVATOR}


async def read_packages(dialogue: Dialogue, artifacts: Iterable[Artifact], *, merged_usr: bool) -> PackageFacts:
    """Ask which package owns what was found; the probe adds the unit files by itself.

    Args:
        dialogue: With the probe.
        artifacts: All that was found.
        merged_usr: Whether `/lib` is `/usr/lib` on this host.
    """
    digests: dict[str, Sha256 | None] = {}
    asked: dict[str, None] = {}
    for artifact in artifacts:
        if artifact.kind in _OWNABLE and artifact.sha256 is not None:
            path = _real_path(artifact)
            digests[path] = artifact.sha256
            if artifact.kind is not ArtifactKind.FILE or not path.startswith(("/usr/lib/", "/lib/", "/etc/systemd/")):
                asked[path] = None
    paths = tuple(path for path in asked if can_ask(path))[:MAX_PATHS]
    frame = (await dialogue.ask(Question("packages", "", paths), "packages"))[-1]
    return parse_packages(frame, digests, merged_usr=merged_usr)


def mark_owned(artifacts: Iterable[Artifact], packages: PackageFacts) -> Iterator[Artifact]:
    """Give the artifacts with their packages, then one more for each package: its version.

    What lies in a home is nobody's but the user's.
    """
    owners: set[str] = set()
    for artifact in artifacts:
        if artifact.kind not in _OWNABLE or (
            artifact.kind is ArtifactKind.FILE and scope_user(artifact.scope) is not None
        ):
            yield artifact
            continue
        package, verification = packages.owner(_real_path(artifact))
        if package:
            owners.add(package)
        yield artifact if verification is Verification.UNKNOWN else _mark(artifact, package, verification)
    for package in sorted(owners):
        version = packages.versions.get(package, "")
        yield Artifact(
            kind=ArtifactKind.PACKAGE, scope=SYSTEM, name=package, properties=(("version", version),) if version else ()
        )


@lru_cache(_MARKED)
def _mark(artifact: Artifact, package: str, verification: Verification) -> Artifact:
    """Add the owner to an artifact; most are those of other hosts, too."""
    marks = {"verified": verification.value, **({"package": package} if package else {})}
    return replace(artifact, properties=tuple(sorted({**dict(artifact.properties), **marks}.items())))


def _real_path(artifact: Artifact) -> str:
    return artifact.target or artifact.name
