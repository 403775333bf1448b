"""What rules may ask of a form of a subject, computed when it is first asked, once for all hosts that have it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache

from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.meaning import LOAD_STATE_KEY, activated_name
from fleetscan.analyse.pieces import doors_of
from fleetscan.analyse.readiness import runs_by_itself
from fleetscan.analyse.rules import elements
from fleetscan.analyse.rules.code import list_code
from fleetscan.analyse.rules.descriptions import find_borrowed
from fleetscan.analyse.rules.element import Element, Evidence, cut
from fleetscan.analyse.rules.lookalike import find_imitated
from fleetscan.analyse.rules.oddities import list_oddities
from fleetscan.analyse.rules.protective import is_protective_name
from fleetscan.analyse.rules.trust import Trust
from fleetscan.analyse.targets import telling_disagreements
from fleetscan.errors import ParseError
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import SYSTEM, scope_user
from fleetscan.model.subject import PieceRole, Subject, SubjectKind
from fleetscan.model.unit import Trigger
from fleetscan.systemd.cadence import CALENDAR, next_runs, runs_a_day

_ROOT = frozenset({"", "root", "0"})
_MASK = "/dev/null"
_RARE_S = 366 * 86_400
_FAR = datetime(2099, 1, 1, tzinfo=UTC)
_IN_YEARS = datetime(2040, 1, 1, tzinfo=UTC)
"""A calendar that gives nothing after this instant is over, or was made to be."""


@dataclass(frozen=True, eq=False)
class SubjectFeatures:
    """Of one form of a subject, whichever hosts have it.

    Attributes:
        remembered: What rules found out about it before, by the rule's own key.
    """

    subject: Subject
    contents: Contents
    remembered: dict[object, Evidence | None] = field(default_factory=dict)
    _imitated: list[tuple[frozenset[str], tuple[str, ...]]] = field(default_factory=list)

    @cached_property
    def trust(self) -> Trust:
        """Which of its files are a package's."""
        return Trust.of(self.subject)

    @cached_property
    def commands(self) -> tuple[Element, ...]:
        """See `elements`."""
        return elements.list_commands(self.subject, self.trust)

    @cached_property
    def launched(self) -> tuple[Element, ...]:
        """See `elements`."""
        return elements.list_launched(self.subject, self.trust)

    @cached_property
    def files(self) -> tuple[Element, ...]:
        """See `elements`."""
        return elements.list_files(self.subject.pieces)

    @cached_property
    def directives(self) -> tuple[Element, ...]:
        """See `elements`."""
        return elements.list_directives(self.subject, self.trust)

    @cached_property
    def code(self) -> tuple[Element, ...]:
        """See `code`."""
        return list_code(self.subject, self.contents, self.trust)

    @cached_property
    def oddities(self) -> tuple[Element, ...]:
        """See `oddities`."""
        return list_oddities(self.subject, self.contents)

    @cached_property
    def doors(self) -> tuple[Element, ...]:
        """What others than root may write."""
        return elements.list_doors(doors_of(self.subject.pieces))

    @cached_property
    def triggers(self) -> tuple[Element, ...]:
        """See `elements`."""
        return elements.list_triggers(self.subject)

    @cached_property
    def links(self) -> tuple[Element, ...]:
        """See `elements`."""
        return elements.list_links(self.subject)

    @cached_property
    def linked_units(self) -> tuple[Element, ...]:
        """See `elements`."""
        return tuple(elements.list_linked_units(self.subject))

    @cached_property
    def disagreements(self) -> tuple[Element, ...]:
        """Contradictions between the views; that a timer which is off was never loaded is none."""
        return tuple(
            Element({"kind": d.kind.value, "unit": d.unit, "detail": cut(d.detail)}, EvidenceLine(cut(d.detail)))
            for d in telling_disagreements(self.subject)
        )

    @cached_property
    def activations(self) -> tuple[Element, ...]:
        """What else starts its units."""
        return tuple(
            Element(
                {"kind": a.kind.value, "by": a.by, "directive": a.directive, "unit": a.unit},
                EvidenceLine(cut(f"{a.unit} is started by {a.by} ({a.directive})"), a.origin.path, a.origin.line),
            )
            for a in self.subject.activations[:200]
        )

    @cached_property
    def properties(self) -> tuple[Element, ...]:
        """Of kinds that are no units: what tells their forms apart."""
        return tuple(
            Element(
                {"name": name, "value": cut(value), "loader": elements.is_loader("Environment", f"{name}={value}")},
                EvidenceLine(cut(f"{name}: {value}")),
            )
            for name, value in self.subject.properties
        )

    @cached_property
    def scope(self) -> str:
        """`system`, `global-user` or `user`."""
        return "user" if scope_user(self.subject.key.scope) is not None else self.subject.key.scope

    @cached_property
    def as_root(self) -> bool:
        """Whether root runs it, or every user and so root too."""
        subject = self.subject
        if subject.key.scope == SYSTEM:
            return subject.run_as in _ROOT or any("+" in c.prefixes or "!" in c.prefixes for c in subject.commands)
        return scope_user(subject.key.scope) in (None, "root")

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Its names without suffix."""
        return tuple(
            dict.fromkeys(name.rpartition(".")[0] for name in (self.subject.key.name, *self.subject.unit_names))
        )

    @cached_property
    def is_protective(self) -> bool:
        """Whether it updates the host or watches over it."""
        return is_protective_name((self.subject.key.name, *self.subject.unit_names))

    @cached_property
    def interval_s(self) -> int | None:
        """Shortest time between two runs."""
        return elements.interval_of(self.subject.triggers)

    @cached_property
    def is_never(self) -> bool:
        """Whether a timer has nothing left that would make it elapse."""
        subject = self.subject
        is_timer = subject.key.kind is SubjectKind.JOB and bool(subject.sources) and not subject.unreadable
        if not is_timer or subject.masked or self.is_refused("not-found"):
            return False
        events = {"OnClockChange", "OnTimezoneChange"}
        if any(
            d.section == "Timer" and d.key in events and d.value in ("yes", "true", "1", "on")
            for _u, d in subject.directives
        ):
            return False
        return not any(map(may_elapse, subject.triggers))

    def is_refused(self, how: str) -> bool:
        """Tell whether one of its units could not be loaded from disk, in this way."""
        return any(not d.section and d.key == LOAD_STATE_KEY and d.value == how for _unit, d in self.subject.directives)

    @cached_property
    def retarget(self) -> str:
        """What a timer starts when that is not the service of its own name."""
        return activated_name(self.subject) or ""

    @cached_property
    def borrowed(self) -> tuple[str, ...]:
        """Descriptions that well-known software has, under names that it does not have."""
        return find_borrowed(self.subject.descriptions, self.stems)

    def find_imitated(self, vendor_names: frozenset[str]) -> tuple[str, ...]:
        """Give the vendor's names that its own names are made to be taken for; compared once with the same names."""
        known = self._imitated
        if not known or known[0][0] is not vendor_names:
            known[:] = [(vendor_names, find_imitated(self.stems[:6], vendor_names))]
        return known[0][1]

    @cached_property
    def size_bytes(self) -> int:
        """Bytes of its unit files."""
        roles = (PieceRole.FRAGMENT, PieceRole.DROP_IN)
        return sum(piece.size_bytes or 0 for piece in self.subject.pieces if piece.role in roles)

    @cached_property
    def is_active_by_itself(self) -> bool:
        """Whether it would run without anybody's doing."""
        return runs_by_itself(self.subject)

    @cached_property
    def only_masks(self) -> bool:
        """Whether nothing is left of it but masks."""
        targets = [source.link_target for source in self.subject.sources]
        return bool(self.subject.masked) and not self.subject.commands and all(t == _MASK for t in targets)


@lru_cache(maxsize=4096)
def may_elapse(trigger: Trigger) -> bool:
    """Tell whether a trigger comes to elapse within the lifetime of a host; when it cannot be read it may."""
    if not trigger.normal:
        return False
    if trigger.directive != CALENDAR:
        return "infinity" not in trigger.normal
    try:
        later = next_runs(trigger.normal, _IN_YEARS, "UTC", 1)
        rate = runs_a_day((trigger,))
    except (ParseError, ValueError, OverflowError):
        return True
    return bool(later) and later[0] < _FAR and (rate == 0 or 86_400 / rate <= 40 * _RARE_S)
