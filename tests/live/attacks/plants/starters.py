"""What starts a payload without a timer of its own: generators, and units and rules that pull it in."""

from tests.live.attacks.plant import Plant
from tests.live.attacks.shell import ONESHOT, RELOAD, SYSTEM, drop, link, put, put_pair, service, timer

_NOTHING = "#!/bin/sh\nexit 0\n"
_WRITES = """#!/bin/sh
printf '[Timer]\\nOnCalendar=*:0/17\\n' >"$1/iscsi-pulse.timer"
printf '[Service]\\nType=oneshot\\nExecStart=/usr/bin/true\\n' >"$1/iscsi-pulse.service"
mkdir -p "$1/timers.target.wants"
ln -sf ../iscsi-pulse.timer "$1/timers.target.wants/"
"""
_PAYLOAD = service("/usr/bin/true")


def _generator(id_: str, path: str, why: str, text: str = _NOTHING, *names: str) -> Plant:
    return Plant(
        id=id_,
        technique="generator",
        why=why,
        plant=put(path, text, "0755") + RELOAD,
        undo=drop(path) + RELOAD + "systemctl stop iscsi-pulse.timer 2>/dev/null\n",
        names=(path, *names),
        severity="high",
    )


def _pulled(id_: str, name: str, why: str, files: dict[str, str], *names: str, first: int = 247) -> Plant:
    """Something pulls in `name.service`, which no timer starts."""
    texts = {f"{SYSTEM}/{name}.service": _PAYLOAD, **files}
    return Plant(
        id=id_,
        technique="indirect",
        why=why,
        plant="".join(put(path, text) for path, text in texts.items()) + RELOAD,
        undo=drop(*texts)
        + f"systemctl stop {name}.path {name}.socket {name}.service 2>/dev/null\n"
        + RELOAD
        + f"systemctl reset-failed {name}.service 2>/dev/null\n",
        names=(f"{name}.*", *files, *names),
        accept=("drop-in", "plain-pair"),
        among=("indirect",),
        systemd=(first, 9999),
    )


GENERATORS = (
    _generator("generator-system", "/etc/systemd/system-generators/zz-netdev", "run as root at every reload"),
    _generator(
        "generator-that-writes",
        "/usr/local/lib/systemd/system-generators/iscsi-pulse",
        "writes a timer, a service and a link at every reload",
        _WRITES,
        "iscsi-pulse.*",
    ),
    _generator("generator-user", "/usr/local/lib/systemd/user-generators/10-flat", "run for every user"),
    _generator(
        "generator-environment",
        "/etc/systemd/system-environment-generators/20-locale",
        "run before units are loaded",
    ),
    _generator(
        "generator-user-environment",
        "/usr/local/lib/systemd/user-environment-generators/60-path",
        "run before a user's units are loaded",
    ),
    Plant(
        id="generator-swapped",
        technique="generator",
        why="a vendor's generator with other bytes",
        plant="cp -a /usr/lib/systemd/system-generators/systemd-debug-generator /root/kept\n"
        "printf x >>/usr/lib/systemd/system-generators/systemd-debug-generator\n",
        undo="test ! -e /root/kept || mv -f /root/kept /usr/lib/systemd/system-generators/systemd-debug-generator\n",
        names=("/usr/lib/systemd/system-generators/systemd-debug-generator",),
        accept=("payload",),
        severity="high",
    ),
)

INDIRECT = (
    _pulled(
        "indirect-on-failure",
        "crash-note",
        "runs when an accepted job fails",
        {f"{SYSTEM}/night-report.service.d/note.conf": "[Unit]\nOnFailure=crash-note.service\n"},
        "night-report.*",
    ),
    _pulled(
        "indirect-wants",
        "spell-warm",
        "a vendor's service wants it",
        {f"{SYSTEM}/cron.service.d/order.conf": "[Unit]\nWants=spell-warm.service\nAfter=spell-warm.service\n"},
        "cron.service",
    ),
    _pulled(
        "indirect-upholds",
        "seat-guard",
        "a vendor's service keeps it alive",
        {f"{SYSTEM}/cron.service.d/seat.conf": "[Unit]\nUpholds=seat-guard.service\n"},
        "cron.service",
        first=249,
    ),
    _pulled(
        "indirect-path",
        "hosts-watch",
        "starts when a file changes",
        {f"{SYSTEM}/hosts-watch.path": "[Path]\nPathChanged=/etc/hosts\n[Install]\nWantedBy=multi-user.target\n"},
    ),
    _pulled(
        "indirect-socket",
        "ident-lite",
        "starts when somebody connects",
        {f"{SYSTEM}/ident-lite.socket": "[Socket]\nListenStream=/run/ident-lite\n[Install]\nWantedBy=sockets.target\n"},
    ),
    _pulled(
        "indirect-udev",
        "usb-census",
        "starts when a device appears",
        {
            "/etc/udev/rules.d/99-census.rules": 'ACTION=="add", SUBSYSTEM=="usb", TAG+="systemd", '
            'ENV{SYSTEMD_WANTS}+="usb-census.service"\n'
        },
    ),
    _pulled(
        "indirect-dbus",
        "colour-relay",
        "starts when somebody calls a name on the bus",
        {
            "/usr/share/dbus-1/system-services/org.example.Colour.service": "[D-BUS Service]\nName=org.example.Colour\n"
            "Exec=/bin/false\nUser=root\nSystemdService=colour-relay.service\n"
        },
    ),
    Plant(
        id="indirect-by-target",
        technique="indirect",
        why="the timer starts a target, and the target wants the service",
        plant=put(f"{SYSTEM}/heartbeat.timer", timer("OnUnitActiveSec=8h\nOnActiveSec=8h", unit="heartbeat.target"))
        + put(f"{SYSTEM}/heartbeat.target", "[Unit]\nDescription=Heartbeat\n")
        + put(f"{SYSTEM}/heart-work.service", service("/usr/bin/true"))
        + link("../heart-work.service", f"{SYSTEM}/heartbeat.target.wants/heart-work.service")
        + RELOAD
        + "systemctl start heartbeat.timer\n",
        undo="systemctl stop heartbeat.timer\n"
        + drop(
            f"{SYSTEM}/heartbeat.target.wants/heart-work.service",
            *(f"{SYSTEM}/{name}" for name in ("heartbeat.timer", "heartbeat.target", "heart-work.service")),
        )
        + RELOAD,
        names=("heartbeat.*", "heart-work.service"),
        accept=("plain-pair", "retarget"),
        among=("indirect",),
    ),
    Plant(
        id="indirect-on-success",
        technique="indirect",
        why="a new pair runs a program of a package; what counts comes when it has ended",
        plant=put_pair(
            "motd-build",
            timer("OnCalendar=*-*-* 23:55"),
            f"[Unit]\nOnSuccess=motd-after.service\n{ONESHOT}ExecStart=/usr/bin/true\n",
        )
        + put(f"{SYSTEM}/motd-after.service", service("/bin/sh -c true"))
        + RELOAD
        + "systemctl enable --now motd-build.timer\n",
        undo="systemctl disable --now motd-build.timer\n"
        + drop(*(f"{SYSTEM}/motd-{name}" for name in ("build.timer", "build.service", "after.service")))
        + RELOAD,
        names=("motd-*",),
        accept=("plain-pair",),
        among=("indirect",),
        systemd=(249, 9999),
    ),
)
