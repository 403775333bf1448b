"""Pairs in directories where nobody expects them, links that lead out, and files that wait."""

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
    start,
    timer,
)


def _placed(id_: str, name: str, where: str, why: str, *accept: str, when: str = "OnCalendar=*:3/30") -> Plant:
    return Plant(
        id=id_,
        technique="unusual-directory",
        why=why,
        plant=put_pair(name, timer(when), service("/usr/bin/true"), where) + start(name),
        undo=drop_pair(name, where),
        names=(f"{name}.*",),
        accept=accept,
        among=("unusual-directory",),
    )


PLACES = (
    _placed("place-control", "quota-eval", f"{SYSTEM}.control", "where set-property writes"),
    _placed("place-attached", "img-verify", "/run/systemd/system.attached", "where portable services are attached"),
    _placed("place-run", "net-settle", "/run/systemd/system", "gone after a reboot", when="OnBootSec=1h"),
    _placed("place-local-lib", "cups-poll", "/usr/local/lib/systemd/system", "above the vendor's, seldom looked at"),
    Plant(
        id="place-generator-early",
        technique="unusual-directory",
        why="written by hand where only generators write, above /etc; gone at the next reload, and not loaded before",
        plant=put_pair(
            "crypt-wait", timer("OnActiveSec=70min"), service("/usr/bin/true"), "/run/systemd/generator.early"
        ),
        undo=drop_pair("crypt-wait", "/run/systemd/generator.early"),
        names=("crypt-wait.*",),
        accept=("generator", "dormant"),
        severity="low",
    ),
    Plant(
        id="place-vendor-unowned",
        technique="unusual-directory",
        why="among the packages' units, and of no package; enabled there, too",
        plant=put_pair("fwupd-probe", timer("OnCalendar=Sun 02:00"), service("/usr/bin/true"), VENDOR)
        + link("../fwupd-probe.timer", f"{VENDOR}/timers.target.wants/fwupd-probe.timer")
        + start("fwupd-probe"),
        undo=drop(f"{VENDOR}/timers.target.wants/fwupd-probe.timer") + drop_pair("fwupd-probe", VENDOR),
        names=("fwupd-probe.*",),
        accept=("plain-pair",),
        among=("unusual-directory",),
    ),
)

LINKS = (
    Plant(
        id="link-to-tmp",
        technique="link-out",
        why="both units lie in /tmp, in a hidden folder",
        plant=put_pair("spool-sweep", timer("OnCalendar=*:0/6"), service("/usr/bin/true"), "/tmp/.w3")
        + "systemctl link /tmp/.w3/spool-sweep.timer /tmp/.w3/spool-sweep.service\n"
        + start("spool-sweep"),
        undo="systemctl stop spool-sweep.timer\nsystemctl disable spool-sweep.timer 2>/dev/null\n"
        + drop_pair("spool-sweep")
        + "rm -rf /tmp/.w3\n",
        names=("spool-sweep.*",),
        among=("link-out",),
        severity="high",
    ),
    Plant(
        id="link-to-memory-disk",
        technique="link-out",
        why="only the service lies outside",
        plant=put("/dev/shm/ledctl", service("/usr/bin/true"))
        + put(f"{SYSTEM}/led-blink.timer", timer("OnCalendar=Tue 13:30"))
        + link("/dev/shm/ledctl", f"{SYSTEM}/led-blink.service")
        + enable("led-blink"),
        undo=drop_pair("led-blink") + "rm -f /dev/shm/ledctl\n",
        names=("led-blink.*",),
        accept=("plain-pair", "writable"),
        among=("link-out",),
        severity="high",
    ),
    Plant(
        id="link-to-home",
        technique="link-out",
        why="whoever owns the home says what root runs",
        plant=put_pair(
            "build-tick", timer("OnUnitActiveSec=1h\nOnActiveSec=1h"), service("/usr/bin/true"), "/home/deploy/u"
        )
        + "chown -R deploy:deploy /home/deploy/u\n"
        "systemctl link /home/deploy/u/build-tick.timer /home/deploy/u/build-tick.service\n" + start("build-tick"),
        undo=drop_pair("build-tick") + "rm -rf /home/deploy/u\n",
        names=("build-tick.*",),
        accept=("writable",),
        among=("link-out",),
        severity="high",
    ),
    Plant(
        id="link-to-opt",
        technique="link-out",
        why="a pair that was made known by systemctl link and enabled",
        plant=put_pair("kiosk-ping", timer("OnCalendar=*-*-* *:47"), service("/usr/bin/true"), "/opt/kiosk")
        + "systemctl link /opt/kiosk/kiosk-ping.service\nsystemctl enable --now /opt/kiosk/kiosk-ping.timer\n",
        undo=drop_pair("kiosk-ping") + "rm -rf /opt/kiosk\n",
        names=("kiosk-ping.*",),
        accept=("plain-pair",),
    ),
    Plant(
        id="link-dangles",
        technique="link-out",
        why="the link is still there, what it led to in /var/tmp is not",
        plant=link("/var/tmp/.q/rng-feed.timer", f"{SYSTEM}/rng-feed.timer")
        + link("../rng-feed.timer", f"{SYSTEM}/timers.target.wants/rng-feed.timer"),
        undo=drop(f"{SYSTEM}/rng-feed.timer", f"{SYSTEM}/timers.target.wants/rng-feed.timer") + RELOAD,
        names=("rng-feed.*",),
        accept=("leftover", "dormant"),
    ),
)

DORMANT = (
    Plant(
        id="dormant-pair",
        technique="dormant",
        why="nothing enables it, nothing has loaded it",
        plant=put_pair("raid-idle", timer("OnCalendar=monthly"), service("/usr/bin/true")),
        undo=drop_pair("raid-idle"),
        names=("raid-idle.*",),
        severity="low",
    ),
    Plant(
        id="dormant-local",
        technique="dormant",
        why="the same in the administrator's library, without [Install]",
        plant=put_pair(
            "vlan-check", "[Timer]\nOnBootSec=90s\n", service("/bin/sh -c true"), "/usr/local/lib/systemd/system"
        ),
        undo=drop_pair("vlan-check", "/usr/local/lib/systemd/system"),
        names=("vlan-check.*",),
        accept=("unusual-directory",),
        severity="low",
    ),
    Plant(
        id="dormant-preset",
        technique="dormant",
        why="disabled for now, and a preset that will enable it",
        plant=put_pair("ipmi-log", timer("OnCalendar=weekly"), service("/usr/bin/true"))
        + put("/etc/systemd/system-preset/10-ipmi.preset", "enable ipmi-log.timer\n")
        + RELOAD,
        undo=drop("/etc/systemd/system-preset/10-ipmi.preset") + drop_pair("ipmi-log"),
        names=("ipmi-log.*",),
        severity="low",
    ),
)
