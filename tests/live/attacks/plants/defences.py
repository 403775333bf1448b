"""What steers the manager, hides directories, hands out rights, or gives a host another name."""

from tests.live.attacks.household import CHECK
from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import RELOAD, SYSTEM, as_user, drop, keep, put, put_pair, restore, service, timer

_WANTS = f"{SYSTEM}/timers.target.wants"
_UPGRADE = "apt-daily-upgrade"


def _granted(id_: str, path: str, text: str, why: str, *names: str) -> Plant:
    return Plant(
        id=id_,
        technique="privilege",
        why=why,
        plant=put(path, text, "0440" if "sudoers" in path else "0644"),
        undo=drop(path),
        names=(path, *names),
    )


MANAGERS = (
    Plant(
        id="manager-preload",
        technique="manager",
        why="a library for every service that starts from now on",
        plant="systemctl set-environment LD_PRELOAD=/usr/local/lib/libq.so.2\n",
        undo="systemctl unset-environment LD_PRELOAD\n",
        names=("environment",),
        severity="high",
    ),
    Plant(
        id="manager-path",
        technique="manager",
        why="programs are looked for elsewhere first",
        plant="systemctl show-environment | sed -n 's/^PATH=//p' >/root/path\n"
        "systemctl set-environment PATH=/opt/.b:/usr/sbin:/usr/bin\n",
        undo='systemctl set-environment "PATH=$(cat /root/path)"\nrm -f /root/path\n',
        names=("environment",),
    ),
    Plant(
        id="manager-of-a-user",
        technique="manager",
        why="a shell's start file for every service of a user",
        plant=as_user("deploy", "systemctl --user set-environment BASH_ENV=/home/deploy/.cache/rc"),
        undo=as_user("deploy", "systemctl --user unset-environment BASH_ENV"),
        names=("environment",),
    ),
)

HIDING = (
    Plant(
        id="hidden-by-bind-mount",
        technique="hiding",
        why="another folder lies over a directory of units",
        plant=put_pair("vol-check", timer("OnCalendar=*:0/18"), service("/usr/bin/true"), "/var/tmp/.u")
        + "mkdir -p /usr/local/lib/systemd/system\nmount --bind /var/tmp/.u /usr/local/lib/systemd/system\n"
        + RELOAD
        + "systemctl start vol-check.timer\n",
        undo="systemctl stop vol-check.timer\numount /usr/local/lib/systemd/system\n"
        + drop("/usr/local/lib/systemd/system")
        + "rm -rf /var/tmp/.u\n"
        + RELOAD,
        names=("/usr/local/lib/systemd/system", "vol-check.*"),
        accept=("unusual-directory",),
        among=("hiding",),
        severity="high",
    ),
    Plant(
        id="hidden-by-empty-disk",
        technique="hiding",
        why="an empty file system lies over a directory of drop-ins",
        plant=f"mkdir -p {SYSTEM}/{CHECK}.service.d\nmount -t tmpfs none {SYSTEM}/{CHECK}.service.d\n",
        undo=f"umount {SYSTEM}/{CHECK}.service.d\nrmdir {SYSTEM}/{CHECK}.service.d\n",
        names=(f"{SYSTEM}/{CHECK}.service.d", f"{CHECK}.*"),
    ),
    Plant(
        id="hidden-in-extension",
        technique="hiding",
        why="an extension of the system waits for the next boot with a unit in it",
        plant=put_pair(
            "ext-poll",
            timer("OnBootSec=5min"),
            service("/usr/bin/true"),
            "/var/lib/extensions/ext/usr/lib/systemd/system",
        )
        + put("/var/lib/extensions/ext/usr/lib/extension-release.d/extension-release.ext", "ID=_any\n"),
        undo=drop("/var/lib/extensions/ext"),
        names=("/var/lib/extensions/ext", "ext-poll.*"),
        accept=("dormant", "unusual-directory"),
        systemd=(252, 9999),
    ),
)

PRIVILEGE = (
    _granted(
        "grant-systemd-run",
        "/etc/sudoers.d/90-probe",
        "viewer ALL=(root) NOPASSWD: /usr/bin/systemd-run *\n",
        "a user may run anything in a transient unit (M1026)",
        "*viewer*",
    ),
    _granted(
        "grant-systemctl",
        "/etc/sudoers.d/50-oncall",
        "Cmnd_Alias UNITS = /usr/bin/systemctl link *, /usr/bin/systemctl start *\n%ops ALL = UNITS\n",
        "a group may make units known and start them (M1026)",
        "*ops*",
        "*UNITS*",
    ),
    _granted(
        "grant-edit",
        "/etc/sudoers.d/60-edit",
        "viewer ALL = NOPASSWD: sudoedit /etc/systemd/system/*\n",
        "a user may edit units (M1026)",
        "*viewer*",
    ),
    _granted(
        "grant-polkit",
        "/etc/polkit-1/rules.d/49-ops.rules",
        "polkit.addRule(function(action, subject) {\n"
        '  if (action.id == "org.freedesktop.systemd1.manage-units" && subject.user == "viewer")'
        " return polkit.Result.YES;\n});\n",
        "a user may start and stop units (M1026)",
        "*polkit*",
    ),
)

IDENTITY = (
    Plant(
        id="identity-machine-id",
        technique="identity",
        why="the host says that it is another machine",
        plant=keep("/etc/machine-id")
        + "tr -d - </proc/sys/kernel/random/uuid >/root/id\ncat /root/id >/etc/machine-id\nrm /root/id\n",
        undo=restore("/etc/machine-id"),
        names=("*machine-id*", "*machine id*"),
        severity="low",
    ),
)
