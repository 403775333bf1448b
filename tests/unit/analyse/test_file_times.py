"""Files that claim to be older than the visit that did not see them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fleetscan.analyse.file_times import tell_older_claims
from fleetscan.model.drift import DriftKind
from fleetscan.model.finding import Finding, Technique
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import FileTimes
from fleetscan.model.subject import Piece, PieceRole
from tests.acceptance_data import DAY, NOW, finding

PATH = "/etc/systemd/system/backup.timer"


def added(absent: datetime | None = NOW - DAY, verification: Verification = Verification.UNOWNED) -> Finding:
    found = finding()
    piece = Piece(role=PieceRole.FRAGMENT, path=PATH, verification=verification)
    (item,) = found.drift
    subject = replace(item.subject, pieces=(piece,))
    item = replace(item, kind=DriftKind.ADDED, expected=None, subject=subject, last_absent_at=absent)
    return replace(found, subject=subject, drift=(item,))


def times(modified: datetime, changed: datetime = NOW) -> dict[str, FileTimes]:
    return {PATH: FileTimes(modified_s=int(modified.timestamp()), changed_s=int(changed.timestamp()), inode=7)}


def test_a_new_file_that_claims_to_be_years_old_is_told_with_the_finding() -> None:
    found = tell_older_claims(added(), times(NOW - 900 * DAY))
    assert found.hits[-1].rule == "FS-033"
    assert found.hits[-1].evidence[0].path == PATH
    assert Technique.ATTRIBUTES in found.techniques
    assert (found.severity, found.leading) == (added().severity, added().leading)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (added(), times(NOW - timedelta(hours=3))),
        (added(), {}),
        (added(), times(NOW - 900 * DAY, NOW - 800 * DAY)),
        (added(absent=None), times(NOW - 900 * DAY)),
        (added(verification=Verification.VERIFIED), times(NOW - 900 * DAY)),
        (added(), {PATH: FileTimes(modified_s=-(10**18), changed_s=10**18, inode=1)}),
    ],
    ids=["young", "no times", "inode is old too", "never seen absent", "a package's", "impossible times"],
)
def test_nothing_is_told_of_files_that_may_be_as_old_as_they_say(given: Finding, known: dict[str, FileTimes]) -> None:
    assert tell_older_claims(given, known) == given
