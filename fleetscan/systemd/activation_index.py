"""All that the units of one scope start, indexed by what is started."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fleetscan.model.ids import Scope
from fleetscan.model.origin import Origin
from fleetscan.model.relation import ActivationKind
from fleetscan.model.snapshot import Artifact
from fleetscan.systemd.directive_kinds import SAME_TYPE_SINCE, parse_boolean
from fleetscan.systemd.names import canonical_path, instantiate, is_template, is_unit_name, stem_of, unit_type
from fleetscan.systemd.partial_text import HOLE, fits
from fleetscan.systemd.references import STARTING_KEYS, Reference, References, parse_references, resolve_name
from fleetscan.systemd.resolve import Contents
from fleetscan.systemd.syntax import INCLUDE_KEY
from fleetscan.systemd.text_cache import TextCache
from fleetscan.systemd.tree import UnitTree
from fleetscan.systemd.tree_drop_ins import TYPE_LEVEL_SINCE

_REMEMBERED = 16_384
_FEW = 128
_TRIGGERING = frozenset({"automount", "path", "socket", "timer"})

MAX_STARTS = 200_000
"""Entries of one index; beyond it, what units say of others is left out."""
MAX_PATTERNS = 2000
"""Names with holes of one index."""

_texts: TextCache[References] = TextCache(
    parse_references, _REMEMBERED, lambda references: len(references.found) <= _FEW
)

Start = tuple[ActivationKind, str, str, Origin]
"""Kind, by what, directive, place: all of an activation but the unit."""

_Placed = tuple[str, Reference]
"""A reference with the path of its file."""


@dataclass(slots=True)
class ActivationIndex:
    """What starts the units of one scope, by their names; names with holes are apart."""

    _exact: dict[str, list[Start]] = field(default_factory=dict)
    _partial: dict[str, list[tuple[str, Start]]] = field(default_factory=dict)
    _count: int = 0
    _patterns: int = 0

    @staticmethod
    def of(
        tree: UnitTree, scope: Scope, contents: Contents, outside: Iterable[tuple[str, Start]] = ()
    ) -> "ActivationIndex":
        """Index the links, fragments and drop-ins of a scope that are in force.

        Masked units and what a better directory hides start nothing, nor does a fragment that systemd refuses.

        Args:
            tree: The host's unit directories.
            scope: Whose manager.
            contents: Gives bytes by hash; asked only for texts that no host has shown before.
            outside: Unit and start of what is not told by units.
        """
        index = ActivationIndex()
        for outsider, start in outside:
            index.add(outsider, start)
        reader = _Reader(tree, contents)
        for name, paths in tree.links(scope).by_name.items():
            for path in paths:
                owner, _, suffix = path.rpartition("/")[0].rpartition("/")[2].rpartition(".")
                if unit := resolve_name(name, owner):
                    index.add(unit, (ActivationKind.LINK, owner, suffix, Origin(path, 0)))
        _add_units(index, reader, scope)
        for owner, drop_in in () if index.is_full else _list_drop_ins(tree, scope):
            _add_dependencies(index, owner, ((drop_in.name, r) for r in reader.read(drop_in).found))
        return index

    def add(self, unit: str, start: Start) -> None:
        """Add one way in which a unit, or every unit whose name fits, is started."""
        if HOLE not in unit:
            if self._count < MAX_STARTS:
                self._count += 1
                self._exact.setdefault(unit, []).append(start)
        elif self._patterns < MAX_PATTERNS:
            self._patterns += 1
            beginning, at, _rest = unit.partition("@")
            self._partial.setdefault(beginning if at and HOLE not in beginning else "", []).append((unit, start))

    @property
    def is_full(self) -> bool:
        """Whether no more names are taken."""
        return self._count >= MAX_STARTS

    def find(self, name: str) -> Iterator[Start]:
        """Give all that starts a unit of this name, in no order."""
        yield from self._exact.get(name, ())
        # An instance can fit the patterns of its template, every name those whose beginning is not known.
        for beginning in {name.partition("@")[0] if "@" in name else "", ""}:
            yield from (start for pattern, start in self._partial.get(beginning, ()) if fits(pattern, name))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Gives what files name."""

    tree: UnitTree
    contents: Contents

    def read(self, entry: Artifact) -> References:
        """Give a file's references; none when nobody has its text, which is for the coverage to say."""
        file = self.tree.follow(entry)
        if file is None or file.sha256 is None or not file.size_bytes:
            return References()
        return _texts.read(file.sha256, self.tree.systemd_version, self.contents) or References()

    def read_fragment(self, entry: Artifact) -> Iterator[_Placed]:
        """Give a fragment's references with those of the files that it includes, one level deep."""
        references = self.read(entry)
        if references.refused:
            return
        for reference in references.found:
            if reference.key != INCLUDE_KEY:
                yield entry.name, reference
                continue
            path = posixpath.join(entry.name.rpartition("/")[0] or "/", reference.name)
            included = self.tree.by_path.get(canonical_path(path, merged_usr=self.tree.merged_usr))
            if included is not None:
                yield from ((included.name, r) for r in self.read(included).found)


def _add_units(index: ActivationIndex, reader: _Reader, scope: Scope) -> None:
    """Add what fragments name, and what paths, sockets, automounts and timers start."""
    tree = reader.tree
    names = tree.names(scope)
    folders = (path for path in (*tree.by_directory, *tree.by_path) if path.endswith(".d"))
    types_with_drop_ins = {stem_of(path).rpartition("/")[2].rpartition(".")[2] for path in folders}
    for name, entry in names.entries.items():
        if index.is_full:
            return
        if isinstance(entry, str) or tree.is_mask(entry):
            continue
        own = tuple(reader.read_fragment(entry))
        _add_dependencies(index, name, own)
        if unit_type(name) in _TRIGGERING and not reader.read(entry).refused:
            fragment = names.find(name) if unit_type(name) in types_with_drop_ins else None
            drop_ins = tree.drop_ins(scope, fragment.names) if fragment else ()
            added = ((drop_in.name, r) for drop_in in drop_ins for r in reader.read(drop_in).found)
            index.add(*_find_trigger(name, entry.name, (*own, *added), tree.systemd_version))


def _list_drop_ins(tree: UnitTree, scope: Scope) -> Iterator[tuple[str, Artifact]]:
    """Give all drop-ins that no better directory hides, masks too, with the unit, family or type that takes them."""
    ranks = {directory: rank for rank, directory in enumerate(tree.search_paths.get(scope, ()))}
    folders: dict[str, list[tuple[int, str]]] = {}
    for directory in (*tree.by_directory, *tree.by_path):  # a link may stand in place of a folder
        parent, _, name = directory.rpartition("/")
        if name.endswith(".d") and parent in ranks:
            folders.setdefault(name, []).append((ranks[parent], directory))
    for name, found in folders.items():
        owner = stem_of(name) if is_unit_name(stem_of(name)) else name
        if owner == name and 0 < tree.systemd_version < TYPE_LEVEL_SINCE:
            continue
        chosen: dict[str, Artifact] = {}
        for _rank, directory in sorted(found):
            for base, artifact in tree.entries(directory).items():
                if base.endswith(".conf") and not base.startswith("."):
                    chosen.setdefault(base, artifact)
        yield from ((owner, drop_in) for drop_in in chosen.values())


def _add_dependencies(index: ActivationIndex, owner: str, references: Iterable[_Placed]) -> None:
    for path, reference in references:
        if (reference.section, reference.key) not in STARTING_KEYS:
            continue
        unit = resolve_name(reference.name, owner)
        if unit is not None and unit != owner:
            index.add(unit, (ActivationKind.DEPENDENCY, owner, reference.key, Origin(path, reference.line)))


def _find_trigger(name: str, path: str, references: Iterable[_Placed], version: int) -> tuple[str, Start]:
    """Give what a path, socket, automount or timer starts: a unit of the same stem unless it says otherwise.

    Source: systemd.path(5), systemd.timer(5), systemd.automount(5); systemd.socket(5): with `Accept=yes` an instance
    for each connection.
    """
    kind = unit_type(name) or ""
    key = "Service" if kind == "socket" else "Unit"
    unit, origin = f"{stem_of(name)}.{'mount' if kind == 'automount' else 'service'}", Origin(path, 0)
    unit = instantiate(unit, HOLE) if is_template(unit) else unit
    accepts: Origin | None = None
    is_stated = False
    for place, reference in references:
        if reference.section != kind.capitalize():
            continue
        if reference.key == "Accept":
            accepts = Origin(place, reference.line) if parse_boolean(reference.name) else None
        elif reference.key == key and not (key == "Unit" and is_stated):  # the first `Unit=`, but the last `Service=`
            stated = resolve_name(reference.name, name)
            is_refused = 0 < version < SAME_TYPE_SINCE and stated is not None and unit_type(stated) == kind
            if stated is not None and stated != name and not is_refused:
                unit, origin, is_stated = stated, Origin(place, reference.line), True
    if accepts is not None:
        unit = f"{stem_of(name).partition('@')[0]}@{HOLE}.service"
        return unit, (ActivationKind.TRIGGER, name, "Accept", accepts)
    return unit, (ActivationKind.TRIGGER, name, key, origin)
