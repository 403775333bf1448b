"""What the oracle plants on a host: files and links, as paths below `/`; put together from the modules beside it."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

SYSTEM = "/etc/systemd/system"
RUNTIME = "/run/systemd/system"
LOCAL = "/usr/local/lib/systemd/system"
GLOBAL = "/etc/systemd/user"
GLOBAL_RUNTIME = "/run/systemd/user"
HOME = "/home/deploy/.config/systemd/user"
HOME_DATA = "/home/deploy/.local/share/systemd/user"
ELSEWHERE = "/opt/oracle"
DEPLOY_UID = 1000
_HOMES = "/home/deploy/"


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link; `target` is stored as it stands."""

    target: str


Seed = Mapping[str, bytes | Link]
"""Absolute path → bytes of a file, or a link."""


def service(*lines: str) -> bytes:
    """Give the text of a service: these lines in [Service], or one harmless ExecStart."""
    return b"[Service]\n" + "".join(f"{line}\n" for line in lines or ("ExecStart=/bin/true",)).encode()


def timer(*lines: str) -> bytes:
    """Give the text of a timer: these lines in [Timer], or one far date."""
    return b"[Timer]\n" + "".join(f"{line}\n" for line in lines or ("OnCalendar=2090-01-01",)).encode()


def mark(text: str) -> bytes:
    """Give the text of a drop-in that changes nothing but what can be seen of the unit."""
    return f"[Unit]\nX-Oracle={text}\n".encode()


def pack_seed(seed: Seed) -> bytes:
    """Give a tar archive to be unpacked in `/`; folders that it needs are in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for folder in list_folders(seed):
            entry = _entry(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, content in sorted(seed.items()):
            entry = _entry(path)
            entry.mode = 0o644
            if isinstance(content, Link):
                entry.type, entry.linkname = tarfile.SYMTYPE, content.target
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def list_folders(seed: Seed) -> list[str]:
    """Give all folders above the seed's paths, parents first."""
    folders: set[str] = set()
    for path in seed:
        while path := path.rpartition("/")[0]:
            folders.add(path)
    return sorted(folders)


def _entry(path: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.lstrip("/"))
    if f"{path}/".startswith(_HOMES):
        entry.uid = entry.gid = DEPLOY_UID
    return entry
