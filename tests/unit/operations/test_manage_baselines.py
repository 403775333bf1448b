"""Which proposals are pending, and what an approval asks for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from fleetscan.errors import UsageError
from fleetscan.model.baseline import Cohort
from fleetscan.operations.manage_baselines import approve_baselines, pending_proposals
from fleetscan.store.approvals import BaselineState
from fleetscan.store.store import Store

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WEB = Cohort("web", "debian", "12")
DB = Cohort("db", "debian", "12")


def store_of(*rows: tuple[int, Cohort, str]) -> Store:
    infos: Sequence[SimpleNamespace] = [
        SimpleNamespace(id=number, cohort=cohort, state=BaselineState(state)) for number, cohort, state in rows
    ]
    return cast("Store", SimpleNamespace(baselines=SimpleNamespace(list_baselines=lambda: infos)))


@pytest.mark.parametrize(
    ("rows", "pending"),
    [
        ([], ()),
        ([(1, WEB, "proposed"), (2, DB, "proposed")], (1, 2)),
        ([(1, WEB, "proposed"), (3, WEB, "proposed")], (3,)),
        ([(1, WEB, "proposed"), (2, WEB, "approved")], ()),
        ([(1, WEB, "approved"), (2, WEB, "proposed")], (2,)),
        ([(1, WEB, "approved"), (2, WEB, "awaiting")], (2,)),
        ([(1, WEB, "retired"), (2, WEB, "approved"), (3, DB, "proposed")], (3,)),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_newest_proposal_of_a_cohort_is_pending_unless_something_newer_was_approved(
    rows: list[tuple[int, Cohort, str]], pending: tuple[int, ...], backwards: bool
) -> None:
    assert pending_proposals(store_of(*(reversed(rows) if backwards else rows))) == pending


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_approval_without_a_reason_reads_and_writes_nothing(reason: str) -> None:
    with pytest.raises(UsageError, match="needs a reason"):
        approve_baselines(cast("Store", None), (1,), author="ann", reason=reason, at=NOW)
