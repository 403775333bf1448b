"""Which findings a person accepted, and why others come back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from fleetscan.analyse.sentence import cut_text
from fleetscan.model.acceptance import ExceptionKind, ExceptionScope, FindingException
from fleetscan.model.finding import Finding, Hit

_SPECIAL = frozenset("[?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What exceptions leave of a finding.

    Attributes:
        hits: Those that nobody accepted, in their order.
        taken: Accepted hits, each with the number of the exception that holds for it.
        suppressed_by: Number of the exception that took the leading hit, when no hit is left; None otherwise.
        why: In plain words, empty when nothing was taken away.
    """

    hits: tuple[Hit, ...]
    taken: tuple[tuple[Hit, int], ...] = ()
    suppressed_by: int | None = None
    why: str = ""


def apply_exceptions(
    finding: Finding, exceptions: Iterable[FindingException], groups: Collection[str], now: datetime
) -> Accepted:
    """Take away the hits of a finding that exceptions hold for.

    An exception for one rule takes away that rule's hits; one for no rule in particular takes away all of them.

    Args:
        finding: As rules found it.
        exceptions: In any order; the order has no influence. Those for waves are not asked.
        groups: Groups of the finding's host.
        now: Decides which of them are in force.
    """
    fitting = _rank(e for e in exceptions if e.holds_at(now) and covers(e, finding, groups))
    kept: list[Hit] = []
    taken: list[tuple[Hit, FindingException]] = []
    for hit in finding.hits:
        found = next((e for e in fitting if e.scope.rule in (None, hit.rule)), None)
        if found is None:
            kept.append(hit)
        else:
            taken.append((hit, found))
    if not taken:
        return Accepted(hits=finding.hits)
    told = dict.fromkeys(found for _hit, found in taken)
    return Accepted(
        hits=tuple(kept),
        taken=tuple((hit, found.id) for hit, found in taken),
        suppressed_by=None if kept else taken[0][1].id,
        why="; ".join(map(why_suppressed, told)),
    )


def find_exception(
    finding: Finding, exceptions: Iterable[FindingException], groups: Collection[str], now: datetime
) -> FindingException | None:
    """Give the exception that suppresses a finding, None when a hit of it is left that nobody accepted."""
    known = {exception.id: exception for exception in exceptions}
    by = apply_exceptions(finding, known.values(), groups, now).suppressed_by
    return known[by] if by is not None else None


def covers(exception: FindingException, finding: Finding, groups: Collection[str]) -> bool:
    """Tell whether a finding is what an exception is for: its kind, every part of its scope, and its content.

    Time is not asked.
    """
    scope = exception.scope
    if exception.kind is not ExceptionKind.FINDING or scope.content not in (None, finding.content):
        return False
    return fits_place(scope, finding, groups)


def fits_place(scope: ExceptionScope, finding: Finding, groups: Collection[str]) -> bool:
    """Tell whether all but the content of a scope fits. A scope of nothing but places fits nothing.

    Units are matched by the name of the timer and of what it starts. Aliases are not: an intruder's timer would only
    have to take an accepted one's name as a second one.
    """
    if not (scope.rule or scope.unit or scope.content):
        return False
    if scope.rule is not None and all(hit.rule != scope.rule for hit in finding.hits):
        return False
    if scope.group and scope.group not in groups:
        return False
    if scope.host and not fnmatchcase(finding.host, scope.host):
        return False
    if scope.cohort and not _matches_cohort(str(finding.cohort), scope.cohort):
        return False
    names = (finding.key.name, *finding.subject.unit_names[:2])
    return not scope.unit or any(fnmatchcase(name, scope.unit) for name in names)


def why_suppressed(exception: FindingException) -> str:
    """Say who accepted it, why and for how long: `exception 12 by ada: old cron job (OPS-7), until 2026-03-01`."""
    ticket = f" ({cut_text(exception.ticket)})" if exception.ticket else ""
    until = f", until {exception.expires_at:%Y-%m-%d}" if exception.expires_at else ""
    owner = f", owner {cut_text(exception.owner)}" if exception.owner else ""
    return (
        f"exception {exception.id} by {cut_text(exception.author)}: {cut_text(exception.reason)}{ticket}{owner}{until}"
    )


def why_not_suppressed(
    finding: Finding, exceptions: Iterable[FindingException], groups: Collection[str], now: datetime
) -> tuple[str, ...]:
    """Say which exceptions would hold for a finding if it were as it was, or if it were earlier; by number."""
    told: list[str] = []
    ordered = sorted(exceptions, key=lambda exception: exception.id)
    lapsed = {exception.id for exception in lapsed_by_content(finding, ordered, groups, now)}
    for exception in ordered:
        if exception.id in lapsed:
            told.append(f"exception {exception.id} was for other content")
        elif not exception.holds_at(now) and covers(exception, finding, groups):
            told.append(_say_end(exception))
    return tuple(told)


def lapsed_by_content(
    finding: Finding, exceptions: Iterable[FindingException], groups: Collection[str], now: datetime
) -> tuple[FindingException, ...]:
    """Give the exceptions in force that were for this thing when it had other content, by number.

    Only those that name the thing by its unit, or the host by its whole name and a rule: of one that names content
    alone nobody knows what it was for.
    """
    return tuple(
        sorted(
            (
                exception
                for exception in exceptions
                if exception.kind is ExceptionKind.FINDING
                and exception.holds_at(now)
                and exception.scope.content not in (None, finding.content)
                and _names_thing(exception.scope, finding)
                and fits_place(exception.scope, finding, groups)
            ),
            key=lambda exception: exception.id,
        )
    )


def expiring(exceptions: Iterable[FindingException], now: datetime, days: int) -> tuple[FindingException, ...]:
    """Give the exceptions in force that end within a number of days, soonest first."""
    end = now + timedelta(days=days)
    found = [
        (exception.expires_at, exception.id, exception)
        for exception in exceptions
        if exception.holds_at(now) and exception.expires_at is not None and exception.expires_at <= end
    ]
    return tuple(exception for _at, _id, exception in sorted(found, key=lambda entry: entry[:2]))


def find_stale(
    exceptions: Iterable[FindingException], findings: Iterable[tuple[Finding, Collection[str]]], now: datetime
) -> tuple[FindingException, ...]:
    """Give the exceptions in force that hold for no finding, by number: they may be taken back.

    Args:
        exceptions: Those for waves are left out.
        findings: As rules found them, each with the groups of its host; of a sweep in which all hosts were read.
        now: Decides which are in force.
    """
    open_ones = {e.id: e for e in exceptions if e.kind is ExceptionKind.FINDING and e.holds_at(now)}
    for finding, groups in findings:
        used = [number for number, exception in open_ones.items() if covers(exception, finding, groups)]
        for number in used:
            del open_ones[number]
        if not open_ones:
            break
    return tuple(open_ones[number] for number in sorted(open_ones))


def _rank(exceptions: Iterable[FindingException]) -> Sequence[FindingException]:
    """Order exceptions so that the one that was made for just this thing speaks first."""
    return sorted(exceptions, key=lambda e: (e.scope.content is None, not e.scope.unit, not e.scope.host, e.id))


def _names_thing(scope: ExceptionScope, finding: Finding) -> bool:
    return bool(scope.unit) or (scope.rule is not None and scope.host == finding.host)


def _matches_cohort(cohort: str, pattern: str) -> bool:
    # Only the star stands for others: versions come from hosts and may hold any character.
    literal = "".join(f"[{letter}]" if letter in _SPECIAL else letter for letter in pattern)
    return cohort == pattern or fnmatchcase(cohort, literal)


def _say_end(exception: FindingException) -> str:
    if exception.revoked_at is not None:
        by = f" by {cut_text(exception.revoked_by)}" if exception.revoked_by else ""
        return f"exception {exception.id} was taken back on {exception.revoked_at:%Y-%m-%d}{by}"
    return f"exception {exception.id} ended on {exception.expires_at:%Y-%m-%d}"
