"""Prevalence as a picture: one dot per comparable host, the few that have the thing marked.

Dots are drawn as dashed lines with round caps, so that hundreds of hosts cost
a few hundred bytes and no style attribute.
"""

from dataclasses import dataclass

_MAX_DOTS = 480
_COLUMNS = 48
_PITCH = 9
_MARGIN = 5


@dataclass(frozen=True, slots=True)
class DotsView:
    """Geometry of a dot picture, in SVG user units.

    Attributes:
        width: Of the drawing.
        height: Of the drawing.
        rest_path: Path of the hosts without the thing; empty when all have it. To be stroked with dashes `0 9`.
        marked_path: Path of the hosts that have it; empty when none has.
        own: Position of this host's own ring when it is not among the dots, else None.
        hosts_per_dot: 1 unless the fleet is too large to draw.
    """

    width: int
    height: int
    rest_path: str
    marked_path: str
    own: tuple[int, int] | None
    hosts_per_dot: int


def build_dots(count: int, of_hosts: int, *, own_apart: bool) -> DotsView:
    """Lay out the dots: this host apart (when it is not counted), then those with the thing, then the rest."""
    own_dots = 1 if own_apart else 0
    per_dot = max(1, -(-of_hosts // _MAX_DOTS))
    total = -(-of_hosts // per_dot)
    # Rounded up: one host among thousands must still be seen as one dot.
    marked = min(total, -(-count // per_dot))
    columns = max(1, min(_COLUMNS, own_dots + total))
    rows = max(1, -(-(own_dots + total) // columns))
    return DotsView(
        width=columns * _PITCH + 1,
        height=rows * _PITCH + 1,
        rest_path=_rows_path(own_dots + marked, own_dots + total, columns),
        marked_path=_rows_path(own_dots, own_dots + marked, columns),
        own=(_MARGIN, _MARGIN) if own_apart else None,
        hosts_per_dot=per_dot,
    )


def _rows_path(start: int, end: int, columns: int) -> str:
    parts: list[str] = []
    while start < end:
        row, column = divmod(start, columns)
        stop = min(end, (row + 1) * columns)
        # The hundredth makes a zero-length line, which some renderers skip, a dot.
        parts.append(f"M{_MARGIN + column * _PITCH} {_MARGIN + row * _PITCH}h{(stop - start - 1) * _PITCH}.01")
        start = stop
    return "".join(parts)
