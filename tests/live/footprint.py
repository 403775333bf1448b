"""All that a visit could leave on a real host, taken before and after it, and what of it any login leaves."""

import json
import re
import subprocess
import time
from dataclasses import dataclass

from tests.live.conftest import Account, Lab

LINGERING = [b"user@1000.service"]
# Written by sshd, PAM, logind, the user's manager or the journal for every login, whatever the login does.
_LOGIN_FILES = re.compile(
    r"/var/log(/.*)?"  # journal, auth.log, wtmp, btmp, lastlog
    r"|/run/log/journal(/.*)?"
    r"|/var/lib/(wtmpdb|lastlog)(/.*)?"  # what replaces wtmp and lastlog since trixie
    r"|/run(/utmp|/motd\.dynamic)?"  # pam_motd replaces its file in /run
    r"|/run/user"  # pam_systemd makes a folder for the login in it, gone again after the logout
    r"|/run/systemd/(sessions|users|transient|units|inhibit|journal)(/.*)?"
)
# Who may say something in the journal because of a login, and why.
_LOGIN_SPEAKERS = {
    "sshd": "the daemon itself",
    "sshd-session": "the same since OpenSSH 9.8",
    "sshd-auth": "the same since OpenSSH 10",
    "systemd-logind": "the session begins and ends",
    "(systemd)": "PAM, for the login's own manager",
    "(sd-pam)": "PAM, at the end of that manager",
    "sudo": "only where the inventory says so",
}
# Process 1 and the login's own manager tell of these units.
_LOGIN_UNITS = re.compile(
    r"(user@\d+\.service|user-runtime-dir@\d+\.service|session-c?\d+\.scope|user-\d+\.slice|run-user-\d+\.mount)"
)
_OWN_MANAGER = re.compile(r"user@(\d+)\.service")
# systemd-userdbd keeps a pool of processes that it replaces by itself.
_POOL = ("systemd-userwor",)

_FILES = r"""
sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* - \(overlay\|tmpfs\|ext4\|xfs\|btrfs\) .*/\1/p' /proc/self/mountinfo |
sort -u | while read -r d; do find "$d" -xdev -printf '%p\t%y %m %U %G %s %T@ %C@\n' 2>/dev/null; done
"""
_STATE = r"""
tell() { while read -r n l a s _; do echo "$n $l $a $s"; done; }
echo "== units"; systemctl list-units --all --plain --no-legend --no-pager | tell
echo "== manager"; systemctl show -p NNames,NJobs,NFailedJobs,NFailedUnits
echo "== own units"; export XDG_RUNTIME_DIR=/run/user/1000
m="setpriv --reuid=1000 --regid=1000 --clear-groups systemctl --user --no-pager"
$m list-units --all --plain --no-legend | tell
echo "== own manager"; $m show -p NNames,NJobs,NInstalledJobs,NFailedJobs,NFailedUnits
echo "== logins"; loginctl list-sessions --no-legend; loginctl list-users --no-legend; ls /run/user
echo "== processes"; ps -e -o pid=,ppid=,comm= | while read -r i o c; do
  [ "$i" = $$ ] || [ "$o" = $$ ] || echo "$i $c"; done
"""
_COUNTS = "systemctl show -p NInstalledJobs; systemctl list-timers --all --no-legend --no-pager --output=json"


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a host is like when nobody is logged in.

    Attributes:
        files: Type, mode, owner, size and both times of everything on each file system that can be written.
        state: Units, managers, logins and processes, one a line under a heading.
        jobs: How many jobs process 1 has run since it began.
        fired: When each timer last elapsed.
        cursor: Where the journal ended.
    """

    files: dict[str, str]
    state: frozenset[str]
    jobs: int
    fired: dict[str, object]
    cursor: str


def take_footprint(lab: Lab, host: str) -> Footprint:
    """Look at a host from inside, without a login, as soon as nobody is logged in."""
    await_logout(lab, host)
    counted, _, timers = lab.exec(host, "sh", "-c", _COUNTS).stdout.decode().partition("\n")
    cursor = lab.exec(host, "journalctl", "-n0", "--show-cursor", "--no-pager").stdout.decode().strip()
    heading, state = "", set()
    for line in lab.exec(host, "sh", "-c", _STATE).stdout.decode("utf-8", "backslashreplace").splitlines():
        heading = line if line.startswith("== ") else heading
        if not line.endswith(_POOL):
            state.add(f"{heading}: {line}")
    listed = lab.exec(host, "sh", "-c", _FILES).stdout.decode("utf-8", "backslashreplace").splitlines()
    return Footprint(
        files=dict(line.split("\t", 1) for line in listed if "\t" in line),
        state=frozenset(state),
        jobs=int(counted.partition("=")[2]),
        fired={row["unit"]: row["last"] for row in json.loads(timers)},
        cursor=cursor.partition("cursor: ")[2],
    )


def await_logout(lab: Lab, host: str, *, deadline_s: float = 60) -> None:
    """Wait until nobody is logged in and all user managers but that of the lingering account have ended.

    A process that a visit left behind would keep its session, and with it the manager, for ever.
    """
    end = time.monotonic() + deadline_s
    listing = ("systemctl", "list-units", "--plain", "--no-legend", "--no-pager", "user@*.service", "session-*.scope")
    while (units := [line.split()[0] for line in lab.exec(host, *listing).stdout.splitlines()]) != LINGERING:
        assert time.monotonic() < end, units
        time.sleep(0.2)  # logind has no event for this that can be waited for from outside


def find_traces(before: Footprint, after: Footprint) -> set[str]:
    """Give everything in files and state that differs, but for what any login leaves."""
    paths = {
        path for path in before.files.keys() | after.files.keys() if before.files.get(path) != after.files.get(path)
    }
    return {path for path in paths if not _LOGIN_FILES.fullmatch(path)} | (before.state ^ after.state)


def read_journal(lab: Lab, host: str, since: Footprint, uid: int) -> set[str]:
    """Give who said what in the journal since then, but for what any login of that account makes them say."""
    command = ("journalctl", "--after-cursor", since.cursor, "--output=json", "--no-pager", "--all")
    said = set()
    for line in lab.exec(host, *command).stdout.splitlines():
        entry = json.loads(line)
        speaker = str(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM"))
        unit = str(entry.get("UNIT") or entry.get("USER_UNIT") or "")
        within = str(entry.get("_SYSTEMD_UNIT") or "")
        if speaker in _LOGIN_SPEAKERS or (speaker == "systemd" and _LOGIN_UNITS.fullmatch(unit)):
            continue
        # What the account's own manager does when it begins and ends is the login's, not the visit's.
        own = _OWN_MANAGER.fullmatch(within)
        if own is not None and own[1] == str(uid) and uid != 1000:
            continue
        said.add(f"{speaker} [{within}] {unit}: {entry.get('MESSAGE')}")
    return said


def log_in(lab: Lab, host: str, user: Account, command: str) -> None:
    """Log in as the visit does, and do no more than that command."""
    (address,) = (known.address for known in lab.hosts if known.name == host)
    options = ("BatchMode=yes", f"UserKnownHostsFile={lab.known_hosts}", "StrictHostKeyChecking=yes")
    words = [word for option in options for word in ("-o", option)]
    subprocess.run(
        ["ssh", "-F", "none", "-i", str(lab.identity), *words, f"{user}@{address}", command],
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
