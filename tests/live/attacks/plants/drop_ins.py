"""Units that every host has, changed by drop-ins beside them."""

from tests.live.attacks.household import MAIL_TIDY
from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import RELOAD, SYSTEM, drop, put


def _dropped(
    id_: str,
    path: str,
    text: str,
    why: str,
    *names: str,
    technique: str = "drop-in",
    accept: tuple[str, ...] = (),
    first: int = 247,
) -> Plant:
    return Plant(
        id=id_,
        technique=technique,
        why=why,
        plant=put(path, text) + RELOAD,
        undo=drop(path) + RELOAD,
        names=(*names, path),
        accept=accept,
        severity="high",
        systemd=(first, 9999),
    )


DROP_INS = (
    _dropped(
        "drop-in-after",
        f"{SYSTEM}/logrotate.service.d/50-metrics.conf",
        "[Service]\nExecStartPost=/bin/true\n",
        "two lines: one more command after a vendor's",
        "logrotate.*",
    ),
    _dropped(
        "drop-in-preload",
        f"{SYSTEM}/man-db.service.d/locale.conf",
        '[Service]\nEnvironment="LANG=C" LD_PRELOAD=/usr/local/lib/libwx.so.3\n',
        "a library loaded into a vendor's program, behind a harmless variable",
        "man-db.*",
    ),
    _dropped(
        "drop-in-prefix",
        f"{SYSTEM}/apt-daily-.service.d/proxy.conf",
        "[Service]\nExecStartPre=-/bin/true\n",
        "for all units whose names begin alike",
        "apt-daily*",
    ),
    _dropped(
        "drop-in-every-service",
        f"{SYSTEM}/service.d/10-limits.conf",
        "[Service]\nExecStartPost=-/bin/true\n",
        "one file, one more command in every service",
        "service.d",
    ),
    _dropped(
        "drop-in-every-timer",
        f"{SYSTEM}/timer.d/zz-slack.conf",
        "[Timer]\nOnCalendar=2099-05-05 05:05\n",
        "one more schedule for every timer",
        "timer.d",
        accept=("impairment",),
    ),
    _dropped(
        "drop-in-every-user-service",
        "/etc/systemd/user/service.d/10-env.conf",
        "[Service]\nEnvironment=BASH_ENV=/usr/local/share/rc.d/env\n",
        "a shell's start file for every service of every user",
        "service.d",
        accept=("user-unit",),
    ),
    _dropped(
        "drop-in-environment-file",
        f"{SYSTEM}/phpsessionclean.service.d/env.conf",
        "[Service]\nEnvironmentFile=-/var/tmp/.sess.env\n",
        "variables from where everybody may write; the file is not there yet",
        "phpsessionclean.*",
        accept=("payload", "writable"),
    ),
    _dropped(
        "drop-in-run",
        "/run/systemd/system/sysstat-collect.service.d/60.conf",
        "[Service]\nExecStartPre=/usr/bin/env true\n",
        "below /run, gone after a reboot",
        "sysstat-collect.*",
    ),
    _dropped(
        "drop-in-control",
        f"{SYSTEM}.control/anacron.service.d/50-Environment.conf",
        '# This is a drop-in unit file extension, created via "systemctl set-property"\n'
        "[Service]\nExecStopPost=/bin/true\n",
        "where set-property writes, in its dress",
        "anacron.*",
        accept=("unusual-directory",),
    ),
    _dropped(
        "drop-in-no-timer",
        f"{SYSTEM}/ssh.service.d/rate.conf",
        "[Service]\nExecStartPost=-/bin/true\n",
        "at a service that no timer starts",
        "ssh.service",
        "sshd.service",
    ),
    _dropped(
        "drop-in-user",
        f"{MAIL_TIDY}.service.d/more.conf",
        "[Service]\nExecStartPost=/usr/bin/true\n",
        "at a user's job that is accepted",
        "mail-tidy.*",
        accept=("user-unit",),
    ),
    _dropped(
        "drop-in-other-account",
        f"{SYSTEM}/ledger-export.service.d/who.conf",
        "[Service]\nUser=ops\nExecStart=\nExecStart=/bin/sh /opt/ledger/export.sh --full\n",
        "the list is emptied and filled again, another account",
        "ledger-export.*",
    ),
    _dropped(
        "drop-in-search-path",
        f"{SYSTEM}/systemd-tmpfiles-clean.service.d/paths.conf",
        "[Service]\nExecSearchPath=/opt/.b:/usr/bin\n",
        "a bare name is looked for elsewhere first",
        "systemd-tmpfiles-clean.*",
        accept=("payload",),
        first=250,
    ),
)
