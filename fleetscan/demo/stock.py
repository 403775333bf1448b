"""The units that a plain Debian server has, as unit text. What they do is Debian's; nothing of it is ever executed."""

from fleetscan.demo.release import Release

OPENS_TIMERS = "timers.target"


def timer_text(description: str, *settings: str, wanted_by: str = OPENS_TIMERS) -> str:
    """Write a timer unit. An empty `wanted_by` leaves [Install] out."""
    install = f"\n[Install]\nWantedBy={wanted_by}\n" if wanted_by else ""
    return f"[Unit]\nDescription={description}\n\n[Timer]\n" + "".join(f"{line}\n" for line in settings) + install


def service_text(description: str, *settings: str, unit: tuple[str, ...] = (), wanted_by: str = "") -> str:
    """Write a service unit; `unit` are further lines of its [Unit] section."""
    head = "".join(f"{line}\n" for line in (f"Description={description}", *unit))
    install = f"\n[Install]\nWantedBy={wanted_by}\n" if wanted_by else ""
    return f"[Unit]\n{head}\n[Service]\n" + "".join(f"{line}\n" for line in settings) + install


_ONESHOT = "Type=oneshot"
_ON_POWER = ("ConditionACPower=true",)


def stock_units(release: Release) -> dict[str, str]:
    """Give the vendor units of a release: name to text."""
    newer = release.systemd >= 257
    sysstat = "/usr/libexec/sysstat" if newer else "/usr/lib/sysstat"
    units = {
        "anacron.timer": timer_text(
            "Trigger anacron every hour", "OnCalendar=*-*-* 07..23:30", "RandomizedDelaySec=5m", "Persistent=true"
        ),
        "anacron.service": service_text(
            "Run anacron jobs",
            "EnvironmentFile=/etc/default/anacron",
            "ExecStart=/usr/sbin/anacron -d -q $ANACRON_ARGS",
            "KillMode=mixed",
            unit=("After=time-sync.target", *_ON_POWER),
            wanted_by="multi-user.target",
        ),
        "apt-daily.timer": timer_text(
            "Daily apt download activities", "OnCalendar=*-*-* 6,18:00", "RandomizedDelaySec=12h", "Persistent=true"
        ),
        "apt-daily.service": service_text(
            "Daily apt download activities",
            _ONESHOT,
            "ExecStartPre=-/usr/lib/apt/apt-helper wait-online",
            "ExecStart=/usr/lib/apt/apt.systemd.daily update",
            unit=("Documentation=man:apt(8)", *_ON_POWER, "After=network.target network-online.target"),
        ),
        "apt-daily-upgrade.timer": timer_text(
            "Daily apt upgrade and clean activities",
            "OnCalendar=*-*-* 6:00",
            "RandomizedDelaySec=60m",
            "Persistent=true",
        ),
        "apt-daily-upgrade.service": service_text(
            "Daily apt upgrade and clean activities",
            _ONESHOT,
            "ExecStartPre=-/usr/lib/apt/apt-helper wait-online",
            "ExecStart=/usr/lib/apt/apt.systemd.daily install",
            "KillMode=process",
            "TimeoutStopSec=900",
            unit=("Documentation=man:apt(8)", *_ON_POWER, "After=apt-daily.service network.target"),
        ),
        "dpkg-db-backup.timer": timer_text(
            "Daily dpkg database backup timer", "OnCalendar=daily", *(("Persistent=true",) if newer else ())
        ),
        "dpkg-db-backup.service": service_text(
            "Daily dpkg database backup service", _ONESHOT, "ExecStart=/usr/libexec/dpkg/dpkg-db-backup"
        ),
        "e2scrub_all.timer": timer_text(
            "Periodic ext4 Online Metadata Check for All Filesystems",
            "OnCalendar=Sun *-*-* 03:10:00",
            "RandomizedDelaySec=60",
            "Persistent=true",
        ),
        "e2scrub_all.service": service_text(
            "Online ext4 Metadata Check for All Filesystems",
            _ONESHOT,
            "Environment=SERVICE_MODE=1",
            "ExecStart=/sbin/e2scrub_all",
            unit=(*_ON_POWER, "ConditionCapability=CAP_SYS_ADMIN"),
        ),
        "fstrim.timer": timer_text(
            "Discard unused filesystem blocks once a week" if newer else "Discard unused blocks once a week",
            "OnCalendar=weekly",
            "AccuracySec=1h",
            "Persistent=true",
            "RandomizedDelaySec=100min" if newer else "RandomizedDelaySec=6000",
        ),
        "fstrim.service": service_text(
            "Discard unused blocks on filesystems from /etc/fstab",
            _ONESHOT,
            "ExecStart=/sbin/fstrim --listed-in /etc/fstab:/proc/self/mountinfo --verbose --quiet-unsupported",
            "PrivateNetwork=yes",
        ),
        "logrotate.timer": timer_text(
            "Daily rotation of log files",
            "OnCalendar=daily",
            "RandomizedDelaySec=1h" if newer else "AccuracySec=1h",
            "Persistent=true",
        ),
        "logrotate.service": service_text(
            "Rotate log files",
            _ONESHOT,
            "ExecStart=/usr/sbin/logrotate /etc/logrotate.conf",
            "Nice=19",
            "ProtectSystem=full",
            "PrivateTmp=true",
            unit=("RequiresMountsFor=/var/log", *_ON_POWER),
        ),
        "man-db.timer": timer_text(
            "Daily man-db regeneration", "OnCalendar=daily", "RandomizedDelaySec=12h", "Persistent=true"
        ),
        "man-db.service": service_text(
            "Daily man-db regeneration",
            _ONESHOT,
            "ExecStart=+/usr/bin/install -d -o man -g man -m 0755 /var/cache/man",
            *(() if newer else ("ExecStart=/usr/bin/find /var/cache/man -type f -name *.gz -atime +6 -delete",)),
            "ExecStart=/usr/bin/mandb --quiet",
            "User=man",
            "Nice=19",
            unit=_ON_POWER,
        ),
        "plocate-updatedb.timer": timer_text(
            "Update the plocate database daily",
            "OnCalendar=daily",
            "RandomizedDelaySec=1h" if newer else "RandomizedDelaySec=12h",
            "AccuracySec=6h" if newer else "AccuracySec=20min",
            "Persistent=true",
        ),
        "plocate-updatedb.service": service_text(
            "Update the plocate database",
            _ONESHOT,
            "ExecStart=/usr/sbin/updatedb.plocate",
            "IOSchedulingClass=idle",
            unit=_ON_POWER,
        ),
        "sysstat-collect.timer": timer_text(
            "Run system activity accounting tool every 10 minutes", "OnCalendar=*:00/10", wanted_by="sysstat.service"
        ),
        "sysstat-collect.service": service_text(
            "system activity accounting tool", _ONESHOT, "User=root", f"ExecStart={sysstat}/sa1 1 1"
        ),
        "sysstat-summary.timer": timer_text(
            "Generate summary of yesterday's process accounting", "OnCalendar=00:07:00", wanted_by="sysstat.service"
        ),
        "sysstat-summary.service": service_text(
            "Generate a daily summary of process accounting", _ONESHOT, "User=root", f"ExecStart={sysstat}/sa2 -A"
        ),
        "sysstat.service": service_text(
            "Resets System Activity Logs",
            _ONESHOT,
            "RemainAfterExit=yes",
            "User=root",
            f"ExecStart={sysstat}/sa1 --boot",
            wanted_by="multi-user.target",
        ),
        "systemd-tmpfiles-clean.timer": timer_text(
            "Daily Cleanup of Temporary Directories", "OnBootSec=15min", "OnUnitActiveSec=1d", wanted_by=""
        ),
        "systemd-tmpfiles-clean.service": service_text(
            "Cleanup of Temporary Directories",
            _ONESHOT,
            "ExecStart=systemd-tmpfiles --clean",
            "SuccessExitStatus=DATAERR",
            "IOSchedulingClass=idle",
            unit=("DefaultDependencies=no", "Conflicts=shutdown.target"),
        ),
        "ssh.service": service_text(
            "OpenBSD Secure Shell server",
            "Type=notify",
            "ExecStartPre=/usr/sbin/sshd -t",
            "ExecStart=/usr/sbin/sshd -D $SSHD_OPTS",
            "EnvironmentFile=-/etc/default/ssh",
            wanted_by="multi-user.target",
        ),
        "cron.service": service_text(
            "Regular background program processing daemon",
            "EnvironmentFile=-/etc/default/cron",
            "ExecStart=/usr/sbin/cron -f $EXTRA_OPTS",
            wanted_by="multi-user.target",
        ),
    }
    if newer:
        del units["e2scrub_all.timer"], units["e2scrub_all.service"]  # no longer in a plain trixie
        units["sysstat-rotate.timer"] = timer_text(
            "Rotate daily system activity data file at midnight", "OnCalendar=00:00", wanted_by="sysstat.service"
        )
        units["sysstat-rotate.service"] = service_text(
            "system activity accounting tool", _ONESHOT, "User=root", f"ExecStart={sysstat}/sa1 --rotate"
        )
    return units


def stock_masks(release: Release) -> tuple[str, ...]:
    """Name the units that Debian's own packages mask in the vendor directory."""
    common = ("cryptdisks-early.service", "cryptdisks.service", "hwclock.service", "sudo.service", "x11-common.service")
    return common if release.systemd >= 257 else (*common, "rc.service", "rcS.service")


def stock_user_units(release: Release) -> dict[str, str]:
    """Give the vendor units of every user's manager."""
    if release.systemd < 256:
        return {}
    return {
        "systemd-tmpfiles-clean.timer": timer_text(
            "Daily Cleanup of User's Temporary Directories", "OnStartupSec=5min", "OnUnitActiveSec=1d"
        ),
        "systemd-tmpfiles-clean.service": service_text(
            "Cleanup of User's Temporary Files and Directories", _ONESHOT, "ExecStart=systemd-tmpfiles --user --clean"
        ),
    }
