"""A lab host as both sides see it: planted, visited by the program, asked by systemd's own tools."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import HostFailure
from fleetscan.model.snapshot import HostSnapshot
from fleetscan.probe.script import load_probe
from fleetscan.ssh.connect import SshTransport
from fleetscan.ssh.credentials import Credentials
from fleetscan.ssh.hostkeys import HostKeyTable
from fleetscan.ssh.known_hosts import load_known_hosts
from fleetscan.ssh.options import SshOptions
from fleetscan.sweep.known import KnownContents
from fleetscan.sweep.visit import VisitOptions, Visitor
from tests.live.conftest import Lab, LabHost
from tests.live.oracle.seed import DEPLOY_UID, Seed, list_folders, pack_seed

_AS_DEPLOY = (
    "setpriv",
    f"--reuid={DEPLOY_UID}",
    f"--regid={DEPLOY_UID}",
    "--init-groups",
    "env",
    "-i",
    "HOME=/home/deploy",
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    f"XDG_RUNTIME_DIR=/run/user/{DEPLOY_UID}",
    f"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/{DEPLOY_UID}/bus",
    "LC_ALL=C.UTF-8",
)
_AS_ROOT = ("env", "LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0")
_TRANSIENTS = (
    ("oc-calendar", "--on-calendar=2095-06-01 12:00 Europe/Berlin", "--timer-property=Persistent=no"),
    ("oc-active", "--on-active=4000w", "--property=Environment=A=b", "--description=odd; name"),
    ("oc-many", "--on-boot=70y", "--on-unit-active=3d", "--on-calendar=2095-01-01", "--timer-property=AccuracySec=1us"),
    ("", "--on-calendar=2096-01-01"),
    ("", "--on-startup=70y"),
)
_TRANSIENT_COMMAND = (
    "/bin/echo",
    "two words",
    "$HOME ${HOME} $$ $(date)",
    "100% %n %%",
    "a;b",
    ";",
    "q\"'",
    "",
    "t\tn\n",
    "\\x41",
)
_LIST_MISSING = 'while IFS= read -r path; do [ -e "$path" ] || [ -L "$path" ] || printf "%s\\n" "$path"; done'
# Whoever logged in meanwhile has a manager that runs the timers of all users, and a persistent one leaves a stamp.
_FORGET = """
for place in /run/user/*; do
  uid=${place##*/} gid=$(stat -c %g "$place")
  for words in "stop u[a-z]-*" daemon-reload "reset-failed u[a-z]-*"; do
    setpriv "--reuid=$uid" "--regid=$gid" --clear-groups env "XDG_RUNTIME_DIR=$place" systemctl --user $words
  done
done 2>/dev/null
rm -f /root/.local/share/systemd/timers/stamp-u[a-z]-* /home/*/.local/share/systemd/timers/stamp-u[a-z]-*
"""
_REMOVE = 'while IFS= read -r path; do rm -rf -- "$path"; done'


@dataclass(frozen=True, slots=True)
class OracleHost:
    """One host; every command runs inside it as root, without SSH."""

    lab: Lab
    host: LabHost

    def run(self, *command: str, stdin: bytes = b"", user: bool = False, check: bool = True) -> bytes:
        """Run a command as root, or with `user` as the lingering account; give its standard output."""
        prefix = _AS_DEPLOY if user else _AS_ROOT
        return self.lab.exec(self.host.name, *prefix, *command, stdin=stdin, check=check).stdout

    def plant(self, seed: Seed) -> Sequence[str]:
        """Write the seed, let both managers read it, and give what to remove afterwards."""
        wanted = "".join(f"{path}\n" for path in [*list_folders(seed), *seed])
        new = self.run("sh", "-c", _LIST_MISSING, stdin=wanted.encode()).decode().splitlines()
        self.run("tar", "-x", "-p", "--no-overwrite-dir", "--keep-directory-symlink", "-C", "/", stdin=pack_seed(seed))
        self.reload()
        return new

    def remove(self, paths: Iterable[str]) -> None:
        """Remove what was planted, and make both managers forget it."""
        self.run("sh", "-c", _REMOVE, stdin="".join(f"{path}\n" for path in paths).encode())
        self.reload()
        # A unit that timers.target upholds was started, and fails when its file is gone.
        self.run("systemctl", "stop", "oa-*", check=False)
        self.run("systemctl", "reset-failed", "oa-*", check=False)
        self.run("sh", "-c", _FORGET)

    def start_transients(self) -> None:
        """Make transient timers that elapse long after the test, under chosen names and under invented ones."""
        for user in (False, True):
            for name, *options in _TRANSIENTS:
                unit = (f"--unit={name}",) if name else ()
                manager = ("--user",) if user else ()
                self.run("systemd-run", *manager, *unit, *options, "--", *_TRANSIENT_COMMAND, user=user)

    def stop_transients(self) -> None:
        """End all transient timers of both managers."""
        for user in (False, True):
            manager = ("--user",) if user else ()
            self.run("systemctl", *manager, "stop", "run-*.timer", "oc-*.timer", user=user)

    def reload(self) -> None:
        """Make both managers read their unit files again."""
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "--user", "daemon-reload", user=True)

    def visit(self) -> HostSnapshot:
        """Visit the host as a sweep does, over SSH as root, and fetch every content."""
        keys = tuple(load_known_hosts(self.lab.known_hosts, added_at=datetime.now(UTC)))
        outcome = asyncio.run(self._visit(SshTransport(SshOptions(), HostKeyTable.of(keys), Credentials())))
        assert not isinstance(outcome, HostFailure), outcome
        return outcome

    async def _visit(self, transport: SshTransport) -> HostSnapshot | HostFailure:
        connection = Connection(user="root", identity_files=(str(self.lab.identity),))
        host = Host(
            name=HostName(self.host.name),
            address=self.host.address,
            connection=connection,
            owner=Owner("oracle", "oracle@example.org"),
        )
        known = KnownContents(frozenset, lambda _hashes: {})  # nothing is known: every content is fetched
        visitor = Visitor(transport, load_probe(), known, lambda: datetime.now(UTC), VisitOptions())
        transport.prepare([host])
        async with transport:
            return await visitor.visit(host)
