"""Exceptions: findings that a person accepted, for how long, and for what content."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fleetscan.model.finding import RuleId
from fleetscan.model.ids import Sha256


class ExceptionKind(StrEnum):
    """What an exception is for."""

    FINDING = "finding"
    """Something that was found and is accepted."""
    WAVE = "wave"
    """A roll-out: the same thing on many hosts, accepted once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionScope:
    """For what an exception holds: all of what is set must fit. At least a rule, unit or content is set.

    Attributes:
        rule: Only this rule's hits; None for all rules.
        unit: Shell pattern over the subject's name and its units' names; empty for any.
        content: Digest of a finding's content; None for any content.
        host: Shell pattern over inventory names; empty for all hosts.
        group: A group of the inventory; empty for all.
        cohort: A cohort as it is written, `web/debian-12`; empty for all.
    """

    rule: RuleId | None = None
    unit: str = ""
    content: Sha256 | None = None
    host: str = ""
    group: str = ""
    cohort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingException:
    """An accepted finding.

    Attributes:
        id: Counted from 1.
        owner: Who answers for it.
        ticket: Reference in another system, empty for none.
        expires_at: From then on it holds no more; None never.
        revoked_at: When it was taken back, None while it holds.
    """

    id: int
    kind: ExceptionKind
    scope: ExceptionScope
    reason: str
    owner: str
    ticket: str
    author: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def holds_at(self, now: datetime) -> bool:
        """Tell whether it is in force: not taken back and not expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
