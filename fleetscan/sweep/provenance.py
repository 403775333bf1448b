"""Whose files they are: package ownership of everything that a visit found, asked for in one question."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Sha256, scope_user
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.packages import PackageFacts, parse_packages
from fleetscan.probe.questions import MAX_PATHS, Question, can_ask
from fleetscan.sweep.dialogue import Dialogue

_ELSEWHERE = frozenset({ArtifactKind.PROGRAM, ArtifactKind.ENVIRONMENT})
_MARKED = 32_768
_OWNABLE = _ELSEWHERE | {ArtifactKind.FILE, ArtifactKind.GENERATOR, ArtifactKind.ACTIVATOR, ArtifactKind.GRANT}
_UNIT_DIRS = re.compile(r"/(?:etc|(?:usr/)?lib)/systemd/(?:system|user)[./]")
"""Where the probe walks; it asks by itself whose the files are that it hashed there. It hashes none that are empty."""


async def read_packages(dialogue: Dialogue, artifacts: Iterable[Artifact], *, merged_usr: bool) -> PackageFacts:
    """Ask which package owns what was found; the probe adds the unit files by itself.

    At most `MAX_PATHS` others are asked about. Of a file that was not asked about nothing is known, and a gap says so.

    Args:
        dialogue: With the probe.
        artifacts: All that was found.
        merged_usr: Whether `/lib` is `/usr/lib` on this host.
    """
    told: dict[str, Sha256 | None] = {}
    asked: dict[str, Sha256 | None] = {}
    # What jobs run comes first, so that it is not what is left out.
    for artifact in sorted(artifacts, key=lambda artifact: artifact.kind not in _ELSEWHERE):
        if artifact.sha256 is not None and _is_ownable(artifact):
            path = _real_path(artifact)
            is_told = artifact.kind is ArtifactKind.FILE and artifact.size_bytes and _UNIT_DIRS.match(path)
            (told if is_told else asked)[path] = artifact.sha256
    paths = tuple(path for path in asked if can_ask(path))
    question = Question("packages", "", paths[:MAX_PATHS])
    frame = (await dialogue.ask(question, "packages"))[-1]
    facts = parse_packages(frame, {**told, **{path: asked[path] for path in question.paths}}, merged_usr=merged_usr)
    if len(paths) == len(question.paths):
        return facts
    reason = f"{len(paths)} files besides those in unit directories, of which the owners of {MAX_PATHS} are asked for"
    return replace(facts, gaps=(*facts.gaps, Gap(Area.PACKAGES, None, ReadStatus.TRUNCATED, None, reason)))


def mark_owned(artifacts: Iterable[Artifact], packages: PackageFacts) -> Iterator[Artifact]:
    """Give the artifacts with their packages, then one more for each of these and each that brings timers."""
    owners: set[str] = set()
    for artifact in artifacts:
        if not _is_ownable(artifact):
            yield artifact
            continue
        package, verification = packages.owner(_real_path(artifact))
        if package:
            owners.add(package)
        yield artifact if verification is Verification.UNKNOWN else _mark(artifact, package, verification)
    for package in sorted(owners | packages.timers.keys()):
        version = packages.versions.get(package, "")
        told = {**({"version": version} if version else {}), **packages.timers.get(package, {})}
        yield Artifact(kind=ArtifactKind.PACKAGE, scope=SYSTEM, name=package, properties=tuple(sorted(told.items())))


@lru_cache(_MARKED)
def _mark(artifact: Artifact, package: str, verification: Verification) -> Artifact:
    """Add the owner to an artifact; most are those of other hosts, too."""
    marks = {"verified": verification.value, **({"package": package} if package else {})}
    return replace(artifact, properties=tuple(sorted({**dict(artifact.properties), **marks}.items())))


def _real_path(artifact: Artifact) -> str:
    return artifact.target or artifact.name


def _is_ownable(artifact: Artifact) -> bool:
    """Tell whether a package may own it: of unit files, what lies in a home is nobody's but the user's."""
    is_own = artifact.kind is ArtifactKind.FILE and scope_user(artifact.scope) is not None
    return artifact.kind in _OWNABLE and not is_own
