"""Which other units the text of a unit names in directives that start them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fleetscan.systemd.names import (
    MAX_UNIT_NAME,
    TEMPLATE_SPECIFIERS,
    instantiate,
    is_template,
    resolve_template,
    stem_of,
    unit_type,
)
from fleetscan.systemd.partial_text import BY_NAME, HOLE, expand_known
from fleetscan.systemd.syntax import INCLUDE_KEY, parse_unit

STARTING_KEYS = frozenset(
    {
        ("Service", "Sockets"),
        ("Unit", "BindTo"),
        ("Unit", "BindsTo"),
        ("Unit", "OnFailure"),
        ("Unit", "OnSuccess"),
        ("Unit", "Requires"),
        ("Unit", "RequiresOverridable"),
        ("Unit", "Upholds"),
        ("Unit", "Wants"),
    }
)
"""Dependencies that start what they name. `Requisite=` and `PartOf=` start nothing, `Propagates…=` stop or reload."""

TRIGGER_KEYS = frozenset({("Path", "Unit"), ("Socket", "Accept"), ("Socket", "Service"), ("Timer", "Unit")})
"""What a path, socket or timer unit says about the unit that it starts."""

MAX_REFERENCES = 1024
"""Names that are taken from one file."""

_SINCE = {"OnSuccess": 249, "Upholds": 249}
_MENTIONS = re.compile(
    rb"\.include|Wants|Requires|Binds?To|Upholds|OnFailure|OnSuccess|Sockets|Service(?!\])|Unit(?!\])"
    rb"|\[(?:Automount|Path|Socket|Timer)\]"  # whether systemd takes the text decides whether it starts anything
)
_WORD = re.compile(r"""(?:[^ \t\n\r"']|"[^"]*"?|'[^']*'?)+""")
_QUOTES = re.compile(r"[\"']")
_IN_FAMILY = frozenset("%")


@dataclass(frozen=True, slots=True)
class Reference:
    """One name in a directive, or the value of `Accept=`.

    Attributes:
        name: As written, without quotes; specifiers are not expanded.
        line: 1-based, on which the assignment begins.
    """

    section: str
    key: str
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class References:
    """What one file names.

    Attributes:
        found: In file order.
        refused: systemd refuses the file, so that a unit with this fragment is never loaded.
    """

    found: tuple[Reference, ...] = ()
    refused: bool = False


_NONE = References()


def parse_references(data: bytes, systemd_version: int) -> References:
    """Find the names in one fragment or drop-in. Never raises.

    Args:
        data: The file's bytes.
        systemd_version: Major version of the host, 0 when unknown.

    Source:
        systemd.unit(5), systemd.service(5), systemd.path(5), systemd.socket(5); config_parse_unit_deps().
    """
    if not _MENTIONS.search(data):
        return _NONE
    text = parse_unit(data, path="", systemd_version=systemd_version)
    found: list[Reference] = []
    for directive in text.assignments:
        place = (directive.section, directive.key)
        if place not in STARTING_KEYS and place not in TRIGGER_KEYS and place != ("", INCLUDE_KEY):
            continue
        if 0 < systemd_version < _SINCE.get(directive.key, 0):
            continue
        words = [directive.value] if directive.key == INCLUDE_KEY else _split(directive.value)
        found += [Reference(*place, word, directive.origin.line) for word in words]
    if not found and not text.fatal:
        return _NONE
    return References(tuple(found[:MAX_REFERENCES]), refused=bool(text.fatal))


def resolve_name(name: str, owner: str) -> str | None:
    """Give the unit that a name stands for in the text of another unit.

    A template that is named without an instance gets that of the unit that names it, or else its prefix.

    Args:
        name: As written.
        owner: The unit that names it: a unit, a template, a family (`foo-.service`) or a type (`service.d`).

    Returns:
        With holes for what is known only on the host; None for what is no unit name, or of which nothing is known.

    Source:
        systemd.unit(5), "Specifiers"; resolve_template() of unit.c.
    """
    is_family = unit_type(owner) is None or stem_of(owner).endswith("-")
    known = _IN_FAMILY if is_family else TEMPLATE_SPECIFIERS if is_template(owner) else BY_NAME
    text = expand_known(name, owner, known)
    if is_template(text):
        text = resolve_template(text, owner) if known is BY_NAME else instantiate(text, HOLE)
    is_known = any(character not in (HOLE, "@") for character in stem_of(text))
    return text if is_known and unit_type(text) is not None and len(text) <= MAX_UNIT_NAME else None


def _split(value: str) -> Iterator[str]:
    for match in _WORD.finditer(value):
        yield _QUOTES.sub("", match[0])
