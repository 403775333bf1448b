"""Accepted findings, on both databases: in force, expired, taken back, never changed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from fleetscan.errors import UsageError
from fleetscan.model.acceptance import ExceptionKind, ExceptionScope, FindingException
from fleetscan.model.digest import digest_bytes
from fleetscan.model.finding import RuleId
from fleetscan.store.store import Store
from tests.stored_fleet import DAY, NOW

pytest_plugins = ("tests.databases",)

SCOPE = ExceptionScope(
    rule=RuleId("FS-004"),
    unit="backup\x00*.timer",
    content=digest_bytes(b"what it runs"),
    host="web*",
    group="web",
    cohort="web/debian-12",
)


def add(store: Store, scope: ExceptionScope = SCOPE, *, expires_at: datetime | None = None) -> int:
    return store.exceptions.add_exception(
        scope, reason="ours", owner="web team", ticket="SEC-1", author="ana", at=NOW, expires_at=expires_at
    )


def test_an_exception_reads_back_whole(store: Store) -> None:
    number = store.exceptions.add_exception(
        SCOPE,
        kind=ExceptionKind.WAVE,
        reason="roll-out\udc80",
        owner="web team",
        ticket="SEC-1",
        author="ana",
        at=NOW,
        expires_at=NOW + DAY,
    )
    assert store.exceptions.read_exception(number) == FindingException(
        id=1,
        kind=ExceptionKind.WAVE,
        scope=SCOPE,
        reason="roll-out\udc80",
        owner="web team",
        ticket="SEC-1",
        author="ana",
        created_at=NOW,
        expires_at=NOW + DAY,
    )


def test_what_a_scope_leaves_open_stays_open(store: Store) -> None:
    scope = ExceptionScope(unit="x.timer")
    assert store.exceptions.read_exception(add(store, scope)).scope == scope


def test_exceptions_in_force_are_neither_expired_nor_taken_back(store: Store) -> None:
    lasting, short, revoked = add(store), add(store, expires_at=NOW + DAY), add(store)
    store.exceptions.revoke_exception(revoked, author="ben", at=NOW)

    def in_force(now: datetime) -> list[int]:
        return [one.id for one in store.exceptions.exceptions_in_force(now)]

    assert in_force(NOW) == [lasting, short]
    assert in_force(NOW + DAY) == [lasting]
    assert [one.id for one in store.exceptions.list_exceptions()] == [lasting, short, revoked]


def test_exceptions_that_expire_soon_are_told_the_next_first(store: Store) -> None:
    add(store)
    late, soon, over = add(store, expires_at=NOW + 9 * DAY), add(store, expires_at=NOW + 8 * DAY), add(store)
    add(store, expires_at=NOW + DAY)
    add(store, expires_at=NOW + 10 * DAY)
    store.exceptions.revoke_exception(over, author="ben", at=NOW)
    expiring = store.exceptions.expiring_exceptions(NOW + 2 * DAY, timedelta(days=7))
    assert [one.id for one in expiring] == [soon, late]


@pytest.mark.parametrize("scope", [ExceptionScope(), ExceptionScope(host="*", group="web", cohort="web/debian-12")])
def test_an_exception_for_everything_is_refused(store: Store, scope: ExceptionScope) -> None:
    with pytest.raises(UsageError, match="needs a rule, a unit or a content"):
        add(store, scope)


def test_an_exception_that_would_never_hold_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="cannot expire before it begins"):
        add(store, expires_at=NOW)


def test_an_exception_is_taken_back_once_and_stays_in_the_list(store: Store) -> None:
    number = add(store)
    revoked = store.exceptions.revoke_exception(number, author="ben", at=NOW + DAY)
    assert (revoked.revoked_by, revoked.revoked_at) == ("ben", NOW + DAY)
    with pytest.raises(UsageError, match="revoked before, by ben"):
        store.exceptions.revoke_exception(number, author="eve", at=NOW + DAY)
    assert store.exceptions.list_exceptions() == (revoked,)


def test_an_unknown_exception_is_the_users_error(store: Store) -> None:
    with pytest.raises(UsageError, match="there is no exception 7"):
        store.exceptions.read_exception(7)
    with pytest.raises(UsageError, match="there is no exception 7"):
        store.exceptions.revoke_exception(7, author="ana", at=NOW)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE finding_exception SET reason = 'forged'",
        "UPDATE finding_exception SET expires_at = NULL",
        "UPDATE finding_exception SET content = NULL",
        "DELETE FROM finding_exception",
    ],
)
def test_the_database_itself_refuses_to_widen_or_delete_an_exception(store: Store, change: str) -> None:
    number = add(store, expires_at=NOW + DAY)
    before = store.exceptions.read_exception(number)
    with pytest.raises(IntegrityError, match="can only be revoked"), store._database.write() as connection:
        connection.execute(text(change))
    assert store.exceptions.read_exception(number) == before


def test_the_database_itself_refuses_to_put_a_revoked_exception_in_force_again(store: Store) -> None:
    store.exceptions.revoke_exception(add(store), author="ben", at=NOW)
    with pytest.raises(IntegrityError, match="can only be revoked"), store._database.write() as connection:
        connection.execute(text("UPDATE finding_exception SET revoked_at = NULL"))
