"""What every host of the fleet has before the attacks begin: jobs that administrators made, and an expired account."""

from tests.live.attacks.shell import RELOAD, SYSTEM, put, put_pair, service, timer

REPORT = "/usr/local/sbin/night-report"
REPORT_SETTINGS = "/etc/default/night-report"
LEDGER = "/opt/ledger/export.sh"
CHECK = "dailyaidecheck"
"""AIDE's own daily check: a timer whose loss is an attack."""
MAIL_TIDY = "/home/viewer/.config/systemd/user/mail-tidy"
EXPIRED = "olga"

FORGET = "journalctl --quiet --rotate\njournalctl --quiet --vacuum-time=1s\n"
"""Empty the journal: on a lab that stays up it tells of what was planted there before."""
FURNISH = (
    put_pair(
        "night-report",
        timer("OnCalendar=*-*-* 02:40", about="Nightly figures for the board"),
        service(REPORT, about="Nightly figures for the board", more=f"EnvironmentFile=-{REPORT_SETTINGS}\n"),
    )
    + put(REPORT, "#!/bin/sh\n# figures of the day\nexec /usr/bin/true\n", "0755")
    + put(REPORT_SETTINGS, "REPORT_DAYS=7\n")
    + put_pair(
        "ledger-export",
        timer("OnCalendar=Mon..Fri 19:15\nRandomizedDelaySec=10min"),
        service(f"/bin/sh {LEDGER}", about="Export the ledger", more="Nice=10\n"),
    )
    + put(LEDGER, "#!/bin/sh\nexit 0\n", "0755")
    + put_pair(
        CHECK,
        timer("OnCalendar=daily\nRandomizedDelaySec=1h\nPersistent=true", about="Daily AIDE check"),
        service("/usr/share/aide/bin/dailyaidecheck --systemd", about="Daily AIDE check"),
    )
    + put("/usr/share/aide/bin/dailyaidecheck", "#!/bin/sh\nexit 0\n", "0755")
    + RELOAD
    + f"systemctl enable --now night-report.timer ledger-export.timer {CHECK}.timer\n"
    + put(f"{MAIL_TIDY}.timer", timer("OnCalendar=weekly"))
    + put(f"{MAIL_TIDY}.service", service("/usr/bin/find /home/viewer/mail -name '*.tmp' -delete"))
    + "mkdir -p /home/viewer/.config/systemd/user/timers.target.wants\n"
    + f"ln -sfn {MAIL_TIDY}.timer /home/viewer/.config/systemd/user/timers.target.wants/mail-tidy.timer\n"
    + "chown -R viewer:viewer /home/viewer/.config\n"
    + f"id {EXPIRED} >/dev/null 2>&1 || useradd -m -s /bin/bash {EXPIRED}\nusermod -L -e 1 {EXPIRED}\n"
)
"""Lines for `sh -e`, as root."""

CLEAR = (
    f"systemctl disable --now night-report.timer ledger-export.timer {CHECK}.timer 2>/dev/null\n"
    f"for name in night-report ledger-export {CHECK}; do rm -f {SYSTEM}/$name.timer {SYSTEM}/$name.service; done\n"
    f"rm -rf {REPORT} {REPORT_SETTINGS} /opt/ledger /usr/share/aide /home/viewer/.config /root/aside\n"
    f"rm -f /var/lib/systemd/timers/stamp-{CHECK}.timer\n"
    f"userdel -r {EXPIRED} 2>/dev/null\n" + RELOAD
)
"""Take all of it away, on hosts that others use after us."""
