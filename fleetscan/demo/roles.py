"""What the demo's administrators added to their hosts: timers of their own, the same on every host of a role."""

from collections.abc import Mapping
from dataclasses import dataclass

from fleetscan.demo.release import BOOKWORM, TRIXIE, Release
from fleetscan.demo.stock import service_text, timer_text
from fleetscan.model.host import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A group of hosts that do the same.

    Attributes:
        releases: The two releases its hosts run, dealt in turn.
        units: Admin units under /etc/systemd/system, name to text.
        scripts: What they execute, path (relative) to text.
        accounts: Further lines of /etc/passwd.
    """

    name: str
    owner: Owner
    releases: tuple[Release, Release]
    units: Mapping[str, str]
    scripts: Mapping[str, str]
    accounts: tuple[str, ...] = ()


WEB = Role(
    name="web",
    owner=Owner("Storefront team", "storefront@example.org"),
    releases=(BOOKWORM, TRIXIE),
    units={
        "cache-warm.timer": timer_text("Keep the page cache warm", "OnCalendar=*:0/15", "AccuracySec=1s"),
        "cache-warm.service": service_text(
            "Fetch the most visited pages",
            "Type=oneshot",
            "User=www-data",
            "ExecStart=/usr/local/bin/cache-warm --top 200",
        ),
        "tls-renew.timer": timer_text(
            "Renew certificates", "OnCalendar=*-*-* 03,15:20:00", "RandomizedDelaySec=1h", "Persistent=true"
        ),
        "tls-renew.service": service_text(
            "Renew certificates that expire soon", "Type=oneshot", "ExecStart=/usr/local/sbin/tls-renew --quiet"
        ),
    },
    scripts={
        "usr/local/bin/cache-warm": "#!/bin/sh\nexit 0\n",
        "usr/local/sbin/tls-renew": "#!/bin/sh\nexit 0\n",
    },
)
DB = Role(
    name="db",
    owner=Owner("Data team", "data@example.org"),
    releases=(BOOKWORM, TRIXIE),
    units={
        "pg-backup.timer": timer_text(
            "Nightly database backup", "OnCalendar=*-*-* 01:30:00", "RandomizedDelaySec=20min", "Persistent=true"
        ),
        "pg-backup.service": service_text(
            "Back the databases up",
            "Type=oneshot",
            "User=postgres",
            "ExecStart=/usr/local/sbin/pg-backup --to /srv/backup",
        ),
        "pg-vacuum.timer": timer_text("Weekly vacuum", "OnCalendar=Sat *-*-* 04:00:00", "Persistent=true"),
        "pg-vacuum.service": service_text(
            "Vacuum and analyse", "Type=oneshot", "User=postgres", "ExecStart=/usr/bin/vacuumdb --all --analyze --quiet"
        ),
    },
    scripts={"usr/local/sbin/pg-backup": "#!/bin/sh\nexit 0\n"},
    accounts=("postgres:x:110:117:PostgreSQL:/var/lib/postgresql:/bin/bash",),
)
ROLES = (WEB, DB)
