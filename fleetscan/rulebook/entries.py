"""The schema of a rule file."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fleetscan.model.finding import Technique
from fleetscan.model.subject import SubjectKind
from fleetscan.rulebook.hosts import HostEntry

_CLOSED = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

RuleIdText = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,15}(?:-[A-Z0-9]{1,16}){1,4}$")]
AttackId = Annotated[str, Field(pattern=r"^(?:T[0-9]{4}(?:\.[0-9]{3})?|M[0-9]{4})$")]
_Line = Annotated[str, Field(min_length=1, max_length=200)]
_Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Trial(HostEntry):
    """One test of a rule: a host, what was normal before, and perhaps the rest of the fleet."""

    name: _Line
    """What the case is about."""
    before: HostEntry | None = None
    """What all other hosts have; without it there is nothing to compare with. `{}` is a host with nothing."""
    others: Annotated[int, Field(ge=0, le=1000)] = 11
    """Other hosts of the same cohort, when there is a `before`."""
    like: Annotated[int, Field(ge=0, le=1000)] = 0
    """Of the others, those that are like this one."""


class TrialsEntry(BaseModel):
    """Tests of a rule."""

    model_config = _CLOSED

    must_match: tuple[Trial, ...] = ()
    """Hosts on which the rule has to find something."""
    must_not_match: tuple[Trial, ...] = ()
    """Hosts on which it must find nothing."""


class RuleEntry(BaseModel):
    """One rule."""

    model_config = _CLOSED

    id: RuleIdText
    """Capitals, digits and hyphens: `FS-004`. A rule of your own may not have the id of another one."""
    title: _Line
    """What it finds, in a few words."""
    severity: Literal["info", "low", "medium", "high", "critical"]
    """Before provenance, prevalence and combination move it."""
    attack: tuple[AttackId, ...] = ("T1053.006",)
    """Identifiers of ATT&CK."""
    technique: Technique | None = None
    """What a match means; without it the rule only says how bad something is."""
    precedence: Annotated[int, Field(ge=0, le=100)] = 0
    """How special the technique is: of several rules that match, the highest names the finding."""
    kinds: tuple[SubjectKind, ...] = (SubjectKind.JOB, SubjectKind.UNIT)
    """Things that it is asked of."""
    needs_drift: bool = False
    """Asked only of what differs from the baseline or the other hosts."""
    fixed: bool = False
    """A package's own or common things are not judged milder."""
    weight_only: bool = False
    """It adds weight and a technique to what other rules find, and finds nothing by itself."""
    about_new: bool | None = None
    """Speaks of what is new already, so that a rare thing is not judged worse; as `needs_drift` by default."""
    rationale: _Text
    """Why this matters."""
    false_positives: _Text
    """What innocent things may match, and what to do then."""
    references: tuple[_Line, ...] = ()
    """Where to read more."""
    match: dict[str, object]
    """Conditions, all of which have to hold."""
    tests: TrialsEntry = TrialsEntry()
    """Cases by which the rule itself is tested."""


class RuleFile(BaseModel):
    """A file of rules."""

    model_config = _CLOSED

    rules: Annotated[tuple[RuleEntry, ...], Field(min_length=1)]
    """The rules."""
