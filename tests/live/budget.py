"""A host that is too much for one visit: accounts, units, texts and links by the thousand, put there and taken away."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live.conftest import Lab

ACCOUNTS = 500
PAIRS = 2500
HUGE_FILES, HUGE_BYTES = 32, 3_200_000
LINE_BYTES = 1_048_576
LINKS = 20_000
USER_LINKS = 15_000
_FIRST_UID = 20_000
_UNITS, _WANTS = "etc/systemd/system", "etc/systemd/system/timers.target.wants"
_HOME_UNITS = ".config/systemd/user"

# The large texts are made on the host; all others arrive as one archive, since a process for each would take minutes.
_PLANT = f"""
set -eu
cat /etc/passwd - >/etc/passwd.new <<END
$1
END
mv /etc/passwd.new /etc/passwd
head -c {HUGE_BYTES} /dev/zero | tr '\\0' x >/run/bounds
i=0
while [ $i -lt {HUGE_FILES} ]; do
  {{ printf '[Service]\\nExecStart=/bin/true\\n# %d ' $i; cat /run/bounds; }} >/{_UNITS}/huge$i.service
  i=$((i + 1))
done
rm /run/bounds
"""
_CLEAN = f"""
cd / && rm -rf home/bulk[0-9]* && sed -i '/^bulk[0-9]/d' etc/passwd
cd /{_UNITS} && find . -maxdepth 1 \\( -name 'bulk[0-9]*' -o -name 'huge[0-9]*' -o -name 'line.*' \\) -delete
find /{_WANTS} -name 'many[0-9]*' -delete
"""


def _account(number: int) -> str:
    uid = _FIRST_UID + number
    return f"bulk{number}:x:{uid}:{uid}::/home/bulk{number}:/bin/sh"


def build_archive() -> bytes:
    """Give all small files, folders and links as one archive, with owners."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:

        def add(name: str, *, text: str = "", link: str = "", folder: bool = False, uid: int = 0) -> None:
            info = tarfile.TarInfo(name)
            info.uid = info.gid = uid
            info.mode = 0o755 if folder else 0o644
            info.type = tarfile.DIRTYPE if folder else tarfile.SYMTYPE if link else tarfile.REGTYPE
            info.linkname, info.size = link, len(text)
            archive.addfile(info, io.BytesIO(text.encode()))

        for number in range(PAIRS):
            add(f"{_UNITS}/bulk{number}.timer", text=f"[Timer]\nOnCalendar=daily\n# {number}\n")
            add(f"{_UNITS}/bulk{number}.service", text=f"[Service]\nExecStart=/bin/true {number}\n")
        add(f"{_UNITS}/line.timer", text="[Timer]\nOnCalendar=daily\n")
        add(f"{_UNITS}/line.service", text=f"[Service]\nExecStart=/bin/true {'y' * LINE_BYTES}\n")
        for number in range(LINKS):
            add(f"{_WANTS}/many{number}.timer", link=f"/{_UNITS}/many{number}.timer")
        for number in range(ACCOUNTS):
            home, uid = f"home/bulk{number}", _FIRST_UID + number
            for part in ("", "/.config", "/.config/systemd", f"/{_HOME_UNITS}"):
                add(home + part, folder=True, uid=uid)
            add(f"{home}/{_HOME_UNITS}/own.timer", text="[Timer]\nOnCalendar=daily\n", uid=uid)
            add(f"{home}/{_HOME_UNITS}/own.service", text=f"[Service]\nExecStart=/bin/true bulk{number}\n", uid=uid)
        for number in range(USER_LINKS):
            name = f"many{number}{'n' * 200}.timer"
            add(f"home/bulk0/{_HOME_UNITS}/{name}", link="own.timer", uid=_FIRST_UID)
    return packed.getvalue()


@contextmanager
def crowded(lab: Lab, host: str) -> Iterator[None]:
    """Plant all of it; no manager is told, since a host that reloads would be busy with itself."""
    accounts = "\n".join(map(_account, range(ACCOUNTS)))
    try:
        lab.exec(host, "tar", "-xpf", "-", "-C", "/", stdin=build_archive())
        lab.exec(host, "sh", "-c", _PLANT, "plant", accounts)
        yield
    finally:
        lab.exec(host, "sh", stdin=_CLEAN.encode())
