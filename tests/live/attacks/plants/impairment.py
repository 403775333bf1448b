"""What keeps guards from running."""

from tests.live.attacks.household import CHECK
from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import RELOAD, SYSTEM, VENDOR, drop, keep, put, restore

_WANTS = f"{SYSTEM}/timers.target.wants"
_UPGRADE = "apt-daily-upgrade"


def _impaired(id_: str, edit: str, undo: str, why: str, *names: str, accept: tuple[str, ...] = ()) -> Plant:
    return Plant(
        id=id_, technique="impairment", why=why, plant=edit, undo=undo, names=names, accept=accept, severity="high"
    )


def _muffled(id_: str, unit: str, text: str, why: str) -> Plant:
    path = f"{SYSTEM}/{unit}.d/site.conf"
    names = (f"{unit.rpartition('.')[0]}.*", path)
    return _impaired(id_, put(path, text) + RELOAD, drop(path) + RELOAD, why, *names, accept=("drop-in",))


IMPAIRMENT = (
    _impaired(
        "impaired-masked",
        f"systemctl mask --now {_UPGRADE}.timer\n",
        f"systemctl unmask {_UPGRADE}.timer\nsystemctl start {_UPGRADE}.timer\n",
        "updates are masked",
        f"{_UPGRADE}.*",
    ),
    _impaired(
        "impaired-disabled",
        f"systemctl disable --now {CHECK}.timer\n",
        f"systemctl enable --now {CHECK}.timer\n",
        "an integrity check is disabled",
        f"{CHECK}.*",
    ),
    _impaired(
        "impaired-file-removed",
        keep(f"{VENDOR}/apt-daily.timer") + f"systemctl stop apt-daily.timer\nrm {VENDOR}/apt-daily.timer\n" + RELOAD,
        restore(f"{VENDOR}/apt-daily.timer") + RELOAD + "systemctl start apt-daily.timer\n",
        "the vendor's file is gone, its package is not",
        "apt-daily.*",
        accept=("leftover",),
    ),
    _muffled(
        "impaired-never",
        f"{CHECK}.timer",
        "[Timer]\nOnCalendar=\nOnCalendar=2199-01-01\n",
        "an integrity check runs in another century",
    ),
    _muffled("impaired-no-schedule", "apt-daily.timer", "[Timer]\nOnCalendar=\n", "the schedule is emptied"),
    _muffled(
        "impaired-does-nothing",
        f"{CHECK}.service",
        "[Service]\nExecStart=\nExecStart=/usr/bin/true\n",
        "an integrity check runs and checks nothing",
    ),
    _muffled(
        "impaired-condition",
        f"{_UPGRADE}.service",
        "[Unit]\nConditionPathExists=/run/never\n",
        "updates wait for a file that never is",
    ),
    _impaired(
        "impaired-stopped",
        f"systemctl stop {CHECK}.timer\n",
        f"systemctl start {CHECK}.timer\n",
        "an integrity check is enabled and does not wait",
        f"{CHECK}.*",
    ),
    _impaired(
        "impaired-link-deleted",
        keep(f"{_WANTS}/{_UPGRADE}.timer") + f"rm {_WANTS}/{_UPGRADE}.timer\n",
        restore(f"{_WANTS}/{_UPGRADE}.timer"),
        "the link is gone, the timer still waits until the next boot",
        f"{_UPGRADE}.*",
    ),
    _impaired(
        "impaired-masked-in-run",
        f"systemctl mask --runtime {_UPGRADE}.service\n",
        f"systemctl unmask --runtime {_UPGRADE}.service\n",
        "the service is masked until the next boot, the timer is as it was",
        f"{_UPGRADE}.*",
    ),
    _impaired(
        "impaired-empty-file",
        f": >{SYSTEM}/{_UPGRADE}.service\n" + RELOAD,
        f"rm {SYSTEM}/{_UPGRADE}.service\n" + RELOAD,
        "an empty file masks, too",
        f"{_UPGRADE}.*",
        accept=("shadow",),
    ),
)
