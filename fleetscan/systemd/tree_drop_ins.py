"""Which drop-in files a unit takes, in which order.

Source: systemd.unit(5); unit_file_find_dropin_paths() and conf_files_list_strv().
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from fleetscan.model.snapshot import Artifact
from fleetscan.systemd.names import is_unit_name, prefix_names, split_instance, unit_type

_PREFIXES_SINCE = 239
TYPE_LEVEL_SINCE = 244
"""First version that reads `service.d/` and its like."""


class DropInSource(Protocol):
    """What is needed of a tree of unit directories."""

    @property
    def systemd_version(self) -> int:
        """Major version, 0 when unknown."""

    def entries(self, directory: str) -> Mapping[str, Artifact]:
        """Give the files and links of one directory by name."""

    def is_mask(self, artifact: Artifact) -> bool:
        """Tell whether a file or link says "nothing here"."""


def list_drop_in_files(tree: DropInSource, search_path: Sequence[str], names: Sequence[str]) -> tuple[Artifact, ...]:
    """Give a unit's drop-ins in order of application.

    A file name counts once: the first directory that has it wins, and a mask there removes it.

    Args:
        tree: Where to look.
        search_path: Unit directories, highest precedence first.
        names: All names of the unit, the real one first.
    """
    version = tree.systemd_version
    folders = [f"{d}/{n}.d" for name in names for d in search_path for n in _list_folder_names(name, version)]
    kind = unit_type(names[0]) if names else None
    if kind is not None and not 0 < tree.systemd_version < TYPE_LEVEL_SINCE:
        folders += [f"{d}/{kind}.d" for d in search_path]
    return _merge_folders(tree, folders)


def list_type_drop_ins(tree: DropInSource, search_path: Sequence[str], kind: str) -> tuple[Artifact, ...]:
    """Give the drop-ins for all units of one type (`service`), in order of application."""
    return _merge_folders(tree, [f"{d}/{kind}.d" for d in search_path])


def _merge_folders(tree: DropInSource, folders: Sequence[str]) -> tuple[Artifact, ...]:
    chosen: dict[str, Artifact] = {}
    for folder in folders:
        for name, artifact in tree.entries(folder).items():
            if name.endswith(".conf") and not name.startswith("."):
                chosen.setdefault(name, artifact)
    # strcmp order, which for text that came from bytes is the order of its bytes
    ordered = sorted(chosen, key=lambda name: name.encode("utf-8", "surrogateescape"))
    return tuple(chosen[name] for name in ordered if not tree.is_mask(chosen[name]))


@lru_cache(4096)
def _list_folder_names(name: str, version: int) -> tuple[str, ...]:
    """Give the names of `_folder_names` once each; the hosts of a fleet share most unit names."""
    return tuple(dict.fromkeys(_folder_names(name, version)))


def _folder_names(name: str, version: int) -> Iterator[str]:
    """Give the names whose `.d` a unit reads within one directory, most specific first, with repeats."""
    yield name
    template, instance = split_instance(name)
    if template is not None and instance is not None:
        yield from _folder_names(template, version)
    if 0 < version < _PREFIXES_SINCE:
        return
    for prefix in prefix_names(name):
        if not is_unit_name(prefix):
            return
        yield prefix
        if template is not None and instance is not None:
            prefix_template = split_instance(prefix)[0]
            if prefix_template is not None:
                yield from _folder_names(prefix_template, version)
