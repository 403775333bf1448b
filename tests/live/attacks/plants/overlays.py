"""Units that every host has, replaced by copies above them, and timers that start something else."""

from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import RELOAD, SYSTEM, VENDOR, drop, put, put_pair, service


def _shadowed(
    id_: str, unit: str, where: str, edit: str, why: str, *, technique: str, accept: tuple[str, ...]
) -> Plant:
    stem = unit.rpartition(".")[0]
    return Plant(
        id=id_,
        technique=technique,
        why=why,
        plant=f"mkdir -p {where}\nsed '{edit}' {VENDOR}/{unit} >{where}/{unit}\n"
        f"! cmp -s {VENDOR}/{unit} {where}/{unit}\n" + RELOAD,
        undo=drop(f"{where}/{unit}") + RELOAD,
        names=(f"{stem}.*",),
        accept=accept,
        severity="high",
    )


SHADOWS = (
    _shadowed(
        "shadow-etc",
        "phpsessionclean.service",
        SYSTEM,
        "s,^ExecStart=.*,ExecStartPre=-/bin/true\\n&,",
        "a copy in /etc with one line more",
        technique="shadow",
        accept=(),
    ),
    _shadowed(
        "shadow-local",
        "man-db.service",
        "/usr/local/lib/systemd/system",
        "$aExecStopPost=/bin/true",
        "a copy in the administrator's library",
        technique="shadow",
        accept=("unusual-directory",),
    ),
    _shadowed(
        "shadow-run",
        "fstrim.service",
        "/run/systemd/system",
        "s,^ExecStart=,ExecStart=/usr/bin/env ,",
        "a copy below /run that wraps the command",
        technique="shadow",
        accept=("unusual-directory",),
    ),
    _shadowed(
        "shadow-timer",
        "sysstat-summary.timer",
        SYSTEM,
        "s,^OnCalendar=.*,OnCalendar=*:0/2,",
        "a copy of the timer only, much faster",
        technique="shadow",
        accept=(),
    ),
)

RETARGETS = (
    Plant(
        id="retarget-drop-in",
        technique="retarget",
        why="a vendor's timer starts another service",
        plant=put(f"{SYSTEM}/apt-daily.timer.d/fast.conf", "[Timer]\nUnit=housekeeper.service\n")
        + put(f"{SYSTEM}/housekeeper.service", service("/usr/bin/true"))
        + RELOAD,
        undo=drop(f"{SYSTEM}/apt-daily.timer.d/fast.conf", f"{SYSTEM}/housekeeper.service") + RELOAD,
        names=("apt-daily.*", "housekeeper.service"),
        accept=("drop-in", "impairment"),
        among=("retarget",),
        severity="high",
    ),
    _shadowed(
        "retarget-copy",
        "man-db.timer",
        SYSTEM,
        "s,^\\[Timer\\]$,[Timer]\\nUnit=systemd-tmpfiles-clean.service,",
        "a copy of the timer that starts another vendor's service",
        technique="retarget",
        accept=("shadow",),
    ),
    Plant(
        id="retarget-first-wins",
        technique="retarget",
        why="two Unit= lines: whoever reads the last one is deceived",
        plant=put_pair(
            "mirror-probe",
            "[Timer]\nOnCalendar=*-*-* 01:10\nUnit=mirror-work.service\nUnit=logrotate.service\n",
            service("/usr/bin/true decoy"),
        )
        + put(f"{SYSTEM}/mirror-work.service", service("/bin/sh -c 'true'"))
        + RELOAD
        + "systemctl start mirror-probe.timer\n",
        undo="systemctl stop mirror-probe.timer\n"
        + drop(*(f"{SYSTEM}/mirror-{name}" for name in ("probe.timer", "probe.service", "work.service")))
        + RELOAD,
        names=("mirror-*",),
        accept=("plain-pair", "indirect", "evasion"),
    ),
)
