"""What one account sees and another does not: plants on hosts that are visited by sudo, or by a plain account."""

from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import RELOAD, SYSTEM, drop, drop_pair, enable, link, put, put_pair, service, timer


def _closed(name: str) -> str:
    return f"chmod 0600 {SYSTEM}/{name}.timer {SYSTEM}/{name}.service\n"


VANTAGE = (
    Plant(
        id="sudo-sees-closed-files",
        technique="plain-pair",
        why="only root may read the files; the visit comes by sudo",
        plant=put_pair("hsm-sync", timer("OnCalendar=*:0/3"), service("/usr/bin/true"))
        + _closed("hsm-sync")
        + enable("hsm-sync"),
        undo=drop_pair("hsm-sync"),
        names=("hsm-sync.*",),
        severity="high",
        account="deploy",
    ),
    Plant(
        id="sudo-sees-roots-own",
        technique="user-unit",
        why="root's own manager has a unit; the visit comes by sudo",
        plant=put_pair("gpg-renew", timer("OnStartupSec=1h"), service("/usr/bin/true"), "/root/.config/systemd/user")
        + link("../gpg-renew.timer", "/root/.config/systemd/user/default.target.wants/gpg-renew.timer"),
        undo=drop(
            *(f"/root/.config/systemd/user/{name}" for name in ("gpg-renew.timer", "gpg-renew.service")),
            "/root/.config/systemd/user/default.target.wants/gpg-renew.timer",
        ),
        names=("gpg-renew.*",),
        accept=("plain-pair",),
        account="deploy",
    ),
    Plant(
        id="sudo-sees-closed-folder",
        technique="drop-in",
        why="the folder of the drop-in is closed; the visit comes by sudo",
        plant=put(f"{SYSTEM}/sysstat-summary.service.d/x.conf", "[Service]\nExecStopPost=/usr/bin/true\n", "0600")
        + f"chmod 0700 {SYSTEM}/sysstat-summary.service.d\n"
        + RELOAD,
        undo=drop(f"{SYSTEM}/sysstat-summary.service.d/x.conf") + RELOAD,
        names=("sysstat-summary.*",),
        severity="high",
        account="deploy",
    ),
    Plant(
        id="plain-account-sees-pair",
        technique="plain-pair",
        why="everybody may read the files; the visit comes by a plain account",
        plant=put_pair("smart-poll", timer("OnCalendar=*:0/4"), service("/bin/sh -c true")) + enable("smart-poll"),
        undo=drop_pair("smart-poll"),
        names=("smart-poll.*",),
        account="viewer",
    ),
    Plant(
        id="plain-account-sees-its-own",
        technique="user-unit",
        why="the account's own unit",
        plant=put_pair(
            "im-notify", timer("OnCalendar=*:0/41"), service("/usr/bin/true"), "/home/viewer/.config/systemd/user"
        )
        + link("../im-notify.timer", "/home/viewer/.config/systemd/user/timers.target.wants/im-notify.timer")
        + "chown -R viewer: /home/viewer/.config\n",
        undo=drop(
            *(f"/home/viewer/.config/systemd/user/{name}" for name in ("im-notify.timer", "im-notify.service")),
            "/home/viewer/.config/systemd/user/timers.target.wants/im-notify.timer",
        ),
        names=("im-notify.*",),
        account="viewer",
    ),
    Plant(
        id="plain-account-sees-drop-in",
        technique="drop-in",
        why="one more command in a vendor's service; the visit comes by a plain account",
        plant=put(f"{SYSTEM}/phpsessionclean.service.d/y.conf", "[Service]\nExecStartPre=/usr/bin/true\n") + RELOAD,
        undo=drop(f"{SYSTEM}/phpsessionclean.service.d/y.conf") + RELOAD,
        names=("phpsessionclean.*",),
        account="viewer",
    ),
    Plant(
        id="plain-account-sees-transient",
        technique="transient",
        why="a transient timer of the system; the visit comes by a plain account",
        plant="systemd-run --unit=nvme-log --on-calendar='*:0/52' /usr/bin/true\n",
        undo="systemctl stop nvme-log.timer 2>/dev/null\n",
        names=("nvme-log.*",),
        account="viewer",
    ),
)
