"""What is compared of a host beside its units: what starts code around timers, and who may change them."""

import re
from collections.abc import Iterable, Iterator, Sequence

from fleetscan.analyse.doors import describe_door, is_sticky, owner_in
from fleetscan.analyse.fingerprint import UNSEALED
from fleetscan.analyse.pieces import Pieces
from fleetscan.model.ids import SYSTEM, Scope, scope_user
from fleetscan.model.relation import ActivationKind
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.subject import Piece, Subject, SubjectKey, SubjectKind
from fleetscan.systemd.activators import list_outside_starts
from fleetscan.systemd.resolve import Contents
from fleetscan.systemd.search_path import GLOBAL_USER_DIRS, SYSTEM_DIRS

ENVIRONMENT = "environment"
SEARCH_PATH = "search path"
KERNEL_ARGUMENTS = "kernel arguments"

_GENERATORS = re.compile(r"/systemd/(?:system|user)(?:-environment)?-generators(?:/|$)")
_MAX_STARTS = 20
_USUAL_VARIABLES = frozenset(
    {
        "DISPLAY",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LOGNAME",
        "MAIL",
        "PATH",
        "PWD",
        "SHELL",
        "TERM",
        "USER",
        "WAYLAND_DISPLAY",
    }
)
_USUAL_PREFIXES = ("DBUS_", "LC_", "SSH_", "XDG_")
_OF_THE_BOOT = frozenset({"SYSTEMD_EXEC_PID"})
"""Variables that systemd sets for itself, another at each start."""
_STARTER_KINDS = {
    ArtifactKind.GENERATOR: SubjectKind.GENERATOR,
    ArtifactKind.ACTIVATOR: SubjectKind.ACTIVATOR,
    ArtifactKind.EXTENSION: SubjectKind.EXTENSION,
}
_MOUNT_MEANING = ("fstype", "options", "stacked")
"""Where a mount comes from is another on every host."""


def build_things(facts: HostFacts, artifacts: Sequence[Artifact], contents: Contents, pieces: Pieces) -> list[Subject]:
    """Build every subject that is not a unit, a lingering user or a stamp; without fingerprints, in any order."""
    starts: dict[str, list[str]] = {}
    for start in list_outside_starts(artifacts, contents):
        kind = "udev" if start.kind is ActivationKind.UDEV else "D-Bus"
        starts.setdefault(start.by, []).append(f"{start.unit} ({kind})")
    places = (*facts.unit_path, *SYSTEM_DIRS, *GLOBAL_USER_DIRS)
    found: list[Subject] = []
    for artifact in artifacts:
        if artifact.kind in _STARTER_KINDS:
            found.append(_build_starter(artifact, pieces, starts.get(artifact.name, [])))
        elif artifact.kind is ArtifactKind.MOUNT:
            found.append(_build_mount(artifact))
        elif artifact.kind is ArtifactKind.GRANT:
            found.append(_build_grant(artifact, pieces))
        elif artifact.kind is ArtifactKind.DIRECTORY:
            found.extend(_build_folder(artifact, places))
    found.extend(_build_managers(facts))
    return found


def list_told_folders(facts: HostFacts, artifacts: Sequence[Artifact]) -> frozenset[str]:
    """Give the folders that others than root may write and that are subjects of their own."""
    places = (*facts.unit_path, *SYSTEM_DIRS, *GLOBAL_USER_DIRS)
    folders = (artifact for artifact in artifacts if artifact.kind is ArtifactKind.DIRECTORY)
    found = (subject for folder in folders for subject in _build_folder(folder, places))
    return frozenset(subject.key.name for subject in found if dict(subject.properties).get("open"))


def _build_starter(artifact: Artifact, pieces: Pieces, starts: Sequence[str]) -> Subject:
    piece = pieces.of_artifact(artifact)
    properties = dict(artifact.properties)
    if artifact.kind is not ArtifactKind.EXTENSION:
        properties = {}
    if artifact.target:
        properties["link"] = artifact.target
    if starts:
        properties["starts"] = ", ".join(dict.fromkeys(starts[:_MAX_STARTS]))
    what = {
        SubjectKind.GENERATOR: "is run whenever a manager starts or reloads",
        SubjectKind.ACTIVATOR: f"starts {properties.get('starts', 'units')}",
        SubjectKind.EXTENSION: "is merged into the system's directories"
        if properties.get("merged") == "yes"
        else "lies ready to be merged into the system's directories",
    }[_STARTER_KINDS[artifact.kind]]
    return _build(_STARTER_KINDS[artifact.kind], artifact.scope, artifact.name, properties, what, (piece,))


def _build_mount(artifact: Artifact) -> Subject:
    properties = {name: value for name, value in artifact.properties if name in _MOUNT_MEANING}
    source = " ".join(
        part for part in (artifact.property("source"), artifact.property("root")) if part not in ("", "/")
    )
    what = f"covers what lies below it with {artifact.property('fstype')}" + (f" ({source})" if source else "")
    return _build(SubjectKind.MOUNT, artifact.scope, artifact.name, properties, what)


def _build_grant(artifact: Artifact, pieces: Pieces) -> Subject:
    named = ("by", "to", "host", "run_as", "nopasswd", "reaches")
    properties = {name: value for name, value in artifact.properties if name in named}
    is_file = artifact.sha256 is not None
    reaches = properties.get("reaches", "units")
    who = properties.get("to", "somebody")
    what = f"decides who may reach {reaches}" if is_file else f"lets {who} reach {reaches}"
    found = (pieces.of_artifact(artifact),) if is_file else ()
    return _build(SubjectKind.GRANT, artifact.scope, artifact.name, properties, what, found)


def _build_folder(artifact: Artifact, places: Sequence[str]) -> Iterator[Subject]:
    """Build a folder that others may write, or that is held open or shut in an unusual way; none for all others.

    What lies on the way to a program of a job, and to no unit directory, is told with that job.
    """
    if scope_user(artifact.scope) is None and not _is_in_or_above(artifact.name, places):
        return
    # On the way a sticky folder lets nobody replace what is another's; among units a new file is enough.
    is_safe = is_sticky(artifact) and not _lies_among_units(artifact.name, places)
    door = None if is_safe else describe_door(artifact, owner_in(artifact.scope))
    attributes = {name: artifact.property(name) for name in ("attributes", "acl") if artifact.property(name)}
    if door is None and not attributes:
        return
    properties = {**attributes, **({"open": door.removeprefix(artifact.name).strip()} if door else {})}
    if door:
        what = f"may be written by others than root: {properties['open']}"
    elif "attributes" in attributes:
        what = f"has the attributes {attributes['attributes']}"
    else:
        what = "has an access control list"
    yield _build(SubjectKind.FOLDER, artifact.scope, artifact.name, properties, what)


def _is_in_or_above(path: str, places: Sequence[str]) -> bool:
    if _GENERATORS.search(path):
        return True
    return any(f"{place}/".startswith(f"{path}/") or path.startswith(f"{place}/") for place in places)


def _lies_among_units(path: str, places: Sequence[str]) -> bool:
    return "/systemd/" in path or any(f"{path}/".startswith(f"{place}/") for place in places)


def _build_managers(facts: HostFacts) -> Iterator[Subject]:
    variables = _telling(facts.environment)
    if variables:
        yield _build(SubjectKind.MANAGER, SYSTEM, ENVIRONMENT, variables, f"hands {_count(variables)} to every service")
    if facts.unit_path:
        path = {"UnitPath": " ".join(facts.unit_path)}
        yield _build(SubjectKind.MANAGER, SYSTEM, SEARCH_PATH, path, f"searches {len(facts.unit_path)} directories")
    if facts.kernel_arguments:
        told = {"arguments": " ".join(facts.kernel_arguments)}
        what = f"was started with {told['arguments']}"
        yield _build(SubjectKind.MANAGER, SYSTEM, KERNEL_ARGUMENTS, told, what)
    for manager in facts.managers:
        # A user's manager has the user's own settings; only what changes what other programs load is worth a word.
        variables = {
            name: value
            for name, value in _telling(manager.environment).items()
            if name not in _USUAL_VARIABLES and not name.startswith(_USUAL_PREFIXES)
        }
        if variables:
            what = f"hands {_count(variables)} to every service of {scope_user(manager.scope)}"
            yield _build(SubjectKind.MANAGER, manager.scope, ENVIRONMENT, variables, what)


def _telling(environment: Iterable[str]) -> dict[str, str]:
    """Give the variables whose values are known: those that change what is executed."""
    pairs = (entry.partition("=") for entry in environment)
    return {name: value for name, equals, value in pairs if equals and value != "…" and name not in _OF_THE_BOOT}


def _count(variables: dict[str, str]) -> str:
    return ", ".join(sorted(variables)[:5])


def _build(
    kind: SubjectKind,
    scope: Scope,
    name: str,
    properties: dict[str, str],
    summary: str,
    pieces: tuple[Piece, ...] = (),
) -> Subject:
    return Subject(
        key=SubjectKey(kind, scope, name),
        fingerprint=UNSEALED,
        pieces=pieces,
        properties=tuple(sorted(properties.items())),
        summary=summary,
    )
