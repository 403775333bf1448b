"""M1018, User Account Management: timers of accounts that nobody should be using.

Source: ATT&CK M1018.
"""

from collections.abc import Iterator
from datetime import date

from fleetscan.analyse.controls.evidence import ON_DISK, StateEvidence, conclude, count_of, line_of, path_of, tell_gap
from fleetscan.analyse.readiness import runs_by_itself
from fleetscan.model.control import Control, ControlResult
from fleetscan.model.coverage import Area
from fleetscan.model.ids import scope_user
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import Subject, SubjectKind

LINGERING = Control(
    id="M1018-1",
    title="Only accounts in use linger",
    checks="Accounts whose manager starts at boot: each exists, has not expired, is not locked and has a login shell.",
)
TIMERS = Control(
    id="M1018-2",
    title="Only accounts in use have timers of their own",
    checks="Accounts with timers in their homes or runtime directories: each exists, has not expired, is not locked "
    "and has a login shell.",
)
OWNERS = Control(
    id="M1018-3",
    title="Everything that timers are made of has an owner",
    checks="Unit files, directories and programs whose owner is a number that no account has.",
)
DORMANT = Control(
    id="M1018-4",
    title="No dormant account has timers",
    checks="When accounts with lingering or timers of their own last logged in. That is not read from hosts, so that "
    "only a host without such accounts passes.",
)

_ROOT = "root"
_AREAS = (Area.ACCOUNTS, Area.USERS)


def check_lingering(evidence: StateEvidence) -> ControlResult:
    """Look at the accounts that linger."""
    accounts = _index(evidence)
    users = _lingering(evidence)
    faults, unread = [], list(map(tell_gap, evidence.gaps(Area.LINGER)))
    for user in users:
        wrong, unknown = _judge(evidence, accounts.get(user), user)
        faults += [line_of(f"{user} lingers: {why}") for why in wrong]
        unread += [line_of(f"{user} lingers: {why}") for why in unknown]
    return conclude(LINGERING, faults, unread, f"{count_of(len(users), 'account')} in use linger")


def check_timers(evidence: StateEvidence) -> ControlResult:
    """Look at the accounts that have timers."""
    accounts = _index(evidence)
    jobs = _own_jobs(evidence)
    faults = []
    unread = list(map(tell_gap, evidence.gaps(Area.FILES, Area.USERS)))
    for user, subject in jobs:
        wrong, unknown = _judge(evidence, accounts.get(user), user)
        path = path_of(subject)
        idle = "" if runs_by_itself(subject) else ", not enabled"
        faults += [line_of(f"{subject.key.name} of {user}{idle}: {why}", path) for why in wrong]
        unread += [line_of(f"{subject.key.name} of {user}{idle}: {why}", path) for why in unknown]
    return conclude(TIMERS, faults, unread, f"{count_of(len(jobs), 'timer')} of accounts in use")


def check_owners(evidence: StateEvidence) -> ControlResult:
    """Look for owners that have no name."""
    found = tuple(
        evidence.of_kind(
            *ON_DISK, ArtifactKind.DIRECTORY, ArtifactKind.PROGRAM, ArtifactKind.ENVIRONMENT, ArtifactKind.GENERATOR
        )
    )
    faults = [
        line_of(f"{artifact.name} belongs to {artifact.owner}, which is no account", artifact.name)
        for artifact in found
        if _is_number(artifact.owner)
    ]
    unread = map(tell_gap, evidence.gaps(Area.FILES, Area.USERS, Area.PROGRAMS))
    return conclude(
        OWNERS, faults, unread, f"{count_of(len(found), 'file or directory', 'files and directories')} have owners"
    )


def check_dormant(evidence: StateEvidence) -> ControlResult:
    """Say what is not known of accounts that have anything to run."""
    users = sorted({*_lingering(evidence), *(user for user, _ in _own_jobs(evidence))})
    unread = [
        *map(tell_gap, evidence.gaps(Area.LINGER, Area.USERS, Area.FILES)),
        *(line_of(f"when {user} last logged in is not read from hosts") for user in users),
    ]
    return conclude(DORMANT, (), unread, "no account lingers or has timers of its own")


def _lingering(evidence: StateEvidence) -> list[str]:
    return sorted({artifact.name for artifact in evidence.of_kind(ArtifactKind.LINGER)})


def _own_jobs(evidence: StateEvidence) -> list[tuple[str, Subject]]:
    """Give users and their own timers; those that every user has are nobody's."""
    return [
        (user, subject)
        for subject in evidence.things(SubjectKind.JOB)
        if (user := scope_user(subject.key.scope)) is not None
    ]


def _index(evidence: StateEvidence) -> dict[str, Artifact]:
    return {artifact.name: artifact for artifact in evidence.of_kind(ArtifactKind.ACCOUNT)}


def _judge(evidence: StateEvidence, account: Artifact | None, user: str) -> tuple[list[str], list[str]]:
    """Give what is wrong with an account, and what is not known of it."""
    gaps = [gap for gap in evidence.gaps(*_AREAS) if gap.scope is None or scope_user(gap.scope) in (user, "*")]
    unknown = [tell_gap(gap).text for gap in gaps]
    if account is None:
        return [], unknown or ["nothing is known of this account"]
    if account.property("listed") == "no":
        return ["there is no such account"], []
    wrong = list(_find_wrong(account, evidence.today))
    if account.property("locked") not in ("yes", "no"):
        unknown.append("whether the account is locked is not known")
    return wrong, unknown


def _find_wrong(account: Artifact, today: date) -> Iterator[str]:
    if account.property("login") == "nologin":
        yield f"its shell is {account.property('shell')}"
    # Root's password is locked on many stock hosts, and root is in use all the same.
    if account.property("locked") == "yes" and account.name != _ROOT:
        yield "its password is locked (a key may still let somebody in)"
    expired = account.property("expired")
    if expired and expired <= today.isoformat():
        yield f"it has expired on {expired}"


def _is_number(owner: str) -> bool:
    # The names of accounts may have digits of other scripts; numbers of owners have not.
    return owner.isascii() and owner.isdecimal() and owner != "0"
