"""Things on a host that a look of the wrong kind triggers: what mounts when it is entered, what waits to be opened."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.live.conftest import LAB_SCRIPT, Lab

AWAY = "/home/away"
"""A mount point of autofs, as of homes that are mounted when somebody looks: the kernel asks for what lies below it."""

_AWAY_FD = 63

_PLANT = r"""
set -eu
umask 022
cd /etc/systemd/system
printf '[Timer]\nOnCalendar=yearly\n' | tee pipe.timer device.timer lure.timer >/dev/null
mkfifo pipe.service /run/trap.program /run/trap.environment
mknod device.service c 1 5
printf '[Service]\nType=oneshot\nExecStart=/run/trap.program\nExecStart=/dev/zero\n' >lure.service
printf 'EnvironmentFile=/run/trap.environment\n' >>lure.service
{
  echo 'away:x:2901:2901::/home/away/away:/bin/sh'
  echo 'mounts:x:2902:2902::/home/mounts:/bin/sh'
  echo 'system:x:2903:2903::/home/system:/bin/sh'
  echo 'pipes:x:2904:2904::/home/pipes:/bin/sh'
  echo 'door:x:2905:2905::/home/door/door:/bin/sh'
  echo 'deep:x:2906:2906::/home/deep:/bin/sh'
} >>/etc/passwd
cd /home
mkdir -p away deep mounts/.config/systemd system/.config/systemd pipes/.config/systemd/user
ln -s /home/away/units mounts/.config/systemd/user
ln -s away door
ln -s ../away/config deep/.config
ln -s /etc system/.config/systemd/user
mkfifo pipes/.config/systemd/user/x.service
printf '[Timer]\nOnCalendar=yearly\n' >pipes/.config/systemd/user/x.timer
chown -hR 2902:2902 mounts
chown -hR 2903:2903 system
chown -hR 2904:2904 pipes
chown -hR 2906:2906 deep
systemctl daemon-reload
# Each of these waits until somebody opens the other end, and tells of it then.
for p in /etc/systemd/system/pipe.service /run/trap.program /run/trap.environment \
  /home/pipes/.config/systemd/user/x.service; do
  setsid sh -c 'echo $$ >>/run/trap.pids; echo bait >"$0"; echo "$0" >>/run/trap.opened' "$p" \
    </dev/null >/dev/null 2>&1 &
done
"""
_CLEAN = r"""
while read -r pid; do kill -9 "$pid" 2>/dev/null; done </run/trap.pids
cd /etc/systemd/system && rm -f pipe.timer device.timer lure.timer
rm -f pipe.service device.service lure.service
rm -f /run/trap.program /run/trap.environment /run/trap.pids /run/trap.opened
rm -rf /home/mounts /home/system /home/pipes /home/deep /home/door
rmdir /home/away
sed -i '/^\(away\|mounts\|system\|pipes\|door\|deep\):x:290/d' /etc/passwd
systemctl daemon-reload
true
"""


@dataclass(frozen=True, slots=True)
class Traps:
    """The traps of one host.

    Attributes:
        asked: Where the kernel says what somebody wants to have mounted.
    """

    lab: Lab
    host: str
    asked: int

    def sprung(self) -> list[str]:
        """Give the pipes that somebody opened, and the mount point if somebody looked below it, since the last time."""
        opened = self.lab.exec(self.host, "sh", "-c", "cat /run/trap.opened 2>/dev/null; true").stdout.decode().split()
        try:
            is_asked = bool(os.read(self.asked, 65_536))
        except BlockingIOError:
            is_asked = False
        return [*opened, *([AWAY] if is_asked else [])]


@contextmanager
def trapped(lab: Lab, host: str) -> Iterator[Traps]:
    """Plant them all, and take them away."""
    asked, wanted = os.pipe()
    os.set_blocking(asked, False)
    os.dup2(wanted, _AWAY_FD)
    options = f"fd={_AWAY_FD},minproto=5,maxproto=5,indirect"
    try:
        lab.exec(host, "sh", stdin=_PLANT.encode())
        subprocess.run(
            [str(LAB_SCRIPT), "exec", host, "mount", "-i", "-t", "autofs", "-o", options, "trap", AWAY],
            check=True,
            pass_fds=(_AWAY_FD,),
        )
        yield Traps(lab, host, asked)
    finally:
        for end in (asked, wanted, _AWAY_FD):
            os.close(end)  # whoever waits for the mount is told that there is none
        lab.exec(host, "umount", AWAY, check=False)
        lab.exec(host, "sh", stdin=_CLEAN.encode())
