"""Specifiers whose value is not known here, and those that nobody knows."""

import re

from fleetscan.systemd.names import SPECIFIER, is_template

_LETTERS = "aAbBcCdDEgGhHlLmMoqrRsStTuUvVwWyY"
_OF_THE_UNIT = "nNpPiIjJf"
_OF_THE_HOST = re.compile(f"(?:[^%]|%[^{_LETTERS}])*%[{_LETTERS}]", re.DOTALL)


def is_open(text: str, unit_name: str) -> bool:
    """Tell whether a value holds a specifier that only the host (`%h`, `%H`, `%m`) or an instance (`%i`) settles.

    Such a value cannot be judged here: `%h/x` is an absolute path, and `%H.service` the name of a unit.

    Source: systemd.unit(5), "Specifiers".
    """
    return "%" in text and (is_template(unit_name) or _OF_THE_HOST.match(text) is not None)


def find_unknown(text: str) -> str:
    """Give the first specifier (`%Z`) that systemd has never had, empty for none; `%` before a mark is no specifier.

    A specifier that a later version introduced is taken for known: which version had which is not modelled.
    """
    for match in SPECIFIER.finditer(text):
        letter = match[1]
        if letter.isascii() and letter.isalnum() and letter not in _LETTERS + _OF_THE_UNIT:
            return match[0]
    return ""
