"""What of a host was read and what was not. Unreadable is never absent."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fleetscan.model.ids import EVERY_USER, Scope, scope_user


class ReadStatus(StrEnum):
    """How the reading of one area ended. `ok` never appears in a gap."""

    OK = "ok"
    DENIED = "denied"
    MISSING_TOOL = "missing tool"
    UNSUPPORTED = "unsupported"
    TRUNCATED = "truncated"
    TIMED_OUT = "timed out"
    FAILED = "failed"
    CHANGED = "changed while reading"
    OVERSIZE = "too large"
    NOT_TRIGGERED = "not triggered"


class Area(StrEnum):
    """A part of a host that is read as one and can fail as one."""

    FACTS = "facts"
    USERS = "users"
    TIMERS = "timers"
    UNIT_FILES = "unit files"
    LOADED = "loaded units"
    FILES = "files"
    CONTENT = "content"
    LINGER = "linger"
    STAMPS = "stamps"
    PROGRAMS = "programs"
    GENERATORS = "generators"
    ACTIVATORS = "activators"
    MOUNTS = "mounts"
    PACKAGES = "packages"
    ATTRIBUTES = "attributes"
    PROCESSES = "processes"
    JOURNAL = "journal"
    AUDIT = "audit"
    GRANTS = "grants"
    ACCOUNTS = "accounts"


SUPPLEMENTARY = frozenset(
    {
        Area.PACKAGES,
        Area.ATTRIBUTES,
        Area.PROCESSES,
        Area.JOURNAL,
        Area.AUDIT,
        Area.GRANTS,
        Area.ACCOUNTS,
    }
)
"""Areas that add evidence to what would run but do not decide it. What is missing of them is told, but a stock host
without `lsattr` or without the right to read the journal is not for that reason only partly read."""


MAX_ALIKE = 200
"""Most gaps of one area, scope and status that are told one by one."""


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that was not read.

    Attributes:
        area: What kind of thing.
        scope: Whose; None when it concerns every scope, `EVERY_USER` when it concerns those of all users.
        status: How it failed.
        path: The one file or directory concerned, with everything below it; None for the whole area.
        reason: One line for the reader, in plain words; text from the host is kept raw and escaped when shown.
    """

    area: Area
    scope: Scope | None
    status: ReadStatus
    path: str | None
    reason: str

    def concerns(self, scope: Scope) -> bool:
        """Tell whether it is about this scope, alone or among others."""
        return self.scope in (None, scope) or (self.scope == EVERY_USER and scope_user(scope) is not None)

    def hides(self, area: Area, scope: Scope, path: str | None = None) -> bool:
        """Tell whether something of this area, scope and path could exist without having been seen."""
        if self.area is not area or not self.concerns(scope):
            return False
        if self.path is None or path is None:
            return True
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


@dataclass(frozen=True, slots=True)
class Coverage:
    """All gaps of one visit, sorted. No gap means that everything was read."""

    gaps: tuple[Gap, ...] = ()

    @staticmethod
    def of(gaps: Iterable[Gap]) -> "Coverage":
        """Build a coverage from gaps in any order, without repeats."""
        unique = set(gaps)
        return Coverage(tuple(sorted(unique, key=lambda g: (g.area, g.scope or "", g.path or "", g.status, g.reason))))

    def folded(self) -> "Coverage":
        """Tell of thousands of gaps in few: more than `MAX_ALIKE` of one area, scope and status become one.

        Nothing is hidden less than before: such a gap has no path, so it hides all of that area and scope. Of more than
        `MAX_ALIKE` users that have the same kind of gap, it is one gap of every user.
        """
        by_scope: defaultdict[tuple[Area, ReadStatus, Scope | None], list[Gap]] = defaultdict(list)
        for gap in self.gaps:
            by_scope[gap.area, gap.status, gap.scope].append(gap)
        of_users: defaultdict[tuple[Area, ReadStatus], list[Gap]] = defaultdict(list)
        kept: list[Gap] = []
        for (area, status, scope), gaps in by_scope.items():
            told = _fold(gaps, scope)
            if scope is not None and scope_user(scope) is not None:
                of_users[area, status] += told
            else:
                kept += told
        for gaps in of_users.values():
            kept += _fold(gaps, EVERY_USER)
        return Coverage.of(kept)

    @property
    def decisive(self) -> tuple[Gap, ...]:
        """The gaps that make a visit partial: all but those of areas that only add evidence."""
        return tuple(gap for gap in self.gaps if gap.area not in SUPPLEMENTARY)

    @property
    def is_complete(self) -> bool:
        """Whether all that decides what would run was read."""
        return not self.decisive

    def hides(self, area: Area, scope: Scope, path: str | None = None) -> bool:
        """Tell whether absence of a thing here proves nothing. With `path=None`: whether any gap touches the area."""
        return any(gap.hides(area, scope, path) for gap in self.gaps)


def _fold(gaps: list[Gap], scope: Scope | None) -> list[Gap]:
    """Make one of gaps of one area and status, when they are too many."""
    if len(gaps) <= MAX_ALIKE:
        return gaps
    first = gaps[0]
    place = first.path or first.scope or ""
    reason = f"{len(gaps)} times, first {place}: {first.reason}" if place else f"{len(gaps)} times: {first.reason}"
    return [Gap(first.area, scope, first.status, None, reason)]
