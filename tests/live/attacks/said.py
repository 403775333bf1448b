"""What the program says of a fleet, as it lists it."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.live.attacks.plant import Plant, Severity
from tests.live.project import Project


@dataclass(frozen=True, slots=True)
class Said:
    """One finding.

    Attributes:
        about: Names of the thing and its units, and paths of its files.
    """

    host: str
    severity: str
    technique: str
    techniques: tuple[str, ...]
    rules: tuple[str, ...]
    subject: str
    scope: str
    name: str
    about: tuple[str, ...]
    sentence: str
    explained_by: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Said":
        """Read a record of `findings list --format json`."""
        lines = [line["path"] for hit in record["hits"] for line in hit["evidence"] if line["path"]]
        return cls(
            host=record["host"],
            severity=record["severity"],
            technique=record["technique"],
            techniques=tuple(record["techniques"]),
            rules=tuple(record["rules"]),
            subject=record["subject"],
            scope=record["scope"],
            name=record["name"],
            about=(record["name"], *record["units"], *record["paths"], *lines),
            sentence=record["sentence"],
            explained_by=tuple(map(str, record["explained_by"])),
        )

    def concerns(self, plant: Plant) -> bool:
        """Tell whether a finding is about what was planted."""
        return any(fnmatchcase(text, pattern) for text in self.about for pattern in plant.names)

    def __str__(self) -> str:
        return f"{self.host} {self.severity} {self.technique} {self.subject} {self.scope} {self.name}: {self.sentence}"


def read_findings(project: Project, least: Severity = "low") -> list[Said]:
    """Give all open findings of the newest sweep; the least severe ones are left out, `info` as a rule."""
    return [Said.of(record) for record in project.items("findings", "list", "--min-severity", least)]
