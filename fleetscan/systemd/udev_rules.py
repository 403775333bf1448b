"""udev rules: which units the appearance of a device starts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fleetscan.systemd.names import unit_type
from fleetscan.systemd.partial_text import HOLE

SYSTEM_KEY = "SYSTEMD_WANTS"
USER_KEY = "SYSTEMD_USER_WANTS"
MAX_WANTS = 1024
"""Names that are taken from one file."""

_LONGEST_RULE = 16_384  # UDEV_LINE_SIZE: what is longer udev ignores
_LINE_ENDS = re.compile(r"\n\r?\0?|\r\n?\0?|\0")
_SPACE = " \t\n\r"
_TOKEN = re.compile(
    r'[\s,]*(?P<key>[^\s=,"+!:{-]+)(?:\{(?P<attribute>[^}]*)\})?\s*'
    r'(?P<operator>[=!+:-]?=)\s*(?P<escapes>e?)"(?P<value>(?:[^"\\]|\\.)*)"'
)
_VARIABLE = re.compile(r"\$\$|%%|\$(?:env|attr|sysfs|result)\{[^}]*\}|\$[a-z]+|%[EsSc]\{[^}]*\}|%[A-Za-z]", re.ASCII)
_ESCAPE = re.compile(r"\\(?:x(?P<hex>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2})|(?P<other>.))", re.DOTALL)
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.?|"[^"]*"?|'[^']*'?)+""", re.DOTALL)
_QUOTING = re.compile(r"""["']|\\(.?)""", re.DOTALL)
_ADDS = frozenset({"=", "+=", ":="})


@dataclass(frozen=True, slots=True)
class UdevWant:
    """One name in `ENV{SYSTEMD_WANTS}` or `ENV{SYSTEMD_USER_WANTS}`.

    Attributes:
        key: Which of the two.
        name: Unit name, with `HOLE` for what depends on the device.
        line: 1-based, on which the rule begins.
    """

    key: str
    name: str
    line: int


def parse_udev_rules(data: bytes) -> tuple[UdevWant, ...]:
    """Find the units that the rules of one file start.

    Never raises. Of a rule with a fault, which udev ignores, what stands before the fault is given: rather one unit too
    many than one too few.

    Returns:
        In order, repeats kept, at most `MAX_WANTS`. Conditions of the rules are not looked at.

    Source:
        udev(7), "Rules files"; systemd.device(5); rules_file_parse(), parse_line() and device_add_udev_wants().
    """
    if SYSTEM_KEY.encode() not in data and USER_KEY.encode() not in data:
        return ()
    found: list[UdevWant] = []
    for line, rule in _join_rules(data.decode("utf-8", "surrogateescape")):
        for key, value in _read_assignments(rule):
            found += [UdevWant(key, name, line) for name in _read_names(value)]
        if len(found) >= MAX_WANTS:
            return tuple(found[:MAX_WANTS])
    return tuple(found)


def _join_rules(text: str) -> Iterator[tuple[int, str]]:
    """Give each rule with the number of its first line. A comment inside a continued rule is left out."""
    parts: list[str] = []
    begins = 0
    for number, raw in enumerate(_LINE_ENDS.split(text), start=1):
        line = raw.lstrip(_SPACE)
        if line.startswith("#"):
            continue
        if not parts:
            begins = number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        parts.append(line)
        rule = "".join(parts)
        parts = []
        if 0 < len(rule) < _LONGEST_RULE:
            yield begins, rule


def _read_assignments(rule: str) -> Iterator[tuple[str, str]]:
    if "SYSTEMD_" not in rule:
        return
    position = 0
    while (token := _TOKEN.match(rule, position)) is not None:
        position = token.end()
        if token["key"] == "ENV" and token["attribute"] in (SYSTEM_KEY, USER_KEY) and token["operator"] in _ADDS:
            value = token["value"]
            value = _ESCAPE.sub(_decode, value) if token["escapes"] else value.replace('\\"', '"')
            yield token["attribute"], value


def _decode(match: re.Match[str]) -> str:
    digits = match["hex"] or match["octal"]
    code = int(digits, 16 if match["hex"] else 8) if digits else 0
    return chr(code) if code else match["other"] or ""


def _read_names(value: str) -> Iterator[str]:
    """Give the names in a value. A name without a suffix is a service's, as systemd mangles it."""
    for match in _WORD.finditer(_VARIABLE.sub(_make_hole, value)):
        word = _QUOTING.sub(lambda quoting: quoting[1] or "", match[0])
        if word:
            yield word if unit_type(word) is not None else f"{word}.service"


def _make_hole(match: re.Match[str]) -> str:
    return match[0][0] if match[0] in ("$$", "%%") else HOLE
