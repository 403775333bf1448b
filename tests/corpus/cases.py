"""A host in a folder: its unit directories and what its tools print, as the frames that a probe would send.

`disk.txt` holds the unit directories, one entry after the other:

    ==> /etc/systemd/system/fig.timer
    [Timer]
    OnCalendar=daily

    ==> /etc/systemd/system/timers.target.wants/fig.timer -> ../fig.timer

Marks stand in brackets after the path: `(escaped)` for text with Python's escapes (`\\r`, `\\x00`), `(unreadable)` for
a file without a hash, `(denied)` for a directory that may not be entered, `(ignored)` for what makes no difference.
Everything else is what a command printed: `manager.txt` of `systemctl show -p Version,UnitPath`, `show.txt` of the
units in memory; with the name of a user in front (`ann.show.txt`) what that user's manager says. `users.txt` has the
accounts besides root. A host on which `/lib` is a directory of its own has something there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleetscan.model.coverage import Coverage
from fleetscan.model.digest import digest_bytes
from fleetscan.model.unit import EffectiveUnit, Job
from fleetscan.probe.assemble import Listing, assemble_listing
from fleetscan.probe.wire import Frame
from fleetscan.systemd.jobs import build_jobs
from fleetscan.systemd.loose_units import build_loose_units
from tests.unit.probe.frames import FACTS, SENTINEL, Entry, complete_visit, frame

_HEADER = re.compile(r"==> (?P<path>/\S+)(?: -> (?P<target>\S+))?(?P<marks>(?: \([a-z]+\))*)\Z")
_MARKS = frozenset({"escaped", "unreadable", "denied", "ignored"})
_FOLDERS = (".d", ".wants", ".requires", ".upholds")
_OF_MANAGERS = ("manager", "timers_text", "timers_json", "unit_files", "loaded")
_OF_WALKS = ("walk", "hashes")
_ROOT = "root:0:0:/root:/bin/bash\n"


@dataclass(frozen=True, slots=True)
class DiskEntry:
    """One entry of `disk.txt`; `is_ignored` says that systemd, and so our reading, takes no notice of it."""

    entry: Entry
    is_ignored: bool


@dataclass(frozen=True, slots=True)
class HostReading:
    """What our code makes of a case."""

    listing: Listing
    jobs: tuple[Job, ...]
    loose: tuple[EffectiveUnit, ...]


def read_disk(folder: Path) -> tuple[DiskEntry, ...]:
    """Give the entries of a case's `disk.txt`, without the directories that hold them."""
    entries: list[DiskEntry] = []
    before, *pieces = re.split(r"^(?===> )", (folder / "disk.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert not before.strip(), "text before the first entry"
    for piece in pieces:
        header, _, body = piece.partition("\n")
        match = _HEADER.match(header)
        assert match, f"not a header: {header}"
        marks = frozenset(re.findall(r"\(([a-z]+)\)", match["marks"]))
        assert marks <= _MARKS, f"unknown mark: {header}"
        path, target = match["path"][1:], match["target"] or ""
        data = body.strip("\n").encode() + b"\n" if body.strip("\n") else b""
        if "escaped" in marks:
            data = body.strip("\n").encode("ascii").decode("unicode_escape").encode("latin-1")
        assert not (data and target), f"a link with text: {header}"
        kind = "l" if target else "!" if "denied" in marks else "f"
        entry = Entry(path=path, type=kind, data=data, target=target, hashed="unreadable" not in marks)
        entries.append(DiskEntry(entry, "ignored" in marks))
    assert len({disk.entry.path for disk in entries}) == len(entries), "a path stands there twice"
    return tuple(entries)


def read_case(folder: Path, disk: Sequence[DiskEntry] | None = None) -> HostReading:
    """Understand a whole host as a visit and the stages behind it would.

    Args:
        folder: Of the case.
        disk: What lies in its unit directories; that of `disk.txt` when None.
    """
    entries = [known.entry for known in (read_disk(folder) if disk is None else disk)]
    listing = assemble_listing(_build_frames(folder, entries), SENTINEL)
    contents = {digest_bytes(e.data): e.data for e in entries if e.type == "f" and e.hashed}
    jobs = build_jobs(listing.facts, listing.artifacts, contents.get, Coverage(listing.gaps))
    loose = build_loose_units(listing.facts, listing.artifacts, contents.get, jobs)
    return HostReading(listing, jobs, loose)


def _build_frames(folder: Path, entries: Sequence[Entry]) -> tuple[Frame, ...]:
    users = _ROOT + ((folder / "users.txt").read_text(encoding="utf-8") if (folder / "users.txt").exists() else "")
    accounts = [line.split(":") for line in users.splitlines()]
    homes = {name: home for name, _uid, _gid, home, _shell in accounts}
    uids = {name: uid for name, uid, *_rest in accounts}
    running = [name for name in uids if (folder / f"{name}.list-timers.txt").exists()]
    merged = not any(entry.path.startswith("lib/") for entry in entries)
    others = dict.fromkeys(_OF_MANAGERS + _OF_WALKS)
    sections = complete_visit(
        facts=frame("facts", FACTS.replace("merged_usr=1", f"merged_usr={int(merged)}")),
        os_release=frame("os-release", (folder / "os-release").read_bytes()),
        version=frame("version", (folder / "version.txt").read_bytes()),
        users=frame("users", users),
        grants=frame("grants", "".join(f"a {account[0]} locked \n" for account in accounts if account[0]) + "end\n"),
        homes=frame("homes", "".join(f"ok:{name}:{uids[name]}:{home}\n" for name, home in homes.items())),
        runtimes=frame("runtimes", "".join(f"ok:{uids[name]}\n" for name in running)),
        **others,
    )
    readers = {f"{home.strip('/')}/": uids[name] for name, home in homes.items() if uids[name] != "0"}
    frames = [*sections.values(), *_build_walks(entries, readers), *_build_manager(folder, "", "system")]
    for name in running:
        frames += _build_manager(folder, f"{name}.", f"user:{name}")
    return tuple(frames)


def _build_manager(folder: Path, prefix: str, scope: str) -> Iterator[Frame]:
    """Give what one manager says; lists as JSON where it has it, as the probe asks for them."""
    has_json = (folder / f"{prefix}list-timers.json").exists()
    kind = "json" if has_json else "txt"
    outputs = {
        "manager": "manager.txt",
        "timers-json" if has_json else "timers-text": f"list-timers.{kind}",
        "unit-files": f"list-unit-files.{kind}",
        "loaded": "show.txt",
    }
    for section, name in outputs.items():
        yield frame(section, (folder / (prefix + name)).read_bytes(), scope=scope)


def _build_walks(entries: Sequence[Entry], homes: dict[str, str]) -> Iterator[Frame]:
    """Give a walk and hashes for each reader: what users own is read with their own rights."""
    readers: dict[str, list[Entry]] = {"-": []}
    for entry in entries:
        reader = next((uid for home, uid in homes.items() if entry.path.startswith(home)), "-")
        if entry.path.startswith("run/user/"):
            reader = entry.path.split("/")[2]
        readers.setdefault(reader, []).append(entry)
    number = 1
    for reader, own in readers.items():
        folders = [Entry(path=path, type="d", mode="755") for path in _list_folders(own)]
        yield frame("walk", "".join(entry.record for entry in (*folders, *own)), scope=reader)
        lines = [f"{digest_bytes(e.data)}  {e.path}\n" for e in own if e.type == "f" and e.data and e.hashed]
        yield frame("hashes", "".join(lines), scope=f"{reader} {number}")
        number += len(lines)


def _list_folders(entries: Sequence[Entry]) -> tuple[str, ...]:
    known = {entry.path for entry in entries}
    folders: dict[str, None] = {}
    for entry in entries:
        folder = entry.path.rpartition("/")[0]
        if folder.endswith(_FOLDERS):
            folders[folder.rpartition("/")[0]] = None
        folders[folder] = None
    return tuple(folder for folder in folders if folder not in known)
