"""What rules may ask of a case, computed when it is first asked and once for each form of a subject."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache

from fleetscan.analyse.case import Account, Case
from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.meaning import LOAD_STATE_KEY, activated_name
from fleetscan.analyse.pieces import doors_of
from fleetscan.analyse.readiness import runs_by_itself
from fleetscan.analyse.rules import elements
from fleetscan.analyse.rules.code import list_code
from fleetscan.analyse.rules.descriptions import find_borrowed
from fleetscan.analyse.rules.element import Element, Value, cut
from fleetscan.analyse.rules.lookalike import find_imitated
from fleetscan.analyse.rules.oddities import list_oddities
from fleetscan.analyse.rules.places import is_temporary
from fleetscan.analyse.rules.protective import is_protective_name
from fleetscan.analyse.rules.trust import Trust
from fleetscan.errors import ParseError
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import SYSTEM, scope_user
from fleetscan.model.relation import DisagreementKind
from fleetscan.model.subject import PieceRole, Subject, SubjectKind
from fleetscan.model.unit import Trigger
from fleetscan.systemd.cadence import CALENDAR, next_runs, runs_a_day

_ROOT = frozenset({"", "root", "0"})
_MAX_SUBJECTS = 200_000
_MASK = "/dev/null"
_RARE_S = 366 * 86_400
_FAR = datetime(2099, 1, 1, tzinfo=UTC)
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""A calendar that gives nothing after this instant has ended, or ends so soon that it was made not to run."""

Evidence = tuple[EvidenceLine, ...]


@dataclass(frozen=True, eq=False)
class SubjectFeatures:
    """Of one form of a subject, whichever hosts have it.

    Attributes:
        remembered: What rules found out about it before, by the rule's own key.
    """

    subject: Subject
    contents: Contents
    remembered: dict[object, Evidence | None] = field(default_factory=dict)

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
        ordinary = DisagreementKind.NEVER_LOADED
        return tuple(
            Element({"kind": d.kind.value, "unit": d.unit, "detail": cut(d.detail)}, EvidenceLine(cut(d.detail)))
            for d in self.subject.disagreements
            if d.kind is not ordinary or d.detail.startswith("enabled")
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
        later = next_runs(trigger.normal, _LONG_AGO, "UTC", 1)
        rate = runs_a_day((trigger,))
    except (ParseError, ValueError, OverflowError):
        return True
    return bool(later) and later[0] < _FAR and (rate == 0 or 86_400 / rate <= 40 * _RARE_S)


@dataclass(frozen=True, eq=False)
class CaseFeatures:
    """Of one case; what concerns its subject alone is shared."""

    case: Case
    of_subject: SubjectFeatures
    of_expected: SubjectFeatures | None

    @cached_property
    def drift_kinds(self) -> tuple[str, ...]:
        """Of what differs in more than bytes."""
        return tuple(item.kind.value for item in self.case.drift if not item.raw_only)

    @cached_property
    def changes(self) -> tuple[Element, ...]:
        """Directives that mean something else now."""
        return tuple(e for item in self.case.drift for e in _list_changes(item))

    @cached_property
    def targets(self) -> tuple[Element, ...]:
        """Files behind the units that are others now."""
        found = []
        for change in (c for item in self.case.drift for c in item.targets):
            base = elements.file_element(change.piece).values if change.piece else {}
            values: dict[str, Value] = {
                **base,
                "path": cut(change.path),
                "before": change.before,
                "after": change.after,
            }
            text = cut(f"{change.path}: {change.before} → {change.after}")
            found.append(Element(values, EvidenceLine(text, change.path)))
        return tuple(found)

    @cached_property
    def new_doors(self) -> tuple[Element, ...]:
        """What is open to others and was not."""
        return elements.list_doors(door for item in self.case.drift for door in item.doors)

    @cached_property
    def new_disagreements(self) -> tuple[Element, ...]:
        """Contradictions that are no part of the reference."""
        return tuple(
            Element({"kind": d.kind.value, "unit": d.unit, "detail": cut(d.detail)}, EvidenceLine(cut(d.detail)))
            for item in self.case.drift
            for d in item.disagreements
        )

    @cached_property
    def new_files(self) -> tuple[Element, ...]:
        """Files that the expected form does not have; all of them when there is no expected form."""
        if not self.case.drift:
            return ()
        before = self.expected.pieces if self.expected else ()
        known = {piece.path for piece in before}
        names = {piece.path.rpartition("/")[2] for piece in before if piece.role is PieceRole.FRAGMENT}
        pieces = (piece for piece in self.case.subject.pieces if piece.path not in known)
        return tuple(
            Element({**e.values, "replaces": e.values["role"] == "fragment" and e.values["name"] in names}, e.evidence)
            for e in elements.list_files(pieces)
        )

    @cached_property
    def expected(self) -> Subject | None:
        """The form that was expected."""
        return next((item.expected for item in self.case.drift if item.expected is not None), None)

    @cached_property
    def processes(self) -> tuple[Element, ...]:
        """Of its units, as they ran during the visit."""
        found = []
        for process in self.case.processes[:50]:
            path = process.executable
            values: dict[str, Value] = {
                "executable": cut(path),
                "command": cut(process.command),
                "user": process.user,
                "deleted": path.endswith(" (deleted)"),
                "in_memory": path.startswith("/memfd:"),
                "temporary": is_temporary(path.removesuffix(" (deleted)")),
            }
            found.append(Element(values, EvidenceLine(cut(f"process {process.pid} of {process.unit}: {path}"))))
        return tuple(found)

    @cached_property
    def accounts(self) -> tuple[Element, ...]:
        """Whose units these are, and as whom they run."""
        subject = self.case.subject
        owner = scope_user(subject.key.scope)
        known = {account.name: account for account in self.case.setting.accounts}
        found = []
        for role, name in (("owner", owner), ("run as", subject.run_as)):
            if name and (role == "owner" or name != owner):
                account = known.get(name) or Account(name=name, known=not known)
                found.append(_of_account(role, account, lingers=name in self.case.setting.lingering))
        return tuple(found)

    @cached_property
    def imitated(self) -> tuple[str, ...]:
        """Names of packages' units that its names are made to be taken for."""
        if self.case.subject.key.kind not in (SubjectKind.JOB, SubjectKind.UNIT):
            return ()
        return find_imitated(self.of_subject.stems[:6], self.case.setting.vendor_names)

    @cached_property
    def bears_vendor_name(self) -> bool:
        """Whether a package's unit somewhere in the fleet has its name."""
        names = self.case.setting.vendor_names
        return any(stem in names for stem in self.of_subject.stems[:2])

    @cached_property
    def is_lost(self) -> bool:
        """Whether it ran by itself and does not any more: removed, masked, disabled, stopped or never due."""
        if any(item.kind is DriftKind.REMOVED for item in self.case.drift):
            return True
        before, now = self.of_expected, self.of_subject
        if before is None:
            return False
        masked = set(now.subject.masked) - set(before.subject.masked)
        stopped = before.subject.state.active == "active" and now.subject.state.active not in ("active", "")
        disabled = before.is_active_by_itself and not now.is_active_by_itself
        switched = bool(before.subject.links) and not now.subject.links and before.subject.state.enabled == "enabled"
        emptied = bool(before.subject.commands) and not now.subject.commands and not now.subject.unreadable
        return bool(masked) or stopped or disabled or switched or emptied or (now.is_never and not before.is_never)

    @cached_property
    def slower(self) -> float | None:
        """How many times rarer it runs than expected; None where either is unknown."""
        if self.of_expected is None:
            return None
        try:
            before, now = runs_a_day(self.of_expected.subject.triggers), runs_a_day(self.case.subject.triggers)
        except ParseError:
            return None
        if before == 0:
            return None
        return before / now if now else float("inf")


def _list_changes(item: DriftItem) -> tuple[Element, ...]:
    found = []
    for change in item.changes[:200]:
        path = change.origin.path if change.origin else ""
        added = tuple(cut(value) for value in change.after if value not in change.before)
        values: dict[str, Value] = {
            "unit": change.unit,
            "section": change.section,
            "key": change.key,
            "before": tuple(map(cut, change.before)),
            "after": tuple(map(cut, change.after)),
            "added": added,
            "gone": not change.after,
            "path": path,
            "origin": elements.origin_of(path, item.subject) if path else "memory",
            "loader": any(elements.is_loader(change.key, value) for value in added),
        }
        before, after = " ; ".join(change.before) or "not set", " ; ".join(change.after) or "not set"
        line = change.origin.line if change.origin else 0
        found.append(Element(values, EvidenceLine(cut(f"{change.key}: {before[:300]} → {after[:300]}"), path, line)))
    return tuple(found)


def _of_account(role: str, account: Account, *, lingers: bool) -> Element:
    is_service = account.uid is not None and 0 < account.uid < 1000
    values: dict[str, Value] = {
        "role": role,
        "name": account.name,
        "uid": account.uid,
        "login": account.login,
        "locked": account.locked,
        "expired": account.expired,
        "known": account.known,
        "service": is_service or account.login is False,
        "lingers": lingers,
    }
    told = [
        word
        for word, is_so in (
            ("no login shell", account.login is False),
            ("locked", account.locked),
            ("expired", account.expired),
            ("not listed by the host", not account.known),
            ("lingers", lingers),
        )
        if is_so
    ]
    uid = "" if account.uid is None else f" (uid {account.uid})"
    return Element(values, EvidenceLine(cut(f"account {account.name}{uid}: {', '.join(told) or 'ordinary'}")))


@dataclass(eq=False)
class FeatureStore:
    """Keeps the features of subjects that many hosts share, and those of the case that is being asked about."""

    _subjects: dict[int, SubjectFeatures] = field(default_factory=dict)
    _last: CaseFeatures | None = None

    def of_case(self, case: Case) -> CaseFeatures:
        """Give the features of a case; the same ones while it is asked about again and again."""
        if self._last is None or self._last.case is not case:
            expected = next((item.expected for item in case.drift if item.expected is not None), None)
            of_expected = None if expected is None else self.of_subject(expected, case.contents)
            self._last = CaseFeatures(case, self.of_subject(case.subject, case.contents), of_expected)
        return self._last

    def of_subject(self, subject: Subject, contents: Contents) -> SubjectFeatures:
        """Give the features of one form. It is kept as long as they are, so its identity is its own."""
        found = self._subjects.get(id(subject))
        if found is None or found.subject is not subject:
            if len(self._subjects) >= _MAX_SUBJECTS:
                self._subjects.clear()
            found = self._subjects[id(subject)] = SubjectFeatures(subject, contents)
        return found


Reader = Callable[[CaseFeatures], Value]
ElementReader = Callable[[CaseFeatures], tuple[Element, ...]]
