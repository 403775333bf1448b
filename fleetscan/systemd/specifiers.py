"""Specifiers whose value is not known here."""

import re

from fleetscan.systemd.names import is_template

_LETTERS = "aAbBcCdDEgGhHlLmMoqrRsStTuUvVwWyY"
_OF_THE_HOST = re.compile(f"(?:[^%]|%[^{_LETTERS}])*%[{_LETTERS}]", re.DOTALL)


def is_open(text: str, unit_name: str) -> bool:
    """Tell whether a value holds a specifier that only the host (`%h`, `%H`, `%m`) or an instance (`%i`) settles.

    Such a value cannot be judged here: `%h/x` is an absolute path, and `%H.service` the name of a unit.

    Source: systemd.unit(5), "Specifiers".
    """
    return "%" in text and (is_template(unit_name) or _OF_THE_HOST.match(text) is not None)
