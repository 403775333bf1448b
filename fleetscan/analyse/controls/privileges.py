"""M1026, Privileged Account Management: who else than root may start or edit units.

Source: ATT&CK M1026.
"""

import re
from collections.abc import Iterable, Iterator

from fleetscan.analyse.controls.evidence import (
    ON_DISK,
    StateEvidence,
    conclude,
    count_of,
    line_of,
    tell_gap,
    tell_rights,
)
from fleetscan.analyse.doors import describe_door, is_sticky, owner_in
from fleetscan.model.control import Control, ControlResult
from fleetscan.model.coverage import Area
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.grant import Reach
from fleetscan.model.ids import scope_user
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import Artifact, ArtifactKind
from fleetscan.model.subject import SubjectKind

START = Control(
    id="M1026-1",
    title="sudo lets nobody but administrators start units",
    checks="Lines of sudoers that name systemctl, systemd-run or another way to a manager, for anybody but root.",
)
EDIT = Control(
    id="M1026-2",
    title="sudo lets nobody but administrators edit units",
    checks="Lines of sudoers that let anybody but root write unit files, or files wherever they lie.",
)
EVERYTHING = Control(
    id="M1026-3",
    title="Who may become root gives a password",
    checks="Lines of sudoers that give all commands, a shell, or a program from which a shell can be started: each "
    "asks for a password, and none is for everybody.",
)
POLKIT = Control(
    id="M1026-4",
    title="polkit lets nobody start units but as packages ship it",
    checks="polkit files about systemd or about everything: each is what a package installed, and root's.",
)
GROUPS = Control(
    id="M1026-5",
    title="No group may edit units or what they run",
    checks="Directories, unit files, generators, programs, and files of sudo that a group other than root's may write.",
)

_WAYS_TO_START = frozenset({Reach.RUN.value, Reach.SYSTEMCTL.value})
_WAYS_TO_ROOT = frozenset({Reach.ALL.value, Reach.SHELL.value, Reach.ESCAPE.value})
_ROOTS = frozenset({"root", "#0"})
_EVERYBODY = frozenset({"ALL", "%users", "%nogroup", "nobody"})
_POLKIT = "polkit"
_GROUP_WRITE = 0o020
_DOOR_MODE = re.compile(r" ([0-7]{3,5})\Z")


def check_start(evidence: StateEvidence) -> ControlResult:
    """Look for lines of sudoers that lead to a manager."""
    faults = (_tell_rule(rule) for rule in _rules(evidence) if rule.property("reaches") in _WAYS_TO_START)
    return conclude(START, faults, _unread_sudo(evidence), "no line of sudoers but root's names a way to a manager")


def check_edit(evidence: StateEvidence) -> ControlResult:
    """Look for lines of sudoers that write files."""
    faults = (_tell_rule(rule) for rule in _rules(evidence) if rule.property("reaches") == Reach.EDIT.value)
    return conclude(EDIT, faults, _unread_sudo(evidence), "no line of sudoers but root's writes unit files")


def check_everything(evidence: StateEvidence) -> ControlResult:
    """Look at those who may become root."""
    rules = [rule for rule in _rules(evidence) if rule.property("reaches") in _WAYS_TO_ROOT]
    faults = [_tell_rule(rule) for rule in rules if rule.property("nopasswd") == "yes" or _whom(rule) in _EVERYBODY]
    fine = [_tell_rule(rule) for rule in rules] or [line_of("no line of sudoers but root's leads to root")]
    return conclude(EVERYTHING, faults, _unread_sudo(evidence), fine)


def _rules(evidence: StateEvidence) -> Iterator[Artifact]:
    """Give the rules of sudo that are for others than root."""
    for grant in evidence.of_kind(ArtifactKind.GRANT):
        if grant.property("by") == "sudo" and _whom(grant) not in _ROOTS:
            yield grant


def _whom(rule: Artifact) -> str:
    return rule.property("to").partition(",")[0]


def _tell_rule(rule: Artifact) -> EvidenceLine:
    source = rule.property("source").partition(", ")[0]
    path, _, number = source.rpartition(":")
    asked = "without a password" if rule.property("nopasswd") == "yes" else "with a password"
    members = f" (members: {rule.property('members')})" if rule.property("members") else ""
    text = f"{rule.property('to')}{members}: {rule.property('reaches')}, {asked}: {rule.name}"
    is_numbered = number.isascii() and number.isdecimal() and len(number) < 10
    return line_of(text, path if is_numbered else source, int(number) if is_numbered else 0)


def _unread_sudo(evidence: StateEvidence) -> Iterator[EvidenceLine]:
    return (tell_gap(gap) for gap in evidence.gaps(Area.GRANTS) if _POLKIT not in (gap.path or ""))


def check_polkit(evidence: StateEvidence) -> ControlResult:
    """Look for polkit files that no package vouches for."""
    files = [grant for grant in evidence.of_kind(ArtifactKind.GRANT) if grant.property("by") == _POLKIT]
    faults: list[EvidenceLine] = []
    unread = [tell_gap(gap) for gap in evidence.gaps(Area.GRANTS) if gap.path is None or _POLKIT in gap.path]
    for file in files:
        verified = file.property("verified")
        what = f"{tell_rights(file)} decides about {file.property('allows') or 'units'}"
        if describe_door(file):
            faults.append(line_of(f"{what}, and others than root may write it", file.name))
        elif verified in ("", Verification.UNKNOWN.value):
            unread.append(line_of(f"{what}; whether a package owns it is not known", file.name))
        elif verified not in (Verification.VERIFIED.value, Verification.OWNED.value):
            faults.append(line_of(f"{what}; for its package it is {verified}", file.name))
    fine = [line_of(f"{tell_rights(file)} is what its package installed", file.name) for file in files]
    return conclude(POLKIT, faults, unread, fine or "no polkit file is about units")


def check_groups(evidence: StateEvidence) -> ControlResult:
    """Look for what a group may write."""
    found = tuple(evidence.of_kind(*ON_DISK, ArtifactKind.DIRECTORY, ArtifactKind.GENERATOR, ArtifactKind.GRANT))
    faults = [line_of(tell_rights(a), a.name) for a in found if _is_open_to_group(a)]
    for subject in evidence.things(SubjectKind.JOB):
        faults += _find_group_doors(door for piece in subject.pieces if piece.is_payload for door in piece.exposed)
    areas = (Area.FILES, Area.USERS, Area.PROGRAMS, Area.GENERATORS)
    unread = [*map(tell_gap, evidence.gaps(*areas)), *_unread_sudo(evidence)]
    return conclude(GROUPS, faults, unread, f"{count_of(len(found), 'file or directory', 'files and directories')}")


def _is_open_to_group(artifact: Artifact) -> bool:
    if artifact.kind is ArtifactKind.LINK or not (artifact.mode or 0) & _GROUP_WRITE:
        return False
    if artifact.kind is ArtifactKind.DIRECTORY and is_sticky(artifact):
        return False
    return artifact.group not in ("root", "0", owner_in(artifact.scope), scope_user(artifact.scope) or "root")


def _find_group_doors(doors: Iterable[str]) -> Iterator[EvidenceLine]:
    """Give the doors, `/opt/app deploy:deploy 0775`, that a group may open; names of groups can have spaces."""
    for door in doors:
        mode = _DOOR_MODE.search(door)
        if mode is not None and int(mode[1], 8) & _GROUP_WRITE:
            yield line_of(door, door.rsplit(" ", 2)[0])
