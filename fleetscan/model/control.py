"""The catalogue as a checklist: what ATT&CK says to look at and to do about T1053.006, with a result for each host."""

from dataclasses import dataclass
from enum import StrEnum

from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import HostName


class ControlStatus(StrEnum):
    """What a control gave on one host."""

    PASS = "pass"  # noqa: S105 - the word for a control that is met
    FAIL = "fail"
    NOT_READABLE = "not readable"
    """Something that it rests on was not read, so that it can neither be met nor be broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One line of the checklist.

    Attributes:
        id: `T1053.006-DET-1`, `M1022-3`; never given to another control.
        title: What is so when it passes.
        checks: What is looked at, in one or two sentences.
    """

    id: str
    title: str
    checks: str

    @property
    def attack(self) -> str:
        """The technique or mitigation of the catalogue, `T1053.006` or `M1022`."""
        return self.id.partition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlResult:
    """A control on one host.

    Attributes:
        evidence: Why, at least one line: what is wrong, then what could not be read; of a control that passes what was
            looked at.
        more: How many further lines were left out.
    """

    control: Control
    status: ControlStatus
    evidence: tuple[EvidenceLine, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostControls:
    """The checklist of one host.

    Attributes:
        results: One for each control, in the order of the checklist.
    """

    host: HostName
    results: tuple[ControlResult, ...]
