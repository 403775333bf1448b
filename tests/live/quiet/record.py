"""What was said of one host after one event."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tests.live.attacks.said import Said
from tests.live.quiet.events import Event
from tests.live.quiet.packages import UNITS


@dataclass(frozen=True, slots=True)
class Observation:
    """One line of the table.

    Attributes:
        loud: Findings above `info`.
        explained: Findings of `info` with an innocent proof.
        unexplained: Packages that should have explained something and did not.
        stale: What is still said of packages that are as they were.
    """

    event: str
    release: str
    host: str
    loud: tuple[str, ...]
    explained: tuple[str, ...]
    silent: int
    unexplained: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: Event, release: str, host: str, said: Sequence[Said]) -> "Observation":
        """Take down what was said of one host."""
        proofs = [finding for finding in said if finding.explained_by]
        return cls(
            event=event.name,
            release=release,
            host=host,
            loud=tuple(str(finding) for finding in said if finding.severity != "info"),
            explained=tuple(f"{finding.name}: {'; '.join(finding.explained_by)}" for finding in proofs),
            silent=sum(finding.severity == "info" for finding in said),
            unexplained=tuple(p for p in event.explains if not any(_is_of(f, p) for f in proofs)),
            stale=tuple(str(f) for f in said if any(_is_of(f, package) for package in event.undone)),
        )

    @property
    def is_right(self) -> bool:
        """Whether the program was as quiet as it should be, and knew why."""
        return not (self.loud or self.unexplained or self.stale)

    def of_a_witness(self) -> "Observation":
        """Give it as that of a host to which nothing happened."""
        return replace(self, unexplained=())

    def to_json(self) -> dict[str, Any]:
        """Give it as a record."""
        return asdict(self)


def render_table(rows: Sequence[Observation]) -> str:
    """Render rows as text: findings above `info` by event and release, then what they are."""
    events = list(dict.fromkeys(row.event for row in rows))
    releases = list(dict.fromkeys(row.release for row in rows))
    width = max(map(len, events), default=0)
    lines = [f"{'above info':<{width}}  " + "  ".join(f"{release:>9}" for release in releases)]
    for event in events:
        told = []
        for release in releases:
            cell = [row for row in rows if (row.event, row.release) == (event, release)]
            proofs = sum(len(row.explained) for row in cell)
            told.append(f"{sum(len(row.loud) for row in cell)}" + (f" ({proofs} exp)" if proofs else ""))
        lines.append(f"{event:<{width}}  " + "  ".join(f"{text:>9}" for text in told))
    for row in rows:
        objections = [
            *row.loud,
            *(f"nothing explains {p}" for p in row.unexplained),
            *(f"stale: {s}" for s in row.stale),
        ]
        lines += [f"{row.event}, {row.release} {row.host}: {text}" for text in objections]
    return "\n".join([*lines, summarise(rows)])


def summarise(rows: Sequence[Observation]) -> str:
    """Count what is not right."""
    loud = sum(len(row.loud) for row in rows)
    unexplained = sum(len(row.unexplained) for row in rows)
    stale = sum(len(row.stale) for row in rows)
    return f"{len(rows)} observations: {loud} findings above info, {unexplained} unexplained, {stale} stale"


def _is_of(finding: Said, package: str) -> bool:
    stems = UNITS.get(package, (package,))
    return any(text.rpartition("/")[2].startswith(stem) for text in finding.about for stem in stems)
