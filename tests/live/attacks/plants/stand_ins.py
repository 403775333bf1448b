"""Pairs that want to be taken for something else."""

from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import (
    drop_pair,
    enable,
    put_pair,
    service,
    timer,
)


def _pair(id_: str, name: str, why: str, timer_text: str, service_text: str) -> Plant:
    return Plant(
        id=id_,
        technique="look-alike",
        why=why,
        plant=put_pair(name, timer_text, service_text) + enable(name),
        undo=drop_pair(name),
        names=(f"{name}.*",),
        accept=("plain-pair",),
        among=("look-alike",),
    )


STAND_INS = (
    _pair(
        "look-alike-one-letter",
        "logrotatte",
        "one letter from a timer that every host has",
        timer("OnCalendar=daily"),
        service("/usr/bin/true /etc/logrotate.conf"),
    ),
    _pair(
        "look-alike-digit",
        "apt-dai1y",
        "a digit that looks like a letter",
        timer("OnCalendar=*-*-* 6,18:00"),
        service("/usr/bin/true update"),
    ),
    _pair(
        "look-alike-singular",
        "systemd-tmpfile-clean",
        "a vendor's name without its plural, with the vendor's description",
        timer("OnBootSec=15min\nOnUnitActiveSec=1d", about="Daily Cleanup of Temporary Directories"),
        service("/usr/bin/true --clean", about="Cleanup of Temporary Directories"),
    ),
    _pair(
        "look-alike-description",
        "pkgmeta",
        "a strange name under a description that belongs to a package",
        timer("OnCalendar=*-*-* 6:00", about="Daily apt download activities"),
        service("/usr/bin/true", about="Daily apt download activities"),
    ),
    _pair(
        "look-alike-kernel-thread",
        "blk-flush",
        "the process is called like a thread of the kernel (prefix @)",
        timer("OnUnitActiveSec=26min\nOnActiveSec=26min"),
        service("@/usr/bin/true [kworker/2:1-events]"),
    ),
    _pair(
        "look-alike-exec-a",
        "numa-balance",
        "the shell gives the process the name of a thread of the kernel",
        timer("OnCalendar=*:5/40"),
        service("/bin/bash -c \"exec -a '[rcu_preempt]' true\""),
    ),
)
