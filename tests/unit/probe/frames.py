"""Frames and sections as a probe would send them."""

from collections.abc import Mapping
from dataclasses import dataclass

from fleetscan.model.coverage import ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.probe.wire import _STATUS, Frame

SENTINEL = "0123456789abcdef0123456789abcdef"
TOKEN = SENTINEL[:6]
ETC = "etc/systemd/system"


# Sections that tell with whose rights they were read.
_SCOPES = {"walk": "-", "hashes": "- 1", "attributes": "-"}


def frame(section: str, payload: bytes | str = b"", *, status: str = "ok", scope: str | None = None) -> Frame:
    scope = _SCOPES.get(section, "system") if scope is None else scope
    data = payload if isinstance(payload, bytes) else payload.encode("utf-8", "surrogateescape")
    return Frame(section, scope, _STATUS.get(status, ReadStatus.FAILED), status, data)


def encode(given: Frame, sentinel: str = SENTINEL) -> bytes:
    header = f"@{sentinel} {given.section} {given.detail} {len(given.payload)} {given.scope}\n"
    return header.encode("utf-8", "surrogateescape") + given.payload + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in a unit directory.

    Attributes:
        type: `find -printf %y`.
        data: Of a regular file.
        hashed: Whether `sha256sum` could read it.
    """

    path: str
    type: str = "f"
    data: bytes = b""
    mode: str = "644"
    uid: int = 0
    gid: int = 0
    links: int = 1
    target: str = ""
    size: int | None = None
    hashed: bool = True

    @property
    def record(self) -> str:
        size = len(self.data) if self.size is None else self.size
        times = "1700000000.5 1700000001.5 77"
        if self.type == "!":
            return f"{TOKEN} ! {self.mode} {self.uid} {self.gid} - {self.links} - - - {self.path}//\n"
        owner = f"{self.uid} {self.gid}"
        return f"{TOKEN} {self.type} {self.mode} {owner} {size} {self.links} {times} {self.path}//{self.target}\n"


def walk_and_hashes(*entries: Entry) -> dict[str, Frame]:
    hashes = [f"{digest_bytes(e.data)}  {e.path}\n" for e in entries if e.type == "f" and e.data and e.hashed]
    return {
        "walk": frame("walk", "".join(entry.record for entry in entries)),
        "hashes": frame("hashes", "".join(hashes)),
    }


FACTS = (
    "login=root\nuid=0\nsudo_uid=\nsudo_wanted=0\nhostname=web-01\nkernel=6.1.0\n"
    "machine_id=0123456789abcdef0123456789abcdef\ninit=systemd\nmerged_usr=1\nbooted=1\nclock=1700000000"
)
TIMERS_JSON = (
    '[{"next":1700000100000000,"left":1700000100000000,"last":null,"passed":null,'
    '"unit":"backup.timer","activates":"backup.service"}]'
)
TIMERS_TEXT = (
    "NEXT                        LEFT LAST PASSED UNIT         ACTIVATES\n"
    "Tue 2023-11-14 22:15:00 UTC 1min -    -      backup.timer backup.service\n\n"
    "1 timers listed.\n"
)
LOADED = (
    "Id=backup.timer\nLoadState=loaded\nActiveState=active\nUnit=backup.service\n\n"
    "Id=backup.service\nLoadState=loaded\nActiveState=inactive\n"
)
GRANTS = "f etc/passwd\nf etc/shadow\na root locked \na ann locked \nend\n"
UNIT_FILES = '[{"unit_file":"backup.timer","state":"enabled","preset":"enabled"}]'


def complete_visit(**changed: Frame | None) -> dict[str, Frame]:
    """Give the sections of a host without any gap, by section (`_` for `-`); None leaves one out."""
    sections: dict[str, Frame] = {
        "facts": frame("facts", FACTS),
        "os-release": frame("os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'),
        "version": frame("version", "systemd 252 (252.39-1~deb12u2)\n"),
        "manager": frame("manager", "Version=252.39-1~deb12u2\nUnitPath=/etc/systemd/system /usr/lib/systemd/system\n"),
        "timers-text": frame("timers-text", TIMERS_TEXT),
        "timers-json": frame("timers-json", TIMERS_JSON),
        "unit-files": frame("unit-files", UNIT_FILES),
        "users": frame("users", "root:0:0:/root:/bin/bash\nann:1000:1000:/home/ann:/bin/sh\n"),
        "homes": frame("homes", "ok:root:0:/root\nok:ann:1000:/home/ann\n"),
        "runtimes": frame("runtimes", "ok:1000\n"),
        "denied": frame("denied"),
        **walk_and_hashes(
            Entry(path=ETC, type="d", mode="755"),
            Entry(path=f"{ETC}/backup.timer", data=b"[Timer]\nOnCalendar=daily\n"),
        ),
        "activators": frame("activators"),
        "around": frame("around"),
        "attributes": frame("attributes", "told lsattr acl\n"),
        "mounts": frame("mounts"),
        "grants": frame("grants", GRANTS),
        "loaded": frame("loaded", LOADED),
        "processes": frame("processes"),
        "journal": frame("journal"),
        "audit-log": frame("audit-log"),
        "audit-rules": frame("audit-rules"),
        "ready": frame("ready"),
    }
    for key, value in changed.items():
        section = key.replace("_", "-")
        if value is None:
            del sections[section]
        else:
            sections[section] = value
    return sections


def by_section(sections: Mapping[str, Frame]) -> dict[tuple[str, str], Frame]:
    return {(given.section, given.scope): given for given in sections.values()}
