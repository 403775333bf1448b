"""Where a value stands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where a value stands. `line` is 1-based, the line on which the assignment begins."""

    path: str
    line: int
