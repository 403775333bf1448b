"""Package ownership: what the host's package databases say of the files that a visit asked about."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import Sha256
from fleetscan.model.program import Verification
from fleetscan.probe.wire import Frame
from fleetscan.systemd.names import canonical_path

_ROW = re.compile(
    r"(?P<kind>file|conf) (?P<expected>=|-|[0-9a-f]{32,128}|Q[12][A-Za-z0-9+/=]{1,64})"
    r" (?P<actual>=|-|\?|[0-9a-f]{32,64}) (?P<package>[A-Za-z0-9][A-Za-z0-9+._@-]{0,127}) (?P<path>.{1,4096})",
    re.DOTALL,
)
_PACKAGE = re.compile(r"package (?P<name>[A-Za-z0-9][A-Za-z0-9+._@-]{0,127}) (?P<version>[!-~]{1,128})")
_TIMERS = re.compile(
    r"timers (?P<name>[A-Za-z0-9][A-Za-z0-9+._@-]{0,127}) (?P<scope>system|user)"
    r"(?P<units>(?: [A-Za-z0-9:_.@\\-]{1,255}){1,400})"
)
_KIND = re.compile(r"database (dpkg|rpm|pacman|apk)")
_END = re.compile(r"end ([a-z0-9-]{1,32})")
_STATUS = {
    "denied": ReadStatus.DENIED,
    "missing": ReadStatus.MISSING_TOOL,
    "truncated": ReadStatus.TRUNCATED,
    "timeout": ReadStatus.TIMED_OUT,
}
# Of several owners the one whose digest is that of the file; else what speaks against the file is heard first.
_STRONGEST_FIRST = (
    Verification.VERIFIED,
    Verification.CHANGED,
    Verification.CONFIGURATION,
    Verification.UNKNOWN,
    Verification.OWNED,
)
_MAX_PACKAGES = 2000
_SHA1_BYTES = 20
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFacts:
    """What the package databases say.

    Attributes:
        owners: Package and verification by canonical path, of files that were asked about and have an owner.
        versions: Version of each owner, as the database writes it; one that was not told is left out.
        gaps: Why nothing, or not everything, is known.
        unowned: Canonical paths that were asked about and have no owner in any database; empty behind a gap.
        merged_usr: Whether `/lib` is `/usr/lib` on this host.
        timers: By package `timers` (of the system) and `user_timers`: the timers that it brings and services of the
            same names, sorted, whether they are there or not; only packages with timers.
    """

    owners: Mapping[str, tuple[str, Verification]]
    versions: Mapping[str, str]
    gaps: tuple[Gap, ...]
    unowned: frozenset[str]
    merged_usr: bool
    timers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def owner(self, path: str) -> tuple[str, Verification]:
        """Give the package that owns a file, and whether the file is still the package's.

        Args:
            path: Absolute, links resolved.

        Returns:
            The name is empty when there is no owner (`UNOWNED`), or when that is not known or was not asked
            (`UNKNOWN`).
        """
        place = canonical_path(path, merged_usr=self.merged_usr)
        if found := self.owners.get(place):
            return found
        return "", Verification.UNOWNED if place in self.unowned else Verification.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Database:
    """The lines of one database; `ended` is how reading it ended, `ok` when they are all that there are."""

    kind: str
    lines: tuple[str, ...]
    ended: str


def parse_packages(frame: Frame | None, digests: Mapping[str, Sha256 | None], *, merged_usr: bool) -> PackageFacts:
    """Understand the section `packages`.

    Args:
        frame: None when it never arrived.
        digests: Every file that was asked about, absolute and with its links resolved, with the hash that the host
            told, None when it is not known. What the host says of other files is ignored.
        merged_usr: Whether `/lib` is `/usr/lib` on this host.
    """
    asked = {canonical_path(path, merged_usr=merged_usr): sha256 for path, sha256 in digests.items()}
    owners: dict[str, tuple[str, Verification]] = {}
    versions: dict[str, str] = {}
    timers: dict[str, dict[str, str]] = {}
    gaps: list[Gap] = []
    databases = tuple(_split_databases(frame.payload)) if frame else ()
    for database in databases:
        rows = _take_timers(database.lines, timers)
        bad = _read_rows(rows, asked, owners, versions, merged_usr=merged_usr)
        if database.ended != "ok":
            status = _STATUS.get(database.ended, ReadStatus.FAILED)
            gaps.append(_gap(status, f"the {database.kind} database was not read whole: {database.ended}"))
        if bad:
            gaps.append(_gap(ReadStatus.FAILED, f"lines about the {database.kind} database that cannot be read: {bad}"))
    if not gaps:
        gaps += _frame_gaps(frame, databases)
    names = {package for package, _ in owners.values()} | timers.keys()
    return PackageFacts(
        owners=owners,
        versions={name: version for name, version in sorted(versions.items()) if name in names},
        gaps=tuple(gaps),
        unowned=frozenset() if gaps else frozenset(asked.keys() - owners.keys()),
        merged_usr=merged_usr,
        timers={name: timers[name] for name in sorted(timers)[:_MAX_PACKAGES]},
    )


def _take_timers(lines: Iterable[str], timers: dict[str, dict[str, str]]) -> Iterator[str]:
    """Add the timers of packages of one database; give the other lines."""
    for line in lines:
        match = _TIMERS.fullmatch(line)
        if match is None:
            yield line
            continue
        key = "timers" if match["scope"] == "system" else "user_timers"
        timers.setdefault(match["name"], {}).setdefault(key, " ".join(sorted(set(match["units"].split()))))


def _split_databases(payload: bytes) -> Iterator[_Database]:
    """Cut the section; what does not end as it should is cut short, and so may be its last line."""
    kind, lines = "", list[str]()
    for line in payload.decode("utf-8", "surrogateescape").split("\n"):
        if match := _KIND.fullmatch(line):
            if kind:
                yield _Database(kind, tuple(lines[:-1]), "no end")
            kind, lines = match[1], []
        elif kind and (match := _END.fullmatch(line)):
            yield _Database(kind, tuple(lines), match[1])
            kind, lines = "", []
        else:
            lines.append(line)
    if kind:
        yield _Database(kind, tuple(lines[:-1]), "no end")


def _read_rows(
    lines: Iterable[str],
    asked: Mapping[str, Sha256 | None],
    owners: dict[str, tuple[str, Verification]],
    versions: dict[str, str],
    *,
    merged_usr: bool,
) -> int:
    """Add the owners and versions of one database.

    Returns:
        How many lines could not be read.
    """
    bad = 0
    for line in lines:
        if match := _PACKAGE.fullmatch(line):
            if match["version"] != "-":
                versions.setdefault(match["name"], match["version"])
        elif match := _ROW.fullmatch(line):
            place = canonical_path("/" + match["path"], merged_usr=merged_usr)
            if place in asked:
                found = match["package"], _verify(match, asked[place])
                owners[place] = min(owners.get(place, found), found, key=_strength)
        elif line:
            bad += 1
    return bad


def _strength(owner: tuple[str, Verification]) -> int:
    return _STRONGEST_FIRST.index(owner[1])


def _verify(row: re.Match[str], sha256: Sha256 | None) -> Verification:
    """Compare the digest of the database with that of the file."""
    expected, actual = row["expected"], row["actual"]
    if expected == "-":
        return Verification.OWNED
    if expected == actual == "=":
        return Verification.VERIFIED
    wanted = _hexadecimal(expected)
    given = actual
    if actual == "-":
        is_sha256 = len(wanted) == _SHA256_DIGITS or expected.startswith("Q2")
        given = (sha256 or "")[: len(wanted)] if is_sha256 else ""
    if not wanted or len(given) != len(wanted):
        return Verification.UNKNOWN
    if given == wanted:
        return Verification.VERIFIED
    return Verification.CONFIGURATION if row["kind"] == "conf" else Verification.CHANGED


def _hexadecimal(digest: str) -> str:
    """Give a digest in hexadecimal digits, empty when it is none.

    apk writes base64: behind `Q1` SHA-1, behind `Q2` SHA-256, of which it may keep the first 20 bytes.
    """
    if not digest.startswith("Q"):
        return "" if digest == "=" else digest
    try:
        data = base64.b64decode(digest[2:], validate=True)
    except binascii.Error:
        return ""
    return data.hex() if len(data) in ((_SHA1_BYTES,) if digest[1] == "1" else (_SHA1_BYTES, 32)) else ""


def _frame_gaps(frame: Frame | None, databases: tuple[_Database, ...]) -> Iterator[Gap]:
    if frame is None:
        yield _gap(ReadStatus.FAILED, "section packages never arrived")
    elif frame.status not in (ReadStatus.OK, ReadStatus.MISSING_TOOL):
        yield _gap(frame.status, f"section packages ended with {frame.detail}")
    elif not databases:
        yield _gap(ReadStatus.MISSING_TOOL, "no package database of a known kind (dpkg, rpm, pacman, apk)")


def _gap(status: ReadStatus, reason: str) -> Gap:
    return Gap(Area.PACKAGES, None, status, None, reason)
