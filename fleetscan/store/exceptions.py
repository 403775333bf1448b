"""Accepted findings: added, taken back, never changed and never deleted."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from fleetscan.errors import UsageError
from fleetscan.model.acceptance import ExceptionKind, ExceptionScope, FindingException
from fleetscan.model.finding import RuleId
from fleetscan.store.database import Database
from fleetscan.store.tables import FindingExceptionRow

_HINT = "fleetscan exceptions list"
_COLUMNS = (
    FindingExceptionRow.id,
    FindingExceptionRow.kind,
    FindingExceptionRow.rule,
    FindingExceptionRow.unit,
    FindingExceptionRow.content,
    FindingExceptionRow.host,
    FindingExceptionRow.group,
    FindingExceptionRow.cohort,
    FindingExceptionRow.reason,
    FindingExceptionRow.owner,
    FindingExceptionRow.ticket,
    FindingExceptionRow.author,
    FindingExceptionRow.created_at,
    FindingExceptionRow.expires_at,
    FindingExceptionRow.revoked_at,
    FindingExceptionRow.revoked_by,
)


class ExceptionStore:
    """Exceptions, counted from 1."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_exception(
        self,
        scope: ExceptionScope,
        *,
        kind: ExceptionKind = ExceptionKind.FINDING,
        reason: str,
        owner: str,
        author: str,
        at: datetime,
        ticket: str = "",
        expires_at: datetime | None = None,
    ) -> int:
        """Accept findings from now on; give the number of the exception.

        Raises:
            UsageError: The scope would hold for everything, or the exception would never be in force.
        """
        if scope.rule is None and not scope.unit and scope.content is None:
            raise UsageError(
                "an exception needs a rule, a unit or a content", hint="an exception for whole hosts would hide all"
            )
        if expires_at is not None and expires_at <= at:
            raise UsageError("an exception cannot expire before it begins", hint="give a later date")
        row = {
            "kind": kind.value,
            "rule": scope.rule,
            "unit": scope.unit,
            "content": scope.content,
            "host": scope.host,
            "group": scope.group,
            "cohort": scope.cohort,
            "reason": reason,
            "owner": owner,
            "ticket": ticket,
            "author": author,
            "created_at": at,
            "expires_at": expires_at,
            "revoked_at": None,
            "revoked_by": "",
        }
        with self._database.write() as connection:
            return connection.execute(insert(FindingExceptionRow).returning(FindingExceptionRow.id), row).scalar_one()

    def list_exceptions(self) -> tuple[FindingException, ...]:
        """Give all exceptions, also those that hold no more, by number."""
        with self._database.read() as connection:
            return tuple(_read(row) for row in connection.execute(select(*_COLUMNS).order_by(FindingExceptionRow.id)))

    def exceptions_in_force(self, now: datetime) -> tuple[FindingException, ...]:
        """Give those that are not taken back and not expired, by number."""
        return tuple(one for one in self.list_exceptions() if one.holds_at(now))

    def expiring_exceptions(self, now: datetime, within: timedelta) -> tuple[FindingException, ...]:
        """Give those in force that expire within a time, the next first."""
        expiring = [
            (one.expires_at, one.id, one)
            for one in self.exceptions_in_force(now)
            if one.expires_at is not None and one.expires_at <= now + within
        ]
        return tuple(one for _, _, one in sorted(expiring, key=lambda entry: entry[:2]))

    def read_exception(self, exception_id: int) -> FindingException:
        """Give an exception.

        Raises:
            UsageError: There is no such exception.
        """
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(FindingExceptionRow.id == exception_id)).one_or_none()
        if row is None:
            raise UsageError(f"there is no exception {exception_id}", hint=_HINT)
        return _read(row)

    def revoke_exception(self, exception_id: int, *, author: str, at: datetime) -> FindingException:
        """Take an exception back; what it held for is a finding again.

        Raises:
            UsageError: There is no such exception, or it was taken back before.
        """
        change = update(FindingExceptionRow).where(
            FindingExceptionRow.id == exception_id, FindingExceptionRow.revoked_at.is_(None)
        )
        with self._database.write() as connection:
            revoked = connection.execute(change.values(revoked_at=at, revoked_by=author)).rowcount
        found = self.read_exception(exception_id)
        if not revoked:
            raise UsageError(f"exception {exception_id} was revoked before, by {found.revoked_by}", hint=_HINT)
        return found


def _read(row: Row[*tuple[Any, ...]]) -> FindingException:
    scope = ExceptionScope(
        rule=None if row.rule is None else RuleId(row.rule),
        unit=row.unit,
        content=row.content,
        host=row.host,
        group=row.group,
        cohort=row.cohort,
    )
    return FindingException(
        id=row.id,
        kind=ExceptionKind(row.kind),
        scope=scope,
        reason=row.reason,
        owner=row.owner,
        ticket=row.ticket,
        author=row.author,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )
