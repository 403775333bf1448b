"""What an attack of this suite is: lines that plant it, lines that undo it, and what has to be said of it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
TECHNIQUES = (
    "plain-pair",
    "transient",
    "user-unit",
    "unusual-directory",
    "look-alike",
    "drop-in",
    "shadow",
    "retarget",
    "link-out",
    "dormant",
    "deleted-after-start",
    "generator",
    "indirect",
    "payload",
    "writable",
    "impairment",
    "evasion",
    "attributes",
    "leftover",
    "short-lived",
    "manager",
    "hiding",
    "privilege",
    "identity",
)
"""Slugs of fleetscan's techniques; every one has plants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One harmless attack.

    Attributes:
        why: What it imitates, in one line.
        plant: Lines for `sh -e`, run as root inside the host.
        undo: Lines for `sh`; they also undo a planting that broke off half-way.
        names: Patterns (`fnmatch`) of what findings of this plant are about: name, unit or path. A finding that none
            of them fits is an extra one.
        accept: Techniques that are right as the leading one, besides `technique`.
        among: Techniques that must be told, leading or not.
        severity: The least that is right.
        systemd: First and last version on which it works.
        needs: Programs that the host must have.
        account: How the host must be visited: as root, by sudo, or by a plain account; empty for root or sudo.
    """

    id: str
    technique: str
    why: str
    plant: str
    undo: str
    names: tuple[str, ...]
    accept: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    severity: Severity = "medium"
    systemd: tuple[int, int] = (247, 9999)
    needs: tuple[str, ...] = ()
    account: Literal["", "root", "deploy", "viewer"] = ""

    @property
    def right(self) -> frozenset[str]:
        """All techniques that are right as the leading one."""
        return frozenset((self.technique, *self.accept))
