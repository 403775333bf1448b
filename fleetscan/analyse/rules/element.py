"""What conditions are asked of: values by name, and where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from fleetscan.model.finding import EvidenceLine

Value = str | int | float | bool | tuple[str, ...] | None
"""Of a field. None is unknown, and no condition holds of it."""

Evidence = tuple[EvidenceLine, ...]
"""Lines that show why a condition holds."""

MAX_TEXT = 4096
"""Characters of a value that conditions look at."""
MAX_ELEMENTS = 200
"""Elements of one list that conditions look at."""


@dataclass(frozen=True, slots=True)
class Element:
    """One command, file, directive, … of a case.

    Attributes:
        values: By field; a field that is missing is unknown.
        evidence: The line that shows it.
    """

    values: Mapping[str, Value]
    evidence: EvidenceLine


def cut(text: str) -> str:
    """Bound a text of a host."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT]
