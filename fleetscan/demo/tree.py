"""A host's files as a value that can be changed, and their writing to disk."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A regular file; `modified_s` are seconds since the epoch, None for the moment of writing."""

    text: str
    mode: int = 0o644
    modified_s: int | None = None


@dataclass(slots=True)
class HostTree:
    """Files, links and directories of one host, by path relative to its root (no leading slash).

    Attributes:
        files: Regular files.
        links: Symbolic links, path to text of the link.
        directories: Directories that exist although they hold nothing.
        modes: Permission bits of directories that have others than 0755.
    """

    files: dict[str, TreeFile] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    modes: dict[str, int] = field(default_factory=dict)
    _on_disk: dict[str, TreeFile | str] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Bring a folder in line with this tree; only what differs from the last writing is touched.

        Raises:
            OSError: The folder cannot be written.
        """
        wanted: dict[str, TreeFile | str] = {**self.files, **self.links}
        for path in self._on_disk.keys() - wanted.keys():
            (root / path).unlink()
        changed = {path: entry for path, entry in wanted.items() if self._on_disk.get(path) != entry}
        for folder in sorted({path.rpartition("/")[0] for path in changed} | self.directories | self.modes.keys()):
            _make_folder(root / folder)
        for folder, mode in self.modes.items():
            (root / folder).chmod(mode)
        for path, entry in changed.items():
            place = root / path
            if path in self._on_disk:
                place.unlink()
            if isinstance(entry, str):
                place.symlink_to(entry)
            else:
                _write_file(place, entry)
        self._on_disk = wanted


def _make_folder(place: Path) -> None:
    """Make a folder and those above it, as root on a host would: what anybody may write is a fact that is shown."""
    if not place.is_dir():
        _make_folder(place.parent)
        place.mkdir()
        place.chmod(0o755)


def _write_file(place: Path, entry: TreeFile) -> None:
    """Write one file with an exact mode, whatever this process's umask is."""
    with place.open("wb") as stream:
        stream.write(entry.text.encode())
        os.fchmod(stream.fileno(), entry.mode)
    if entry.modified_s is not None:
        os.utime(place, (entry.modified_s, entry.modified_s))
