"""Text of a unit file of which parts are known only on the host: specifiers that name the machine, udev's variables."""

from collections.abc import Collection

from fleetscan.systemd.names import SPECIFIER, name_specifiers

HOLE = "\0"
"""Stands for any text, also none. No value of a unit file or rule can hold it: there it ends a line."""

BY_NAME = frozenset("nNpPiIjJ%")
"""Specifiers that the unit's name answers."""


def expand_known(text: str, name: str, known: Collection[str] = BY_NAME) -> str:
    """Replace specifiers: those that are known by the unit's name, all others by holes.

    Args:
        text: A value with unquoted words.
        name: The unit's name.
        known: Letters of the specifiers to take from the name, of those of `name_specifiers`.
    """
    if "%" not in text:
        return text
    values = name_specifiers(name)
    return SPECIFIER.sub(lambda m: values[m[1]] if m[1] in known else HOLE, text)


def fits(pattern: str, text: str) -> bool:
    """Tell whether text can be what a pattern with holes stands for. Linear in the text for each piece."""
    first, *others = pattern.split(HOLE)
    if not others:
        return pattern == text
    *middle, last = others
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True
