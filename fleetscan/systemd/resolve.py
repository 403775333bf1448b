"""One unit as systemd would load it: fragment, drop-ins, resets, with the origin of every value."""

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from fleetscan.model.ids import Scope, Sha256, UnitName
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.unit import Directive, EffectiveUnit, LoadState, SourceKind, UnitSource
from fleetscan.systemd.merge import merge_directives
from fleetscan.systemd.names import canonical_path
from fleetscan.systemd.refusal import find_fatal_fault, find_refusal, keeps_commands
from fleetscan.systemd.search_path import is_generated_dir, is_transient_dir
from fleetscan.systemd.syntax import INCLUDE_KEY, parse_unit
from fleetscan.systemd.tree import UnitTree

Contents = Callable[[Sha256], bytes | None]
"""Gives a file's bytes by hash, None when nobody has them."""

_MAX_INCLUDES = 32
_EMPTY = b""
# systemd 219 keeps transient units among the others and marks them so on their first line
_TRANSIENT_STUB = b"# Transient stub"


@dataclass(slots=True)
class _Reading:
    """The state of reading one unit's files."""

    tree: UnitTree
    contents: Contents
    systemd_version: int
    names: Sequence[str]
    sources: list[UnitSource] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    fatal: bool = False
    unread: bool = False
    transient_stub: bool = False


def resolve_unit(
    tree: UnitTree, scope: Scope, name: str, contents: Contents, systemd_version: int = 0
) -> EffectiveUnit:
    """Resolve a unit from disk.

    Args:
        tree: The host's unit directories.
        scope: Whose manager would load it.
        name: Any of the unit's names; templates are resolved as such, instances from their template.
        contents: Gives bytes by hash.
        systemd_version: Major version of the host, 0 for unknown.

    Returns:
        `load` is `UNREADABLE` when any text that belongs to the unit is not known, and the directives are then those
        of the texts that are; `BAD` when systemd refuses the fragment, with what had been read of it; `NOT_FOUND` when
        there is no fragment, with what drop-ins would add to it; `MASKED` without directives.
    """
    names = tree.names(scope)
    fragment = names.find(name)
    all_names = fragment.names if fragment else (name,)
    reading = _Reading(tree, contents, systemd_version, all_names)
    if name in names.rejected:
        reading.problems.append(names.rejected[name])
    assignments: list[Directive] = []
    load = LoadState.NOT_FOUND
    if fragment is not None:
        if tree.is_mask(fragment.entry):
            return EffectiveUnit(
                name=UnitName(name),
                scope=scope,
                load=LoadState.MASKED,
                sources=(_source(tree, SourceKind.FRAGMENT, fragment.entry),),
                problems=tuple(reading.problems),
            )
        load = LoadState.LOADED
        if tree.follow(fragment.entry) is None:
            load = LoadState.NOT_FOUND
        assignments += _read_source(reading, SourceKind.FRAGMENT, fragment.entry)
    for drop_in in tree.drop_ins(scope, all_names):
        assignments += _read_source(reading, SourceKind.DROP_IN, drop_in)
    directives, complaints = merge_directives(assignments, names=all_names, systemd_version=systemd_version)
    reading.problems += complaints
    if reading.unread:
        load = LoadState.UNREADABLE
    elif reading.fatal:
        load = LoadState.BAD
    directory = fragment.entry.name.rpartition("/")[0] if fragment else ""
    unit = EffectiveUnit(
        name=UnitName(name),
        scope=scope,
        load=load,
        sources=tuple(reading.sources),
        directives=directives,
        transient=is_transient_dir(directory) or reading.transient_stub,
        generated=is_generated_dir(directory),
        problems=tuple(reading.problems),
    )
    refusal = find_refusal(unit, all_names[0], systemd_version) if load is LoadState.LOADED else ""
    return replace(unit, load=LoadState.BAD, problems=(*unit.problems, f"{refusal}, refused")) if refusal else unit


def merge_drop_ins(
    tree: UnitTree,
    scope: Scope,
    name: str,
    drop_ins: tuple[Artifact, ...],
    contents: Contents,
    systemd_version: int = 0,
) -> EffectiveUnit:
    """Give what drop-ins alone say, as a pseudo unit; for the folders that concern all units of a type."""
    reading = _Reading(tree, contents, systemd_version, (name,))
    assignments = [d for drop_in in drop_ins for d in _read_source(reading, SourceKind.DROP_IN, drop_in)]
    directives, complaints = merge_directives(assignments, names=(name,), systemd_version=systemd_version)
    return EffectiveUnit(
        name=UnitName(name),
        scope=scope,
        load=LoadState.UNREADABLE if reading.unread else LoadState.LOADED,
        sources=tuple(reading.sources),
        directives=directives,
        problems=(*reading.problems, *complaints),
    )


def _read_source(reading: _Reading, kind: SourceKind, entry: Artifact) -> Iterator[Directive]:
    """Record a file as source and give its assignments; what cannot be read is noted in `reading`."""
    reading.sources.append(_source(reading.tree, kind, entry))
    data = _read_bytes(reading, entry)
    if data is None:
        return
    text = parse_unit(data, path=entry.name, systemd_version=reading.systemd_version)
    reading.problems += [f"{entry.name}: {problem}" for problem in text.problems]
    if text.fatal:
        # Of a refused drop-in systemd keeps what stands before the fault; a refused fragment refuses the unit.
        reading.problems.append(f"{entry.name}: {text.fatal}, refused")
        reading.fatal = reading.fatal or kind is SourceKind.FRAGMENT
    if kind is SourceKind.FRAGMENT and data.startswith(_TRANSIENT_STUB):
        reading.transient_stub = entry.name.startswith("/run/")
    for directive in text.assignments:
        fault = find_fatal_fault(directive, reading.names, reading.systemd_version)
        if fault:
            reading.problems.append(f"{entry.name}: line {directive.origin.line}: {directive.key}: {fault}, refused")
            reading.fatal = reading.fatal or kind is SourceKind.FRAGMENT
            if kind is SourceKind.FRAGMENT or keeps_commands(directive, reading.names, reading.systemd_version):
                yield directive  # a refused unit does nothing, and this says what somebody wanted
            return
        if directive.key != INCLUDE_KEY or directive.section:
            yield directive
        elif kind is SourceKind.FRAGMENT:
            yield from _read_include(reading, directive)
        else:
            reading.problems.append(f"{entry.name}: line {directive.origin.line}: .include not allowed here, ignored")


def _read_include(reading: _Reading, include: Directive) -> Iterator[Directive]:
    """Give the assignments of an included file, which is a part of the fragment."""
    folder = include.origin.path.rpartition("/")[0]
    path = canonical_path(posixpath.join(folder or "/", include.value), merged_usr=reading.tree.merged_usr)
    if len(reading.sources) > _MAX_INCLUDES:
        reading.problems.append(f"{include.origin.path}: line {include.origin.line}: too many includes, ignored")
        return
    entry = reading.tree.by_path.get(path)
    if entry is None:
        reading.sources.append(UnitSource(SourceKind.FRAGMENT, path, None))
        reading.problems.append(f"{path}: included, but not read")
        reading.unread = True
    else:
        yield from _read_source(reading, SourceKind.FRAGMENT, entry)


def _read_bytes(reading: _Reading, entry: Artifact) -> bytes | None:
    file = reading.tree.follow(entry)
    if file is None:
        # Most such links dangle; that the target exists and was not looked at is for the coverage to say.
        reading.problems.append(f"{entry.name}: link to {entry.target}, where no file is known")
        return None
    if file.size_bytes == 0:
        return _EMPTY
    data = None if file.sha256 is None else reading.contents(file.sha256)
    if data is None:
        reading.problems.append(f"{entry.name}: content not known")
        reading.unread = True
    return data


def _source(tree: UnitTree, kind: SourceKind, entry: Artifact) -> UnitSource:
    file = tree.follow(entry)
    return UnitSource(
        kind=kind,
        path=entry.name,
        sha256=None if file is None else file.sha256,
        link_target=entry.target if entry.kind is ArtifactKind.LINK else "",
    )
