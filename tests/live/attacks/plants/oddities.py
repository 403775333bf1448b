"""Times and attributes that deceive a reader, and what is left when all is gone."""

from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import (
    RELOAD,
    SYSTEM,
    VENDOR,
    drop,
    drop_pair,
    enable,
    link,
    put,
    put_pair,
    service,
    timer,
)

ATTRIBUTES = (
    Plant(
        id="attributes-time-copied",
        technique="attributes",
        why="the files claim to be as old as a package's",
        plant=put_pair("edac-scan", timer("OnCalendar=*:0/50"), service("/usr/bin/true"))
        + f"touch -r {VENDOR}/cron.service {SYSTEM}/edac-scan.timer {SYSTEM}/edac-scan.service\n"
        + enable("edac-scan"),
        undo=drop_pair("edac-scan"),
        names=("edac-scan.*",),
        accept=("plain-pair",),
        among=("attributes",),
    ),
    Plant(
        id="attributes-immutable",
        technique="attributes",
        why="the files cannot be removed before somebody thinks of lsattr",
        plant=put_pair("xen-note", timer("OnCalendar=*:0/55"), service("/usr/bin/true"))
        + enable("xen-note")
        + f"chattr +i {SYSTEM}/xen-note.timer {SYSTEM}/xen-note.service\n",
        undo=f"chattr -i {SYSTEM}/xen-note.timer {SYSTEM}/xen-note.service\n" + drop_pair("xen-note"),
        names=("xen-note.*",),
        accept=("plain-pair",),
        among=("attributes",),
        needs=("chattr", "lsattr"),
    ),
    Plant(
        id="attributes-append-only",
        technique="attributes",
        why="an accepted job's unit was made append-only",
        plant=f"chattr +a {SYSTEM}/night-report.service\n",
        undo=f"chattr -a {SYSTEM}/night-report.service\n",
        names=("night-report.*",),
        accept=("writable", "change"),
        severity="low",
        needs=("chattr", "lsattr"),
    ),
    Plant(
        id="attributes-folder",
        technique="attributes",
        why="links in a folder cannot be removed",
        plant=f"chattr +i {SYSTEM}/timers.target.wants\n",
        undo=f"chattr -i {SYSTEM}/timers.target.wants\n",
        names=(f"{SYSTEM}/timers.target.wants",),
        severity="low",
        needs=("chattr", "lsattr"),
    ),
)

LEFTOVERS = (
    Plant(
        id="left-stamp",
        technique="leftover",
        why="a persistent timer ran, and is gone",
        plant="touch /var/lib/systemd/timers/stamp-relic-sync.timer\n",
        undo="rm -f /var/lib/systemd/timers/stamp-relic-sync.timer\n",
        names=("relic-sync.timer",),
        severity="low",
    ),
    Plant(
        id="left-stamp-of-a-user",
        technique="leftover",
        why="the same of a user's",
        plant="mkdir -p /home/ops/.local/share/systemd/timers\n"
        "touch /home/ops/.local/share/systemd/timers/stamp-relic-own.timer\nchown -R ops: /home/ops/.local\n",
        undo=drop("/home/ops/.local/share/systemd/timers/stamp-relic-own.timer"),
        names=("relic-own.timer",),
        severity="low",
    ),
    Plant(
        id="left-link",
        technique="leftover",
        why="the enabling link is there, the timer is not",
        plant=link(f"{SYSTEM}/gone-poll.timer", f"{SYSTEM}/timers.target.wants/gone-poll.timer") + RELOAD,
        undo=f"rm -f {SYSTEM}/timers.target.wants/gone-poll.timer\n" + RELOAD,
        names=("gone-poll.*",),
        accept=("dormant", "link-out"),
        severity="low",
    ),
    Plant(
        id="left-drop-in",
        technique="leftover",
        why="a drop-in waits for a unit that is not there",
        plant=put(f"{SYSTEM}/absent-agent.service.d/go.conf", "[Service]\nExecStartPost=/usr/bin/true\n") + RELOAD,
        undo=drop(f"{SYSTEM}/absent-agent.service.d/go.conf") + RELOAD,
        names=("absent-agent.*",),
        accept=("dormant", "drop-in"),
        severity="low",
    ),
)
