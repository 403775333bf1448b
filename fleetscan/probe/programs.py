"""Artifacts of files that jobs name, from what was found of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fleetscan.model.ids import Scope, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.probe.people import People
from fleetscan.probe.walk import WalkRecord
from fleetscan.systemd.path_walk import Walked
from fleetscan.systemd.reached import ABSENT

_STICKY = 0o1000
_MAX_TEXT = 4096
"""Characters of links, and of components that others may write; lines beyond it are counted, not told."""


@dataclass(frozen=True, slots=True)
class Named:
    """A file as a job names it.

    Attributes:
        kind: `PROGRAM` or `ENVIRONMENT`.
        scope: Of the job that names it.
        path: As the job names it.
    """

    kind: ArtifactKind
    scope: Scope
    path: str


def build_program(
    named: Named,
    walked: Walked,
    record_of: Callable[[str], WalkRecord | None],
    people: People,
    sha256: Sha256 | None,
) -> Artifact:
    """Build the artifact of a file that was found.

    Args:
        named: What the job says.
        walked: How the path leads to the file.
        record_of: What `lstat` said of each component.
        people: Names of owners.
        sha256: Of its bytes, None when they were not read.
    """
    record = record_of(walked.path)
    lines = {"links": walked.links, "exposed": tuple(find_exposed(walked, record_of, people))}
    properties = {name: _join_lines(told) for name, told in lines.items() if told}
    is_file = record is not None and record.type == "f"
    if record is not None and not is_file:
        properties["type"] = record.type
    return Artifact(
        kind=named.kind,
        scope=named.scope,
        name=named.path,
        mode=None if record is None else record.mode,
        owner="" if record is None else people.owner_name(record.uid),
        group="" if record is None else people.group_name(record.gid),
        size_bytes=record.size if record is not None and is_file else None,
        target=walked.path if walked.path != named.path else "",
        sha256=sha256,
        properties=tuple(sorted(properties.items())),
    )


def build_absent(named: Named) -> Artifact:
    """Build the artifact of a file that a job names and that is not there."""
    return Artifact(kind=named.kind, scope=named.scope, name=named.path, properties=(ABSENT,))


def find_exposed(walked: Walked, record_of: Callable[[str], WalkRecord | None], people: People) -> Iterable[str]:
    """Give the components of a path that others than root may replace or write: `/opt/app deploy:deploy 0775`.

    A link's own mode means nothing, its owner may replace it. Root's own group counts as root.
    """
    for component in walked.components:
        record = record_of(component)
        if record is None:
            continue
        mode = 0 if record.type == "l" else record.mode
        group_open = bool(mode & 0o020) and record.gid != 0
        # In a sticky folder nobody replaces what is another's, but whoever comes first takes the name.
        if record.uid != 0 or group_open or mode & 0o002:
            yield (
                f"{component} {people.owner_name(record.uid)}:{people.group_name(record.gid)}"
                f" {record.mode & (0o777 | _STICKY):04o}"
            )


def _join_lines(lines: Sequence[str]) -> str:
    """Join as many lines as fit, none cut in two; a last line says how many are left out."""
    told: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > _MAX_TEXT:
            break
        told.append(line)
    more = len(lines) - len(told)
    return "\n".join((*told, f"… and {more} more") if more else told)
