"""What a unit's own files say in `[Install]`: which links enabling it makes."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from fleetscan.analyse.filediff import Contents
from fleetscan.model.ids import Sha256
from fleetscan.systemd.names import expand_specifiers, is_template, split_instance
from fleetscan.systemd.syntax import parse_unit
from fleetscan.systemd.text_cache import TextCache

_FOLDER_KEYS = {"WantedBy": ".wants", "RequiredBy": ".requires", "UpheldBy": ".upholds"}
_LISTS = (*_FOLDER_KEYS, "Alias")
_MAX_WORDS = 256

_Assignments = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallSection:
    """The links that a unit asks for.

    Attributes:
        folders: Names of folders, `timers.target.wants`.
        aliases: Names.
        default_instance: Of a template; empty for none.
        is_empty: Whether there is nothing in it at all: a unit that cannot be enabled.
    """

    folders: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    default_instance: str = ""
    is_empty: bool = True

    def asks_for(self, link: str, name: str) -> bool:
        """Tell whether enabling a unit makes this link in a folder of another one.

        Args:
            link: Path of the link.
            name: Of the unit. For an instance only its template's `DefaultInstance=` is asked for: which others there
                are somebody chose.
        """
        folder, base = posixpath.basename(posixpath.dirname(link)), posixpath.basename(link)
        _template, instance = split_instance(name)
        return base == name and folder in self.folders and instance in (None, self.default_instance)


def read_install(name: str, hashes: Iterable[Sha256 | None], contents: Contents) -> InstallSection:
    """Read the `[Install]` sections of a unit.

    Args:
        name: Of the unit, for the specifiers.
        hashes: Of its fragment and drop-ins in order of application; what cannot be read asks for nothing.
        contents: Bytes by hash.
    """
    values: dict[str, list[str]] = {key: [] for key in _LISTS}
    instance, is_empty = "", True
    for sha256 in hashes:
        found = _CACHE.read(sha256, 0, contents) if sha256 is not None else None
        for key, value in found or ():
            is_empty = False
            if key == "DefaultInstance":
                instance = value
            elif key in values:
                # An empty assignment takes back what was asked for before it.
                values[key] = [*values[key], *value.split()][:_MAX_WORDS] if value else []
    expanded = {key: [expand_specifiers(word, name) for word in words] for key, words in values.items()}
    return InstallSection(
        folders=frozenset(f"{unit}{_FOLDER_KEYS[key]}" for key in _FOLDER_KEYS for unit in expanded[key]),
        aliases=frozenset(alias for alias in expanded["Alias"] if not is_template(alias)),
        default_instance=instance,
        is_empty=is_empty,
    )


def _parse(data: bytes, systemd_version: int) -> _Assignments:
    text = parse_unit(data, path="", systemd_version=systemd_version)
    return tuple((d.key, d.value) for d in text.assignments if d.section == "Install")


_CACHE: TextCache[_Assignments] = TextCache(_parse, 4096, lambda found: len(found) <= 64)
