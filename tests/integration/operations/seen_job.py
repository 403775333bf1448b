"""A host with one job that has something to tell in every respect, as a visit would give it."""

from dataclasses import replace

from fleetscan.model.coverage import Gap
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, HostName, Scope, UnitName, user_scope
from fleetscan.model.snapshot import (
    Artifact,
    ArtifactKind,
    HostSnapshot,
    RuntimeState,
    RunTrace,
    TimerRow,
    TraceSource,
    UnitProcess,
)
from tests.stored_fleet import DAY, NOW, WEB, file, snapshot

ETC = "/etc/systemd/system"
TIMER = b"[Unit]\nDescription=Copies\n[Timer]\nOnCalendar=daily\nPersistent=yes\n"
SERVICE = (
    b"[Service]\nType=oneshot\nUser=copy\nEnvironmentFile=-/etc/default/copy\n"
    b"ExecStart=-/bin/sh /opt/copy/run.sh\nExecStart=+@/usr/bin/rsync kworker -a '/a b' $DEST\nExecStart=/opt/gone\n"
)
DROP_IN = b"[Service]\nNice=5\n"
CONTENTS = {digest_bytes(text): text for text in (TIMER, SERVICE, DROP_IN)}


def owned(artifact: Artifact, package: str, verified: str) -> Artifact:
    return replace(artifact, properties=(("package", package), ("verified", verified)))


def program(path: str, *properties: tuple[str, str], kind: ArtifactKind = ArtifactKind.PROGRAM) -> Artifact:
    found = replace(file(path, path.encode()), kind=kind, mode=0o755)
    return replace(found, properties=tuple(sorted(properties)))


def mount(path: str) -> Artifact:
    return Artifact(kind=ArtifactKind.MOUNT, scope=SYSTEM, name=path, properties=(("fstype", "tmpfs"),))


ARTIFACTS = (
    file(f"{ETC}/copy.timer", TIMER),
    owned(file("/usr/lib/systemd/system/copy.service", SERVICE), "copy", "verified"),
    file(f"{ETC}/copy.service.d/10-nice.conf", DROP_IN),
    Artifact(
        kind=ArtifactKind.LINK,
        scope=SYSTEM,
        name=f"{ETC}/timers.target.wants/copy.timer",
        target=f"{ETC}/copy.timer",
    ),
    Artifact(
        kind=ArtifactKind.LINK,
        scope=SYSTEM,
        name=f"{ETC}/multi-user.target.wants/copy.service",
        target="/usr/lib/systemd/system/copy.service",
    ),
    replace(
        program("/bin/sh", ("links", "/bin → usr/bin"), ("package", "dash"), ("verified", "verified")),
        target="/usr/bin/sh",
    ),
    program("/opt/copy/run.sh", ("exposed", "/opt/copy deploy:deploy 0775"), ("verified", "unowned")),
    program("/usr/bin/rsync", ("package", "rsync"), ("verified", "changed")),
    Artifact(kind=ArtifactKind.PROGRAM, scope=SYSTEM, name="/opt/gone", properties=(("state", "absent"),)),
    program(
        "/etc/default/copy",
        ("LD_PRELOAD", "/opt/x.so"),
        ("package", "copy"),
        ("variables", "DEST LD_PRELOAD package"),
        ("verified", "changed configuration"),
        kind=ArtifactKind.ENVIRONMENT,
    ),
    program(f"{ETC}-generators/seed", ("verified", "unowned"), kind=ArtifactKind.GENERATOR),
    program("/usr/lib/systemd/system-generators/own", ("verified", "verified"), kind=ArtifactKind.GENERATOR),
    mount(ETC),
    mount("/home"),
    mount("/run"),
)


def process(pid: int, *, unit: str = "copy.service", scope: Scope = SYSTEM) -> UnitProcess:
    return UnitProcess(
        scope=scope, unit=UnitName(unit), pid=pid, parent_pid=1, user="copy", started_at=NOW, command="/bin/sh run"
    )


RUNTIME = RuntimeState(
    timers=(
        TimerRow(scope=SYSTEM, unit=UnitName("copy.timer"), next_at=NOW + DAY, last_at=NOW),
        TimerRow(scope=user_scope("eve"), unit=UnitName("copy.timer"), next_at=NOW),
    ),
    processes=(process(40), process(41, unit="other.service"), process(42, scope=user_scope("eve"))),
    traces=(
        RunTrace(
            source=TraceSource.JOURNAL,
            at=NOW,
            unit=UnitName("run-u7.service"),
            command="/tmp/x",
            user="eve",
            event="started",
        ),
    ),
)


def seen(host: HostName = WEB, *gaps: Gap) -> HostSnapshot:
    return replace(snapshot(host, ARTIFACTS, contents=CONTENTS, gaps=gaps), runtime=RUNTIME)
