"""Who a host says it is: os-release and the version of systemd."""

import re
from collections.abc import Mapping

from fleetscan.errors import ParseError

_ASSIGNMENT = re.compile(r"[ \t]*(?P<key>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)\Z", re.DOTALL)
_PIECE = re.compile(
    r"""'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|\\(?P<escaped>.)|(?P<plain>[^\s'"\\]+)""", re.DOTALL
)
_VERSION = re.compile(r"(?:Version=)?(?P<text>(?:systemd[ \t]+)?v?(?P<major>[0-9]{1,4})(?=[^0-9]|\Z)[^\n]{0,200})\Z")


def parse_os_release(data: bytes) -> Mapping[str, str]:
    """Read os-release, a shell script of assignments, without a shell.

    Returns:
        Unquoted values; of repeated keys the last counts. Lines that are no assignment are ignored, as every reader of
        this file does.

    Raises:
        ParseError: A quote is not closed.

    Source:
        os-release(5).
    """
    values: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        match = _ASSIGNMENT.match(line.rstrip(" \t\r"))
        if match:
            values[match["key"]] = _unquote(match["value"], number)
    return values


def parse_systemd_version(data: bytes) -> tuple[int, str]:
    """Read the first line of `systemctl --version`, or the manager's `Version` property.

    Returns:
        Major version, and the text as printed without the word `systemd`: `252 (252.39-1~deb12u2)`.

    Raises:
        ParseError: There is no version.
    """
    text = data.decode("utf-8", "surrogateescape").lstrip()
    match = _VERSION.match(text.split("\n", 1)[0].strip())
    if match is None:
        raise ParseError("not a version of systemd", line=1)
    return int(match["major"]), match["text"].removeprefix("systemd").strip()


def _unquote(value: str, number: int) -> str:
    """Join the pieces of a shell word; it ends at a space, as it would in a shell."""
    out: list[str] = []
    position = 0
    while position < len(value) and not value[position].isspace():
        match = _PIECE.match(value, position)
        if match is None:
            raise ParseError("a quote is not closed", line=number)
        position = match.end()
        if match["double"] is not None:
            out.append(re.sub(r'\\([$"\\`])', r"\1", match["double"]))
        else:
            out.append(match["single"] or match["escaped"] or match["plain"] or "")
    return "".join(out)
