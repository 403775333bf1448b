"""The walk and the hashes: what lies in the unit directories, as records of `find` and lines of `sha256sum`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fleetscan.model.ids import Sha256
from fleetscan.model.snapshot import FileTimes

_FIELDS = re.compile(
    # every number is bounded: the host may send what it likes, and the store keeps 64 bits
    r"(?P<type>[a-zA-Z!~]) (?P<mode>[0-7]{1,6}) (?P<uid>[0-9]{1,10}) (?P<gid>[0-9]{1,10}) (?P<size>[0-9]{1,18}|-)"
    r" (?P<links>[0-9]{1,10}) (?P<mtime>-?[0-9]{1,20}(?:\.[0-9]*)?|-) (?P<ctime>-?[0-9]{1,20}(?:\.[0-9]*)?|-)"
    r" (?P<inode>[0-9]{1,20}|-) (?P<path>.*?)//(?P<target>.*)",
    re.DOTALL,
)
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # of the years 1 and 9999; any user may set an mtime
_VENDOR_MARK = " - - - "
_MAX_SHARED_CHARS = 512
_SHARED_RECORDS = 8192
_HASH_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WalkRecord:
    """One entry of a unit directory.

    Attributes:
        type: `find -printf %y`: f, d, l, p, s, c, b; `!` is a directory that may not be read, `~` something on a file
            system that is not looked at, whose type is then the target.
        path: Absolute path.
        size: Bytes; None for unreadable directories.
        modified_s: Seconds since the epoch, from year 1 to 9999 (what lies outside is brought to the edge); None in the
            vendor directories, where times are not collected.
    """

    type: str
    mode: int
    uid: int
    gid: int
    size: int | None
    links: int
    path: str
    target: str
    modified_s: int | None
    changed_s: int | None
    inode: int | None

    @property
    def times(self) -> FileTimes | None:
        """Times and inode, where they are collected."""
        if self.modified_s is None or self.changed_s is None or self.inode is None:
            return None
        return FileTimes(modified_s=self.modified_s, changed_s=self.changed_s, inode=self.inode)


def parse_walk(payload: bytes, sentinel: str, *, truncated: bool) -> tuple[tuple[WalkRecord, ...], int]:
    """Read the records of the walk.

    Args:
        payload: The section's bytes.
        sentinel: Of this visit; records begin with its first six digits, which no file name can know.
        truncated: The last record may be cut short and is left out.

    Returns:
        The records in the host's order, and how many could not be read.
    """
    text = payload.decode("utf-8", "surrogateescape")
    token = sentinel[:6] + " "
    pieces = ("\n" + text.removesuffix("\n")).split("\n" + token)[1:]
    if truncated and pieces:
        pieces = pieces[:-1]
    records = []
    bad = 0
    for piece in pieces:
        shared = _VENDOR_MARK in piece and len(piece) <= _MAX_SHARED_CHARS
        record = _parse_shared_record(piece) if shared else _parse_record(piece)
        if record is None:
            bad += 1
        else:
            records.append(record)
    return tuple(records), bad


def _parse_record(piece: str) -> WalkRecord | None:
    match = _FIELDS.fullmatch(piece)
    if match is None:
        return None
    kind, mode, uid, gid, size, links, modified, changed, inode, path, target = match.groups()
    return WalkRecord(
        type=kind,
        mode=int(mode, 8),
        uid=int(uid),
        gid=int(gid),
        size=None if size == "-" else int(size),
        links=int(links),
        path="/" + path,
        target=target,
        modified_s=_seconds(modified),
        changed_s=_seconds(changed),
        inode=None if inode == "-" else int(inode),
    )


# Vendor files carry no times, so hosts with the same packages send the same records: most of a fleet's are parsed once.
_parse_shared_record = lru_cache(_SHARED_RECORDS)(_parse_record)


@dataclass(frozen=True, slots=True)
class HashedFile:
    """One line of `sha256sum`.

    Attributes:
        number: Its place in the list, from 1; contents are asked for by it.
        path: Absolute path.
        reader: With whose rights it was read: `-` for the probe's own, or a uid.
    """

    number: int
    path: str
    sha256: Sha256
    reader: str


def parse_hashes(payload: bytes, reader: str, first: int, *, truncated: bool) -> Iterator[HashedFile]:
    """Read the lines of `sha256sum` that can be read; a file whose line is missing counts as unreadable elsewhere.

    Args:
        payload: The section's bytes.
        reader: With whose rights they were read.
        first: Number of the first line.
        truncated: The last line may be cut short, so that its path could be that of another file; it is left out.
    """
    lines = payload.decode("utf-8", "surrogateescape").split("\n")
    for number, line in enumerate(lines[:-1] if truncated else lines, start=first):
        match = _HASH_LINE.fullmatch(line)
        if match is None:
            continue
        escaped, sha256, path = match.groups()
        yield HashedFile(number, "/" + (_unescape(path) if escaped else path), Sha256(sha256), reader)


def _unescape(path: str) -> str:
    r"""Undo what GNU sha256sum does to names with a backslash or a line end."""
    plain = {"\\": "\\", "n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda match: plain.get(match[1], match[0]), path)


def _seconds(text: str) -> int | None:
    whole = text.partition(".")[0]
    return None if whole == "-" else min(max(int(whole), _FIRST_SECOND), _LAST_SECOND)
