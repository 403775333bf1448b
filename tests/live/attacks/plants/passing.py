"""Timers without files: made by systemd-run, deleted after they were started, gone before anybody looked."""

from tests.live.attacks.household import REPORT
from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import (
    RELOAD,
    SYSTEM,
    as_user,
    drop,
    drop_pair,
    put,
    put_pair,
    service,
    start,
    timer,
)

_DEPLOY = "/run/user/$(id -u deploy)/systemd/transient"
_STOP_NAMELESS = (
    'for path in /run/systemd/transient/run-*.timer; do systemctl stop "${path##*/}"; done 2>/dev/null\n'
    "systemctl reset-failed 2>/dev/null\n"
)
_STOP_NAMELESS_USER = (
    f"for path in {_DEPLOY}/run-*.timer; do\n  name=${{path##*/}}\n  {as_user('deploy', 'systemctl --user stop $name')}"
    "done 2>/dev/null\n"
)


def _once_gone(pattern: str) -> str:
    return f"for _ in $(seq 50); do ls {pattern} >/dev/null 2>&1 || break; sleep 0.2; done\n"


TRANSIENT = (
    Plant(
        id="transient-every-minute",
        technique="transient",
        why="systemd-run with a calendar, every minute, without a name (ATT&CK T1053.006, the system's transient one)",
        plant="systemd-run --on-calendar='*:0/1' /bin/sh -c true\n",
        undo=_STOP_NAMELESS,
        names=("run-*",),
    ),
    Plant(
        id="transient-once",
        technique="transient",
        why="runs once, in forty minutes",
        plant="systemd-run --on-active=40min --timer-property=AccuracySec=1us /usr/bin/true -- now\n",
        undo=_STOP_NAMELESS,
        names=("run-*",),
    ),
    Plant(
        id="transient-named",
        technique="transient",
        why="with a name and a description as if it were installed",
        plant="systemd-run --unit=dbus-refresh --description='D-Bus activation cache' --on-boot=1d "
        "--on-unit-active=3min /usr/bin/env true\n",
        undo="systemctl stop dbus-refresh.timer dbus-refresh.service 2>/dev/null\n",
        names=("dbus-refresh.*",),
    ),
    Plant(
        id="transient-of-a-vendor-service",
        technique="transient",
        why="a timer only, in memory, that starts a service which is there anyway",
        plant="systemd-run --unit=cron --on-calendar='Mon *-*-* 03:00' --timer-property=Persistent=no\n",
        undo="systemctl stop cron.timer 2>/dev/null\n",
        names=("cron.*",),
        accept=("retarget",),
    ),
    Plant(
        id="transient-by-hand",
        technique="transient",
        why="files that were put where systemd keeps its own",
        plant=put_pair("lvm-pulse", timer("OnActiveSec=50min"), service("/usr/bin/true"), "/run/systemd/transient")
        + start("lvm-pulse"),
        undo=drop_pair("lvm-pulse", "/run/systemd/transient"),
        names=("lvm-pulse.*",),
        accept=("unusual-directory",),
    ),
    Plant(
        id="transient-user-every-minute",
        technique="transient",
        why="systemd-run --user with a calendar (ATT&CK T1053.006, the user's transient one)",
        plant=as_user("deploy", "systemd-run --user --on-calendar='*:0/1' /bin/sh -c true"),
        undo=_STOP_NAMELESS_USER,
        names=("run-*",),
        accept=("user-unit",),
        among=("transient",),
    ),
    Plant(
        id="transient-user-named",
        technique="transient",
        why="a user's, with a name",
        plant=as_user("deploy", "systemd-run --user --unit=gvfs-poll --on-active=2h /usr/bin/true"),
        undo=as_user("deploy", "systemctl --user stop gvfs-poll.timer"),
        names=("gvfs-poll.*",),
        accept=("user-unit",),
        among=("transient",),
    ),
)

DELETED = (
    Plant(
        id="deleted-pair",
        technique="deleted-after-start",
        why="files and link are gone, the timer goes on",
        plant=put_pair("spool-tick", timer("OnCalendar=*:0/9"), service("/usr/bin/true"))
        + start("spool-tick")
        + f"rm {SYSTEM}/spool-tick.timer {SYSTEM}/spool-tick.service\n",
        undo="systemctl stop spool-tick.timer\n" + RELOAD,
        names=("spool-tick.*",),
        severity="high",
    ),
    Plant(
        id="deleted-from-run",
        technique="deleted-after-start",
        why="the same below /run, with a service of another name",
        plant=put("/run/systemd/system/pm-wake.timer", timer("OnActiveSec=3h", unit="pm-job.service"))
        + put("/run/systemd/system/pm-job.service", service("/bin/sh -c true"))
        + start("pm-wake")
        + drop("/run/systemd/system/pm-wake.timer", "/run/systemd/system/pm-job.service"),
        undo="systemctl stop pm-wake.timer\n" + RELOAD,
        names=("pm-wake.*", "pm-job.*"),
        severity="high",
    ),
    Plant(
        id="memory-and-disk-differ",
        technique="deleted-after-start",
        why="the manager has loaded another command; on disk all is as it was, times too",
        plant=f"cp -a {SYSTEM}/night-report.service /root/night-report.service\n"
        f"sed -i 's,^ExecStart=.*,ExecStart=/usr/bin/true --in-memory,' {SYSTEM}/night-report.service\n"
        + RELOAD
        + f"systemctl show night-report.service >/dev/null\n"
        f"cat /root/night-report.service >{SYSTEM}/night-report.service\n"
        f"touch -r /root/night-report.service {SYSTEM}/night-report.service\n",
        undo="rm -f /root/night-report.service\n" + RELOAD,
        names=("night-report.*",),
        accept=("hiding", "evasion"),
        severity="high",
    ),
    Plant(
        id="changed-without-reload",
        technique="deleted-after-start",
        why="the file says something else now, and takes effect at the next boot",
        plant=f"cp -a {SYSTEM}/night-report.service /root/night-report.service\n"
        f"sed -i 's,^ExecStart=.*,ExecStart=/usr/bin/env {REPORT},' {SYSTEM}/night-report.service\n",
        undo=f"cp -a /root/night-report.service {SYSTEM}/night-report.service\nrm -f /root/night-report.service\n"
        + RELOAD,
        names=("night-report.*",),
        accept=("change", "payload", "plain-pair", "hiding"),
    ),
)

SHORT_LIVED = (
    Plant(
        id="short-service",
        technique="short-lived",
        why="systemd-run that ended before anybody looked",
        plant="systemd-run --wait --collect --unit=fsprobe-31 /usr/bin/true\n",
        undo="true\n",
        names=("fsprobe-31.*",),
        accept=("transient",),
    ),
    Plant(
        id="short-timer",
        technique="short-lived",
        why="a timer without a name that ran once and is gone",
        plant="systemd-run --on-active=1 --timer-property=AccuracySec=100ms --collect /bin/sh -c true\nsleep 3\n",
        undo=_STOP_NAMELESS,
        names=("run-*",),
        accept=("transient",),
    ),
    Plant(
        id="short-pair",
        technique="short-lived",
        why="a pair that was put there, ran and was taken away",
        plant=put_pair("udf-scan", timer("OnActiveSec=1s\nAccuracySec=100ms"), service("/usr/bin/true"))
        + start("udf-scan")
        + "for _ in $(seq 50); do journalctl -q -n1 -u udf-scan.service | grep -q . && break; sleep 0.2; done\n"
        + "set +e\n"
        + drop_pair("udf-scan")
        + "true\n",
        undo=drop_pair("udf-scan"),
        names=("udf-scan.*",),
        accept=("leftover", "deleted-after-start"),
    ),
    Plant(
        id="short-user",
        technique="short-lived",
        why="a user's systemd-run that ended",
        plant=as_user("deploy", "systemd-run --user --wait --collect --unit=thumb-gc /usr/bin/true"),
        undo="true\n",
        names=("thumb-gc.*",),
        accept=("transient", "user-unit"),
    ),
)
