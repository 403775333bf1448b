"""Everything that the probe says of who may start or edit units, and of the accounts that may log in."""

from collections.abc import Iterable
from dataclasses import dataclass

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import Artifact
from fleetscan.probe.accounts import build_accounts, group_by_gid, parse_listed
from fleetscan.probe.grant_lines import parse_grant_lines
from fleetscan.probe.grants import build_grants
from fleetscan.probe.people import People
from fleetscan.probe.wire import Frames

_AREAS = (Area.GRANTS, Area.ACCOUNTS, Area.AUDIT)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the section `grants` tells.

    Attributes:
        artifacts: Grants, integrity rules and accounts; no key twice.
        gaps: Only of areas that are supplementary.
    """

    artifacts: tuple[Artifact, ...]
    gaps: tuple[Gap, ...]


def read_allowed(frames: Frames, sentinel: str, people: People, artifacts: Iterable[Artifact]) -> Allowed:
    """Understand the section `grants`.

    Args:
        frames: By section and scope.
        sentinel: Of this visit.
        people: Names of the owners of files.
        artifacts: Of files and managers: whose accounts matter.
    """
    frame, users = frames.get(("grants", SYSTEM)), frames.get(("users", SYSTEM))
    if frame is None:
        reason = "section grants never arrived"
        return Allowed((), tuple(Gap(area, None, ReadStatus.FAILED, None, reason) for area in _AREAS))
    told = parse_grant_lines(frame, sentinel)
    gaps: list[Gap] = []
    if frame.status is not ReadStatus.OK or not told.is_whole:
        status = ReadStatus.FAILED if frame.status is ReadStatus.OK else frame.status
        reason = f"section grants ended with {frame.detail}" + ("" if told.is_whole else ", before its end")
        gaps += [Gap(area, None, status, None, reason) for area in _AREAS]
    listed = parse_listed(users)
    grants, grant_gaps = build_grants(told, people, group_by_gid(listed))
    is_whole = users is not None and users.status is ReadStatus.OK
    accounts, account_gaps = build_accounts(listed, told.passwords, artifacts, is_whole=is_whole)
    return Allowed((*grants, *accounts), (*gaps, *grant_gaps, *account_gaps))
