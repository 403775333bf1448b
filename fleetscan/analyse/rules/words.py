"""What a word of rules is: a field of a case, or a list of things with fields of their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fleetscan.analyse.rules.case_features import CaseFeatures
from fleetscan.analyse.rules.element import Element, Evidence, Value
from fleetscan.model.finding import EvidenceLine

Reader = Callable[[CaseFeatures], Value]
ElementReader = Callable[[CaseFeatures], tuple[Element, ...]]


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "true or false"
    TEXTS = "list of texts"


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a case.

    Attributes:
        of_subject: Whether it depends on the form of the subject alone, and so needs to be computed once.
        show: What to show when a condition on it holds.
    """

    name: str
    type: FieldType
    meaning: str
    read: Reader
    of_subject: bool = True
    show: str = ""

    def evidence(self, features: CaseFeatures) -> Evidence:
        """Give the line that shows its value."""
        if not self.show:
            return ()
        value = self.read(features)
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        return (EvidenceLine(f"{self.show}: {shown[:400]}"),)


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of things that a case has, each with fields of its own.

    Attributes:
        name: Of one of them: a condition on one field is written `command.path`.
        fields: Type and meaning by name.
    """

    name: str
    meaning: str
    read: ElementReader
    fields: Mapping[str, tuple[FieldType, str]]
    of_subject: bool = True
