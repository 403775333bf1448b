"""Which file a unit name stands for: precedence, aliases, masks, linked units, templates.

Source: unit_file_build_name_map() and unit_file_find_fragment() of systemd 250; systemd.unit(5).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.systemd.names import instantiate, is_template, is_unit_name, may_alias, split_instance

MAX_ALIASES = 16
"""Names of one unit that are kept, in the order of the alphabet; somebody may link to it ten thousand times."""

MAX_HOPS = 8
"""Links that are followed before systemd gives up."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The main file of a unit.

    Attributes:
        name: The unit's real name; differs from the name asked for when that is an alias.
        names: All names of the unit, the real one first, then the others sorted.
        entry: The file in the unit directory, or the link there.
    """

    name: str
    names: tuple[str, ...]
    entry: Artifact


@dataclass(frozen=True, slots=True)
class NameMap:
    """All names that one manager could load, and what each stands for.

    Attributes:
        entries: Name → the file or link that holds the unit's text, or the name of the unit that it is an alias of.
        aliases: Real name → all names in `entries` that lead to it, sorted.
        rejected: Name → why systemd ignores a link of that name.
    """

    entries: Mapping[str, Artifact | str]
    aliases: Mapping[str, tuple[str, ...]]
    rejected: Mapping[str, str]

    @staticmethod
    def of(
        directories: Iterable[Mapping[str, Artifact]],
        search_path: Sequence[str],
        target_of: Callable[[Artifact], str],
    ) -> "NameMap":
        """Build the map.

        Args:
            directories: What lies in each directory of the search path, by file name, highest precedence first.
            search_path: The directories themselves, canonical.
            target_of: Gives a link's target as canonical absolute path.
        """
        entries: dict[str, Artifact | str] = {}
        rejected: dict[str, str] = {}
        for directory in directories:
            for name in sorted(directory):
                if name in entries or not is_unit_name(name):
                    continue
                artifact = directory[name]
                if artifact.kind is not ArtifactKind.LINK:
                    entries[name] = artifact
                    continue
                path = target_of(artifact)
                target = path.rpartition("/")[2]
                if not any(path.startswith(f"{d}/") for d in search_path):
                    entries[name] = artifact  # a linked unit, or a mask
                elif not may_alias(name, target):
                    rejected.setdefault(name, f"{artifact.name}: cannot be an alias of {target}, ignored")
                elif target != name:  # a link to a file of its own name has no effect
                    entries[name] = target
        return NameMap(entries, _collect_aliases(entries), rejected)

    def find(self, name: str) -> Fragment | None:
        """Give the fragment of a unit, None when there is none or an alias leads nowhere.

        An instance without a file of its own takes its template's.
        """
        template, instance = split_instance(name)
        found = _follow(self.entries, name)
        if found is None and template is not None and instance is not None:
            found = _follow(self.entries, template)
        if found is None:
            return None
        real, entry = found
        if instance is not None and is_template(real):
            names = {instantiate(alias, instance) for alias in self.aliases.get(real, ()) if is_template(alias)}
            # A link to a template is an alias for its instance only; a name with a file of its own is another unit.
            names = {n for n in names if n not in self.entries or _follow(self.entries, n) == found}
            real = instantiate(real, instance)
            if real in self.entries and _follow(self.entries, real) != found:
                # Seen on 252: the template's name still brings its drop-ins, but the unit keeps the name asked for.
                names.add(real)
                real = name
            else:
                # Those of the name asked for; what else leads to the real name is not looked for.
                names.update(self.aliases.get(name, ()))
        else:
            names = set(self.aliases.get(real, ()))
        names.add(name)
        return Fragment(name=real, names=(real, *sorted(names - {real})), entry=entry)


def _follow(entries: Mapping[str, Artifact | str], name: str) -> tuple[str, Artifact] | None:
    """Follow aliases to the real name and its file."""
    for _hop in range(MAX_HOPS):
        entry = entries.get(name)
        if entry is None:
            template, _instance = split_instance(name)
            entry = entries.get(template) if template is not None and _hop else None
            if entry is None or template is None:
                return None
            name = template
        if isinstance(entry, Artifact):
            return name, entry
        name = entry
    return None


def _collect_aliases(entries: Mapping[str, Artifact | str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in sorted(entries):
        if (target := _follow(entries, name)) is None:
            continue
        real = target[0]
        instance = split_instance(name)[1]
        if instance is not None and is_template(real):
            real = instantiate(real, instance)
        found.setdefault(real, []).append(name)
    return {real: tuple(names[:MAX_ALIASES]) for real, names in found.items()}
