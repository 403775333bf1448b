"""Units of users: one's own, everybody's, a daemon's, root's own manager, and who is started at boot."""

from tests.live.attacks.household import EXPIRED
from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import drop, link, put_pair, service, timer

_LINGER = "/var/lib/systemd/linger"


def _own(user: str, home: str, name: str, *, folder: str = ".config", wants: str = "timers.target.wants") -> str:
    where = f"{home}/{folder}/systemd/user"
    enabled = link(f"{where}/{name}.timer", f"{home}/.config/systemd/user/{wants}/{name}.timer")
    return (
        put_pair(name, timer("OnCalendar=*:0/13"), service("/usr/bin/true"), where)
        + enabled
        + f"chown -R {user}: {home}/{folder} {home}/.config\n"
    )


def _own_gone(home: str, name: str, *, folder: str = ".config", wants: str = "timers.target.wants") -> str:
    where = f"{home}/{folder}/systemd/user"
    return drop(f"{home}/.config/systemd/user/{wants}/{name}.timer", f"{where}/{name}.timer", f"{where}/{name}.service")


def _for_all(
    id_: str, name: str, where: str, why: str, *, wants: str = "timers.target.wants", last: int = 9999
) -> Plant:
    enabled = f"{where}/{wants}/{name}.timer"
    return Plant(
        id=id_,
        technique="user-unit",
        why=why,
        plant=put_pair(name, timer("OnStartupSec=4min"), service("/usr/bin/true"), where)
        + link(f"../{name}.timer", enabled),
        undo=drop(enabled, f"{where}/{name}.timer", f"{where}/{name}.service"),
        names=(f"{name}.*",),
        accept=("unusual-directory",),
        among=("user-unit",),
        systemd=(247, last),
    )


USERS = (
    Plant(
        id="user-config-and-linger",
        technique="user-unit",
        why="a user's own pair, and a manager that starts at boot",
        plant=_own("viewer", "/home/viewer", "photo-sync") + f"touch {_LINGER}/viewer\n",
        undo=_own_gone("/home/viewer", "photo-sync") + f"rm -f {_LINGER}/viewer\n",
        names=("photo-sync.*", "viewer"),
        severity="high",
    ),
    Plant(
        id="user-local-share",
        technique="user-unit",
        why="the pair lies among the user's data",
        plant=_own("ops", "/home/ops", "keyring-gc", folder=".local/share"),
        undo=_own_gone("/home/ops", "keyring-gc", folder=".local/share"),
        names=("keyring-gc.*",),
    ),
    Plant(
        id="user-running-manager",
        technique="user-unit",
        why="of a user whose manager runs, loaded and started",
        plant=_own("deploy", "/home/deploy", "npm-audit")
        + "set -- setpriv --reuid=deploy --regid=deploy --init-groups env XDG_RUNTIME_DIR=/run/user/$(id -u deploy)\n"
        '"$@" systemctl --user daemon-reload\n"$@" systemctl --user start npm-audit.timer\n',
        undo=_own_gone("/home/deploy", "npm-audit")
        + "set -- setpriv --reuid=deploy --regid=deploy --init-groups env XDG_RUNTIME_DIR=/run/user/$(id -u deploy)\n"
        '"$@" systemctl --user stop npm-audit.timer\n"$@" systemctl --user daemon-reload\n',
        names=("npm-audit.*",),
    ),
    Plant(
        id="user-root",
        technique="user-unit",
        why="root's own user manager, which nobody looks at",
        plant=_own("root", "/root", "xdg-tidy"),
        undo=_own_gone("/root", "xdg-tidy"),
        names=("xdg-tidy.*",),
        severity="high",
    ),
    Plant(
        id="user-daemon",
        technique="user-unit",
        why="in the home of a service account without a shell, lingering",
        plant="install -d -o www-data -g www-data /var/www\n"
        + _own("www-data", "/var/www", "asset-pack")
        + f"touch {_LINGER}/www-data\n",
        undo=_own_gone("/var/www", "asset-pack") + f"rm -f {_LINGER}/www-data\n",
        names=("asset-pack.*", "www-data"),
        accept=("privilege",),
        severity="high",
    ),
    Plant(
        id="user-wants-multi-user",
        technique="user-unit",
        why="a target that users' managers do not have",
        plant=_own("ops", "/home/ops", "clip-relay", wants="multi-user.target.wants"),
        undo=_own_gone("/home/ops", "clip-relay", wants="multi-user.target.wants"),
        names=("clip-relay.*",),
    ),
    Plant(
        id="user-dormant",
        technique="dormant",
        why="a user's pair that nothing enables",
        plant=_own("ops", "/home/ops", "draft-gc") + "rm -r /home/ops/.config/systemd/user/timers.target.wants\n",
        undo=_own_gone("/home/ops", "draft-gc"),
        names=("draft-gc.*",),
        accept=("user-unit",),
        severity="low",
    ),
    _for_all("all-users-etc", "desktop-index", "/etc/systemd/user", "for every user, enabled by hand"),
    _for_all("all-users-xdg", "tray-cache", "/etc/xdg/systemd/user", "for every user, up to systemd 253", last=253),
    _for_all(
        "all-users-local-lib",
        "portal-warm",
        "/usr/local/lib/systemd/user",
        "for every user, where nobody looks",
        wants="default.target.wants",
    ),
    _for_all(
        "all-users-local-share", "mime-sync", "/usr/local/share/systemd/user", "for every user, among shared data"
    ),
    Plant(
        id="linger-expired",
        technique="privilege",
        why="a manager at boot for an account that expired (M1018)",
        plant=f"touch {_LINGER}/{EXPIRED}\n",
        undo=f"rm -f {_LINGER}/{EXPIRED}\n",
        names=(EXPIRED,),
        accept=("user-unit", "identity"),
    ),
    Plant(
        id="linger-no-shell",
        technique="privilege",
        why="a manager at boot for an account that cannot log in (M1018)",
        plant=f"touch {_LINGER}/games\n",
        undo=f"rm -f {_LINGER}/games\n",
        names=("games",),
        accept=("user-unit", "identity"),
    ),
    Plant(
        id="linger-nobody-knows",
        technique="privilege",
        why="a linger file of an account that does not exist (M1018)",
        plant=f"touch {_LINGER}/svc-gone\n",
        undo=f"rm -f {_LINGER}/svc-gone\n",
        names=("svc-gone",),
        accept=("user-unit", "identity", "leftover"),
        severity="low",
    ),
)
