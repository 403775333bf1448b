"""What is put before the rules: one thing on one host, with its differences and what the fleet has."""

from dataclasses import dataclass

from fleetscan.analyse.filediff import Contents
from fleetscan.model.baseline import Prevalence
from fleetscan.model.drift import DriftItem
from fleetscan.model.finding import Provenance
from fleetscan.model.snapshot import UnitProcess
from fleetscan.model.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is known of the account that a subject belongs to or runs as.

    Attributes:
        login: Whether its shell lets it log in; None when unknown.
        locked: Whether its password is locked; None when unknown.
        expired: Whether it has expired; None when unknown.
        known: Whether the host lists the account at all.
    """

    name: str
    uid: int | None = None
    login: bool | None = None
    locked: bool | None = None
    expired: bool | None = None
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What of a host rules may ask for beside the subject itself.

    Attributes:
        vendor_names: Names of units that packages own and whose digests verify, on any host of the fleet: what a
            look-alike would imitate. Without suffix.
        accounts: By name.
        lingering: Accounts whose manager starts at boot.
        packages: Installed packages that own anything of the snapshot, with their versions; sorted.
        package_timers: Packages and the system units that they bring beside a timer; sorted pairs.
    """

    systemd_version: int = 0
    vendor_names: frozenset[str] = frozenset()
    accounts: tuple[Account, ...] = ()
    lingering: frozenset[str] = frozenset()
    packages: tuple[tuple[str, str], ...] = ()
    package_timers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One subject on one host.

    Attributes:
        subject: The host's form; for what is removed the expected one.
        drift: What differs from the reference, by kind at most one of each; empty when it is as expected.
        baseline: Number of the approved baseline that has it in this form, None when there is none or it differs.
        compared: Whether there was a reference at all, a baseline or peers.
        prevalence: Of this form among other comparable hosts.
        seen: Of the subject in any form, among other comparable hosts.
        hosts: Hosts of the fleet that have this form, the host itself included.
        processes: Of the subject's units, as they ran during the visit.
        contents: Gives bytes of unit files and scripts.
    """

    subject: Subject
    setting: Setting
    contents: Contents
    provenance: Provenance
    prevalence: Prevalence
    seen: Prevalence
    hosts: int = 1
    drift: tuple[DriftItem, ...] = ()
    baseline: int | None = None
    compared: bool = True
    processes: tuple[UnitProcess, ...] = ()
