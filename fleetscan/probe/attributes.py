"""What a mode does not tell of a file: immutable and append-only flags, access control lists, SELinux labels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import Scope
from fleetscan.probe.walk import WalkRecord, parse_walk

_FLAGS = re.compile(r"([-A-Za-z]{4,64}) (.+)")
_LISTED = re.compile(r"[-dbclps][-rwxsStT]{9}\+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+(?:, *[0-9]+)? - (.+)")
# Without colons in its parts there is one way to cut a label: with them, 1 KB that is none took longer than any visit.
_LABELLED = re.compile(r"([^ /:]{1,128}(?::[^ /:]{1,128}){1,8}) (.+)")
_TOLD = ("lsattr", "acl", "selinux")

Pairs = tuple[tuple[str, str], ...]
"""Properties as artifacts have them: sorted by name."""


@dataclass(frozen=True, slots=True)
class Told:
    """One section of attributes.

    Attributes:
        properties: Pairs by absolute path: `attributes` (`a`, `i` or `ai`), `acl` (`yes`), `selinux` (the label, unless
            it is the one that the policy gives to unit files).
        folders: Records of the folders on the way to the unit directories.
        bad: Records and lines that could not be read.
        tools: What could be asked: `lsattr`, `acl`, `selinux`.
    """

    properties: Mapping[str, Pairs]
    folders: tuple[WalkRecord, ...]
    bad: int
    tools: frozenset[str]


def parse_attributes(payload: bytes, sentinel: str, *, truncated: bool) -> Told:
    """Read a section of attributes: what could be asked, then records of folders and lines of three programs, mixed.

    Names with a line end are not among them, so that each line is one.

    Args:
        payload: The section's bytes.
        sentinel: Of this visit; records of folders begin with its first six digits.
        truncated: The last line may be cut short and is left out.
    """
    lines = payload.decode("utf-8", "surrogateescape").split("\n")
    if truncated:
        lines = lines[:-1]
    words = lines[0].split(" ") if lines else []
    tools = frozenset(_TOLD).intersection(words) if words[:1] == ["told"] else frozenset()
    folders: list[WalkRecord] = []
    found: dict[str, dict[str, str]] = {}
    bad = 0
    for line in lines[1:]:
        if line.startswith(sentinel[:6] + " "):
            records, wrong = parse_walk(line.encode("utf-8", "surrogateescape"), sentinel, truncated=False)
            folders += records
            bad += wrong
        elif (pair := _parse_line(line)) is not None:
            path, name, value = pair
            found.setdefault(path, {})[name] = value
        elif line:
            bad += 1
    properties = {path: tuple(sorted(pairs.items())) for path, pairs in found.items()}
    return Told(properties, tuple(folders), bad, tools)


def find_tool_gaps(told: Told, scope: Scope | None) -> list[Gap]:
    """Give a gap for each question that the host has no program for."""
    gaps = []
    if "lsattr" not in told.tools:
        reason = "lsattr is not installed: whether files are immutable is not known"
        gaps.append(Gap(Area.ATTRIBUTES, scope, ReadStatus.MISSING_TOOL, None, reason))
    if "acl" not in told.tools:
        reason = "this ls does not tell of access control lists"
        gaps.append(Gap(Area.ATTRIBUTES, scope, ReadStatus.UNSUPPORTED, None, reason))
    return gaps


def _parse_line(line: str) -> tuple[str, str, str] | None:
    """Give path, property and value. The three kinds of lines cannot be confused: by `+`, by `:`, or by neither."""
    if (match := _LISTED.fullmatch(line)) is not None:
        return "/" + match[1], "acl", "yes"
    if (match := _FLAGS.fullmatch(line)) is not None:
        flags = "".join(flag for flag in "ai" if flag in match[1])
        return ("/" + match[2], "attributes", flags) if flags else None
    if (match := _LABELLED.fullmatch(line)) is not None:
        return "/" + match[2], "selinux", match[1]
    return None
