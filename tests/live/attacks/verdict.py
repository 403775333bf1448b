"""What the program said of a plant, against what it has to say."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tests.live.attacks.dealing import Target
from tests.live.attacks.plant import SEVERITIES, Plant, Severity
from tests.live.attacks.said import Said

Result = Literal["found", "missed", "wrong class", "too low", "not planted"]
_LASTING = ("identity", "trace")
"""Subjects that tell of what happened: a machine-id that changes back has changed once more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        extras: Findings on the host that are not about the plant.
        lingering: What was still said when all had been undone.
    """

    plant: str
    expected: str
    host: str
    release: str
    account: str
    result: Result
    technique: str = ""
    techniques: tuple[str, ...] = ()
    severity: str = ""
    rules: tuple[str, ...] = ()
    sentence: str = ""
    extras: tuple[str, ...] = ()
    lingering: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be said against it."""
        return self.result == "found" and not self.extras and not self.lingering

    def to_json(self) -> dict[str, Any]:
        """Give it as a record."""
        return asdict(self)


def judge(plant: Plant, target: Target, said: Sequence[Said], note: str = "") -> Row:
    """Judge what was said of one host while a plant was on it; `note` says why it could not be planted."""
    here = [finding for finding in said if finding.host == target.name]
    own = [finding for finding in here if finding.concerns(plant)]
    best = max(own, key=lambda f: (_fits(f, plant), SEVERITIES.index(_severity(f))), default=None)
    return Row(
        plant=plant.id,
        expected=plant.technique,
        host=target.name,
        release=target.suite,
        account=target.account,
        result="not planted" if note else _result(plant, own, best),
        technique=best.technique if best else "",
        techniques=best.techniques if best else (),
        severity=best.severity if best else "",
        rules=best.rules if best else (),
        sentence=best.sentence if best else "",
        extras=tuple(str(finding) for finding in here if not finding.concerns(plant)),
        note=note,
    )


def is_echo(finding: Said, past: Iterable[Plant]) -> bool:
    """Tell whether a finding only says that something happened which was planted and is gone.

    Logs are read anew for some minutes before the last visit, so these are there for some sweeps.
    """
    return finding.subject in _LASTING and any(finding.concerns(plant) for plant in past)


def _fits(finding: Said, plant: Plant) -> bool:
    return finding.technique in plant.right and set(plant.among) <= set(finding.techniques)


def _result(plant: Plant, own: Sequence[Said], best: Said | None) -> Result:
    if best is None:
        return "missed"
    if not _fits(best, plant):
        return "wrong class"
    worst = max((_severity(f) for f in own if _fits(f, plant)), key=SEVERITIES.index)
    return "found" if SEVERITIES.index(worst) >= SEVERITIES.index(plant.severity) else "too low"


def _severity(finding: Said) -> Severity:
    return next(word for word in SEVERITIES if word == finding.severity)
