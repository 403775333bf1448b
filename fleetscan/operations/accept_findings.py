"""Exceptions and approved roll-outs: what a person accepts of what was found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fleetscan.errors import UsageError
from fleetscan.model.acceptance import ExceptionKind, ExceptionScope, FindingException
from fleetscan.model.finding import Finding, RuleId
from fleetscan.model.ids import Sha256
from fleetscan.model.wave import Wave
from fleetscan.store.store import Store

_DAYS = re.compile(r"(\d{1,4})d")
_SPECIAL = re.compile(r"([*?\[])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why something is accepted, by whom, and for how long.

    Attributes:
        owner: Who answers for it.
        expires_at: None for good.
    """

    reason: str
    owner: str
    author: str
    at: datetime
    ticket: str = ""
    expires_at: datetime | None = None


def parse_expiry(text: str, now: datetime) -> datetime | None:
    """Read when an exception ends: a date `2027-03-31` (its end, UTC), a number of days `90d`, or `never`.

    Raises:
        UsageError: It is none of these.
    """
    if text == "never":
        return None
    if (days := _DAYS.fullmatch(text)) is not None:
        return now + timedelta(days=int(days[1]))
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{text!r} is no expiry", hint="a date (2027-03-31), days (90d), or never") from None
    return day + timedelta(days=1)


def scope_of_finding(finding: Finding, *, rule: str = "", host: str = "", any_content: bool = False) -> ExceptionScope:
    """Give the narrowest scope that covers a finding: its subject, its content, its host.

    Args:
        finding: What is to be accepted.
        rule: Only this rule's hits; empty for all of them.
        host: Pattern in place of the finding's own host.
        any_content: Also what it may become; then the exception hides changes.

    Raises:
        UsageError: The rule says nothing of it.
    """
    rules = [hit.rule for hit in finding.hits]
    if rule and rule not in rules:
        raise UsageError(f"{rule} is no rule of this finding", hint=f"one of: {', '.join(dict.fromkeys(rules))}")
    return ExceptionScope(
        rule=RuleId(rule) if rule else None,
        unit=quote_pattern(finding.key.name),
        content=None if any_content else finding.content,
        host=host or quote_pattern(finding.host),
    )


def quote_pattern(name: str) -> str:
    """Write a name so that as a shell pattern it matches nothing else."""
    return _SPECIAL.sub(r"[\1]", name)


def add_exception(store: Store, scope: ExceptionScope, decision: Decision) -> FindingException:
    """Accept what a scope covers, from now on.

    Raises:
        UsageError: The scope would cover everything, or the exception would have ended already.
    """
    return _add(store, scope, decision, ExceptionKind.FINDING)


def approve_wave(store: Store, wave: Wave, decision: Decision) -> FindingException:
    """Accept a roll-out: this thing with this content, on whichever host it is.

    Raises:
        UsageError: The approval would have ended already.
    """
    scope = ExceptionScope(unit=quote_pattern(wave.key.name), content=Sha256(wave.content))
    return _add(store, scope, decision, ExceptionKind.WAVE)


def find_wave(waves: Iterable[Wave], beginning: str) -> Wave:
    """Give the wave whose id begins so.

    Raises:
        UsageError: None does, or several do.
    """
    found = [wave for wave in waves if wave.id.startswith(beginning)]
    if len(found) != 1:
        what = "no wave begins" if not found else f"{len(found)} waves begin"
        raise UsageError(f"{what} with {beginning!r}", hint="`fleetscan waves list` shows the ids")
    return found[0]


def _add(store: Store, scope: ExceptionScope, decision: Decision, kind: ExceptionKind) -> FindingException:
    number = store.exceptions.add_exception(
        scope,
        kind=kind,
        reason=decision.reason,
        owner=decision.owner,
        author=decision.author,
        at=decision.at,
        ticket=decision.ticket,
        expires_at=decision.expires_at,
    )
    return store.exceptions.read_exception(number)
