"""The section `grants` as it arrives: files of sudo, polkit and integrity monitors, accounts and groups."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetscan.model.ids import Sha256
from fleetscan.probe.walk import WalkRecord, parse_hashes, parse_walk
from fleetscan.probe.wire import Frame

_NUMBERED = re.compile(r"s (\d{1,9}) (.*)", re.DOTALL)
_INCLUDE = re.compile(r"i (file|dir) (.{1,4096})", re.DOTALL)
_ACCOUNT = re.compile(r"a ([!-~]{1,256}) (set|locked|none|shadow) (\d{0,9})")
_GROUP = re.compile(r"g ([!-~]{1,256}) (\d{1,10}) ([!-~]{0,4096})")
_WATCH = re.compile(r"w ([+!]) (/[A-Za-z0-9_./-]{0,511})")
_HASH = re.compile(r"\\?[0-9a-f]{64} ")


@dataclass(frozen=True, slots=True)
class Password:
    """What a password file says of a local account.

    Attributes:
        state: `set`, `locked`, `none`, or `shadow` when that was not read.
        expires_day: Days since 1970 from which the account has expired, None for never.
    """

    state: str
    expires_day: int | None


@dataclass(slots=True)
class GrantLines:
    """Lines of the section, sorted by what they are. Paths have a leading slash.

    Attributes:
        records: Of the files, by path.
        unseen: What is there, or could be, and was not read.
        read: Files that were read and are not empty.
        sudo: Numbered lines by file.
        includes: `file` or `dir`, and path, by the file that includes it.
        polkit: `systemd1` or `everything` by file.
        watches: Monitored paths by configuration file; `!` before what is left out.
        passwords: By account; only local ones.
        groups: Number and members by name, of groups that rules name.
        services: Where rules of sudo come from, of nsswitch.conf.
        has_daemon: Whether a daemon for `sss` gives such.
        hashes: Of the files of `polkit`.
        is_whole: Whether the end arrived.
        bad: How many lines could not be read.
    """

    records: dict[str, WalkRecord] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    sudo: defaultdict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    includes: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    polkit: dict[str, str] = field(default_factory=dict)
    watches: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    passwords: dict[str, Password] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    services: list[str] = field(default_factory=list)
    has_daemon: bool = False
    hashes: Mapping[str, Sha256] = field(default_factory=dict)
    is_whole: bool = False
    bad: int = 0


def parse_grant_lines(frame: Frame, sentinel: str) -> GrantLines:
    """Sort the lines of the section; what cannot be read is counted."""
    found = GrantLines()
    token = f"{sentinel[:6]} "
    records: list[str] = []
    sums: list[str] = []
    file = ""
    for line in frame.payload.decode("utf-8", "surrogateescape").split("\n"):
        kind, _, rest = line.partition(" ")
        if line.startswith(token):
            records.append(line)
        elif kind == "f" and rest:
            file = "/" + rest
            found.read.append(file)
        elif _HASH.match(line):
            sums.append(line)
        elif line and not _take(found, file, line):
            found.bad += 1
    parsed, bad = parse_walk("\n".join(records).encode("utf-8", "surrogateescape"), sentinel, truncated=False)
    found.bad += bad
    for record in parsed:
        found.records.setdefault(record.path, record)
    hashed = parse_hashes("\n".join(sums).encode("utf-8", "surrogateescape"), "-", 1, truncated=False)
    found.hashes = {entry.path: entry.sha256 for entry in hashed}
    return found


def _take(found: GrantLines, file: str, line: str) -> bool:
    """Take a line about a file, an account or a group; tell whether it could be read."""
    if match := _NUMBERED.fullmatch(line):
        found.sudo[file].append((int(match[1]), match[2]))
    elif match := _INCLUDE.fullmatch(line):
        found.includes[file].append((match[1], "/" + match[2]))
    elif line in ("p systemd1", "p everything"):
        found.polkit.setdefault(file, line[2:])
    elif match := _WATCH.fullmatch(line):
        path = match[2].rstrip("/") or "/"
        found.watches[file].append(path if match[1] == "+" else f"!{path}")
    elif match := _ACCOUNT.fullmatch(line):
        found.passwords.setdefault(match[1], Password(match[2], int(match[3]) if match[3] else None))
    elif match := _GROUP.fullmatch(line):
        members = tuple(name for name in match[3].split(",") if name)
        found.groups.setdefault(match[1], (int(match[2]), members))
    elif line.startswith("n "):
        found.services += line[2:].split()[:16]
    else:
        return _take_mark(found, line)
    return True


def _take_mark(found: GrantLines, line: str) -> bool:
    """Take a line that tells of no file's content."""
    if line == "end":
        found.is_whole = True
    elif line == "x sss":
        found.has_daemon = True
    elif line.startswith("u "):
        found.unseen.append("/" + line[2:])
    else:
        return False
    return True
