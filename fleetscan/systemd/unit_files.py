"""`systemctl list-unit-files`: what a manager knows on disk, and its enablement."""

import re
from typing import NamedTuple

from fleetscan.errors import ParseError
from fleetscan.model.ids import UnitName
from fleetscan.systemd.listing import load_objects, read_text, split_rows
from fleetscan.systemd.names import is_unit_name

_ROW = re.compile(r"(?P<name>\S+)\s+(?P<state>[a-z-]+)(?:\s+(?P<preset>[a-z/-]+))?\Z")
_EMPTY_CELLS = frozenset({"-", "n/a"})


class ListedUnitFile(NamedTuple):
    """One row. `preset` is empty when there is none, or when the version does not print it (before 244)."""

    name: UnitName
    state: str
    preset: str


def parse_unit_files_json(data: bytes) -> tuple[ListedUnitFile, ...]:
    """Read `--output=json` (since 246).

    Returns:
        Sorted by name.

    Raises:
        ParseError: Not such a list.
    """
    rows = []
    for item in load_objects(data):
        preset = read_text(item, "preset") or read_text(item, "vendor_preset")  # renamed in 250
        rows.append(_build_row(read_text(item, "unit_file"), read_text(item, "state"), preset, 0))
    return tuple(sorted(rows))


def parse_unit_files_text(data: bytes) -> tuple[ListedUnitFile, ...]:
    """Read the text form, with or without header, footer, colours; two or three columns.

    Returns:
        Sorted by name.

    Raises:
        ParseError: A line that is no row, a cut name, a footer that counts other rows.
    """
    rows = []
    for number, line in split_rows(data, "UNIT FILE"):
        match = _ROW.match(line)
        if match is None:
            raise ParseError("not a row of list-unit-files", line=number)
        rows.append(_build_row(match["name"], match["state"], match["preset"] or "", number))
    return tuple(sorted(rows))


def _build_row(name: str, state: str, preset: str, number: int) -> ListedUnitFile:
    if not is_unit_name(name):
        raise ParseError(f"not a unit name: {name[:80]!r}", line=number)
    if not state:
        raise ParseError(f"no state for {name[:80]!r}", line=number)
    return ListedUnitFile(UnitName(name), state, "" if preset in _EMPTY_CELLS else preset)
