"""What rules may ask of one case beside the form of its subject."""

from dataclasses import dataclass
from functools import cached_property

from fleetscan.analyse.case import Account, Case
from fleetscan.analyse.places import is_temporary
from fleetscan.analyse.rules import elements
from fleetscan.analyse.rules.element import Element, Value, cut
from fleetscan.analyse.rules.subject_features import SubjectFeatures
from fleetscan.errors import ParseError
from fleetscan.model.drift import DriftItem, DriftKind
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import scope_user
from fleetscan.model.subject import PieceRole, Subject, SubjectKind
from fleetscan.systemd.cadence import runs_a_day


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
        return self.of_subject.find_imitated(self.case.setting.vendor_names)

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
