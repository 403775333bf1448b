"""Descriptions of timers and services that most distributions bring: who borrows one wants to be taken for them."""

import re
from collections.abc import Iterable

_WORDS = re.compile(r"[^a-z0-9]+")

_KNOWN: dict[str, tuple[str, ...]] = {
    "apt-daily": ("Daily apt download activities",),
    "apt-daily-upgrade": ("Daily apt upgrade and clean activities",),
    "apport-autoreport": ("Process error reports when automatic reporting is enabled",),
    "anacron": ("Trigger anacron every hour", "Run anacron jobs"),
    "auditd": ("Security Auditing Service", "Security Audit Logging Service"),
    "atd": ("Deferred execution scheduler",),
    "certbot": ("Run certbot twice daily", "Certbot"),
    "cron": ("Regular background program processing daemon", "Command Scheduler"),
    "dbus": ("D-Bus System Message Bus",),
    "dnf-makecache": ("dnf makecache", "dnf makecache --timer"),
    "dpkg-db-backup": ("Daily dpkg database backup timer", "Daily dpkg database backup service"),
    "e2scrub_all": (
        "Periodic ext4 Online Metadata Check for All Filesystems",
        "Online ext4 Metadata Check for All Filesystems",
    ),
    "fstrim": (
        "Discard unused blocks once a week",
        "Discard unused filesystem blocks once a week",
        "Discard unused blocks on filesystems from /etc/fstab",
    ),
    "fwupd-refresh": ("Refresh fwupd metadata regularly", "Refresh fwupd metadata and update motd"),
    "getty": ("Getty on %I",),
    "logrotate": ("Daily rotation of log files", "Rotate log files"),
    "man-db": ("Daily man-db regeneration",),
    "man-db-cache-update": ("man-db-cache-update.service",),
    "mlocate-updatedb": ("Updates mlocate database every day", "Update a database for mlocate"),
    "motd-news": ("Message of the Day",),
    "NetworkManager": ("Network Manager",),
    "phpsessionclean": ("Clean PHP session files every 30 mins", "Clean php session files"),
    "plocate-updatedb": ("Update the plocate database daily", "Update the plocate database"),
    "polkit": ("Authorization Manager",),
    "raid-check": ("Weekly RAID setup health check", "RAID setup health check"),
    "rsyslog": ("System Logging Service",),
    "shadow": ("Daily verification of password and group files", "Verify integrity of password and group files"),
    "snapd": ("Snap Daemon",),
    "ssh": ("OpenBSD Secure Shell server", "OpenSSH server daemon", "OpenSSH Daemon"),
    "sysstat": (
        "Run system activity accounting tool every 10 minutes",
        "system activity accounting tool",
        "Generate summary of yesterday's process accounting",
        "Generate a daily summary of process accounting",
        "Rotate daily system activity data file at midnight",
    ),
    "systemd-journald": ("Journal Service", "Flush Journal to Persistent Storage"),
    "systemd-logind": ("User Login Management", "Login Service"),
    "systemd-networkd": ("Network Configuration", "Network Service"),
    "systemd-resolved": ("Network Name Resolution",),
    "systemd-timesyncd": ("Network Time Synchronization",),
    "systemd-tmpfiles-clean": (
        "Daily Cleanup of Temporary Directories",
        "Cleanup of Temporary Directories",
        "Daily Cleanup of User's Temporary Directories",
    ),
    "systemd-udevd": ("Rule-based Manager for Device Events and Files", "udev Kernel Device Manager"),
    "ua-timer": ("Ubuntu Pro Timer for running repeated jobs", "Ubuntu Advantage Timer for running repeated jobs"),
    "unattended-upgrades": ("Unattended Upgrades Shutdown",),
    "unbound-anchor": ("daily update of the root trust anchor for DNSSEC",),
    "update-notifier-download": ("Download data for packages that failed at package install time",),
}
_OWNERS: dict[str, tuple[str, str]] = {
    _WORDS.sub(" ", text.lower()).strip(): (stem, text) for stem, texts in _KNOWN.items() for text in texts
}


def find_borrowed(descriptions: Iterable[str], stems: Iterable[str]) -> tuple[str, ...]:
    """Give those descriptions that belong to well-known software, when no name of the subject does."""
    names = tuple(stem.lower() for stem in stems)
    found = []
    for description in descriptions:
        owner = _OWNERS.get(_WORDS.sub(" ", description[:300].lower()).strip())
        if owner is not None and not any(name.startswith(owner[0].lower()) for name in names):
            found.append(f"{owner[1]} ({owner[0]})")
    return tuple(dict.fromkeys(found))
