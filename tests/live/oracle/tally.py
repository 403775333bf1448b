"""What was compared, in numbers, for the end of the test run."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Counts by release and kind."""

    equal: Counter[tuple[str, str]] = field(default_factory=Counter)
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    unexpected: Counter[tuple[str, str]] = field(default_factory=Counter)

    def compared(self, release: str) -> int:
        """Give how many answers of a release were compared, of all kinds."""
        return sum(n for counts in self._all() for (found, _kind), n in counts.items() if found == release)

    def lines(self) -> list[str]:
        """Write the table."""
        keys = sorted({key for counts in self._all() for key in counts})
        rows: list[tuple[str, ...]] = [("release", "kind", "compared", "equal", "expected", "unexpected")]
        for key in keys:
            numbers = [counts[key] for counts in self._all()]
            rows.append((*key, str(sum(numbers)), *map(str, numbers)))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

    def _all(self) -> tuple[Counter[tuple[str, str]], ...]:
        return (self.equal, self.expected, self.unexpected)
