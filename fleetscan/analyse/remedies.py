"""What would let a host be read in full, with the least rights: exact lines, where they go, how to check them.

Every line names one file that only root may change and no arguments: no shell, no wildcard, nothing with which more can
be done than to run the published probe.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from fleetscan.model.coverage import ReadStatus
from fleetscan.model.host import Connection, ProbeStart
from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import FailureKind, HostFailure, HostOutcome
from fleetscan.model.snapshot import HostSnapshot, Privilege

SUDOERS_FILE = "/etc/sudoers.d/fleetscan"
_PLAIN_USER = re.compile(r"[a-z_][a-z0-9_.-]*")


class RemedyKind(StrEnum):
    """What a remedy is for."""

    RAISE = "raise"
    """The probe lacks rights."""
    INSTALL = "install"
    """The installed probe is missing, old, or not safe to run."""
    NARROW = "narrow"
    """All is read, with more rights than that needs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes:
        where: The file that gets the lines, or who runs them.
        lines: As they are to be written or run.
        check: A command that shows whether it is right, empty for none.
        expect: What that command says then.
    """

    where: str
    lines: tuple[str, ...]
    check: str = ""
    expect: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """Steps that belong together. Hosts with equal remedies can be told of them once."""

    kind: RemedyKind
    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Means:
    """What the lines are made from.

    Attributes:
        probe_sha256: Hash of the published probe.
        public_key: The scanner's public key, `ALGORITHM BASE64`; None when it is not known.
        forwards: Whether other hosts are reached through this one, for which its key has to forward ports.
    """

    probe_sha256: Sha256
    public_key: str | None
    forwards: bool = False


def find_remedy(connection: Connection, outcome: HostOutcome, means: Means) -> Remedy | None:
    """Give what would let one host be read in full, or as much with less; None when rights are not the matter."""
    installed = connection.probe is ProbeStart.INSTALLED
    if isinstance(outcome, HostFailure):
        if installed and outcome.kind is FailureKind.PROTOCOL_ERROR:
            steps = [_install(connection, means)]
            if connection.sudo:
                steps.append(_allow_by_sudo(connection, means))
            return Remedy(RemedyKind.INSTALL, "the probe on the host has to be this version's", tuple(steps))
        return None
    privilege = outcome.facts.privilege
    if privilege is Privilege.USER and _is_denied(outcome):
        return Remedy(RemedyKind.RAISE, _why_raise(connection), tuple(_steps_to_root(connection, means)))
    if privilege is Privilege.SUDO and not installed:
        title = "sudo lets this account run a shell as root; the installed probe is all it needs"
        return Remedy(RemedyKind.NARROW, title, tuple(_steps_to_root(connection, means)))
    if privilege is Privilege.ROOT and not installed:
        title = "the scanner's key is root on the host; a forced command leaves it nothing but to collect"
        steps_for_key = (
            _install(connection, means),
            _restrict_key(connection, means, connection.probe_path),
            _say_in_inventory(connection, sudo=False),
        )
        return Remedy(RemedyKind.NARROW, title, steps_for_key)
    return None


def _is_denied(snapshot: HostSnapshot) -> bool:
    return any(gap.status is ReadStatus.DENIED for gap in snapshot.coverage.decisive)


def _why_raise(connection: Connection) -> str:
    if connection.sudo:
        return "sudo refuses the probe; allow this one file, verified by its digest"
    return "files of other accounts and of root are not readable; let sudo raise this one file"


def _steps_to_root(connection: Connection, means: Means) -> list[Step]:
    """Give the steps from an account to a probe that runs as root: file, sudo rule, key, inventory."""
    installed = connection.probe is ProbeStart.INSTALLED
    steps = [] if installed else [_install(connection, means)]
    steps.append(_allow_by_sudo(connection, means))
    if not (installed and connection.sudo):
        steps.append(_restrict_key(connection, means, f"sudo -n {connection.probe_path}"))
        steps.append(_say_in_inventory(connection, sudo=True))
    return steps


def _install(connection: Connection, means: Means) -> Step:
    path = connection.probe_path
    return Step(
        "on the scanner the first line, then on each host as root the second",
        (
            "fleetscan --quiet probe show > fleetscan-probe",
            f"install -D -o root -g root -m 0755 fleetscan-probe {path}",
        ),
        f"sha256sum {path}",
        means.probe_sha256,
    )


def _allow_by_sudo(connection: Connection, means: Means) -> Step:
    user, path = render_sudoers_user(connection.user), connection.probe_path
    rule = f'{user} ALL=(root) NOPASSWD: sha256:{means.probe_sha256} {path} ""'
    return Step(
        f"{SUDOERS_FILE} (owner root, mode 0440), in place of other rules for this account",
        (rule,),
        f"visudo -cf {SUDOERS_FILE}",
        "parsed OK",
    )


def _restrict_key(connection: Connection, means: Means, command: str) -> Step:
    key = means.public_key or "PUBLIC-KEY"
    source = "" if means.public_key else " (PUBLIC-KEY: what `ssh-keygen -y -f` prints of the scanner's key)"
    options = "restrict,port-forwarding" if means.forwards else "restrict"
    return Step(
        f".ssh/authorized_keys of {connection.user}, in place of the line of this key{source}",
        (f'{options},command="{command}" {key} fleetscan',),
        f"ssh {connection.user}@HOST id < /dev/null",
        "fleetscan probe: no header that it understands",
    )


def _say_in_inventory(connection: Connection, *, sudo: bool) -> Step:
    lines = [] if connection.probe is ProbeStart.INSTALLED else ["probe: installed"]
    if sudo and not connection.sudo:
        lines.append("sudo: true")
    return Step("the inventory, for these hosts", tuple(lines))


def render_sudoers_user(name: str) -> str:
    """Write an account's name so that sudo takes it for nothing else.

    Source:
        sudoers(5): words of capitals are aliases, `%` and `+` begin groups; a quoted word is always a name.
    """
    return name if _PLAIN_USER.fullmatch(name) else f'"{name}"'
