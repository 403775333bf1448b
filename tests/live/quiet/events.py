"""What happens on hosts that nobody attacks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from subprocess import DEVNULL, Popen, TimeoutExpired

from tests.live.attacks.planting import run_lines
from tests.live.conftest import Lab, LabHost, run_lab
from tests.live.quiet.packages import ADDED, CHANGED, REMOVED, install, remove

_TRIES = 100
_A_DAY = (
    "for timer in $(systemctl list-unit-files --type=timer --state=enabled --no-legend | awk '{print $1}'); do\n"
    '  systemctl start "$(systemctl show -p Unit --value "$timer")" || true\n'
    "done\n"
    "systemctl start systemd-tmpfiles-clean.service\n"
)
_STAMPS = (
    "for stamp in /var/lib/systemd/timers/stamp-*; do touch -d '-26 hours' \"$stamp\"; done\n"
    "systemctl restart $(systemctl list-timers --no-legend --all | grep -o '[^ ]*[.]timer')\n"
)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens to a host.

    Attributes:
        lines: For `sh -e`, as root.
        around: What goes on while the fleet is swept.
        explains: Packages of which the program must say that they explain what differs.
        undone: Whether the host is now as it was when it was accepted: not even `info` is left to say of them.
    """

    name: str
    lines: str = ""
    act: Callable[[Lab, LabHost], None] | None = None
    around: Callable[[Lab, LabHost], AbstractContextManager[None]] = lambda _lab, _host: nullcontext()
    explains: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()

    def happen(self, lab: Lab, host: LabHost) -> None:
        """Let it happen on one host."""
        if said := run_lines(lab, host.name, self.lines, strict=True):
            raise AssertionError(f"{self.name} on {host.name}: {said}")
        if self.act is not None:
            self.act(lab, host)


def cut_power(lab: Lab, host: LabHost) -> None:
    """Take a host's power, and boot it again."""
    lab.kill(host.name)
    lab.start(host.name)


def power_off(lab: Lab, host: LabHost) -> None:
    """Shut a host down in good order, and boot it again."""
    lab.exec(host.name, "systemctl", "poweroff", "--no-block")
    for _ in range(_TRIES):  # nothing is run inside: who enters a host that goes down is stopped with it
        if f"{{name: {host.name}," not in _up(run_lab("list").stdout.decode()):
            break
    lab.kill(host.name)  # what is down already stays so
    lab.start(host.name)


def _up(listing: str) -> str:
    return "\n".join(line for line in listing.splitlines() if "state: up" in line)


@contextmanager
def logged_in(lab: Lab, host: LabHost) -> Iterator[None]:
    """Keep sessions of three users open, with their managers."""
    ssh = ["ssh", "-o", f"UserKnownHostsFile={lab.known_hosts}", "-o", "BatchMode=yes", "-i", str(lab.identity)]
    sessions = [
        Popen([*ssh, f"{user}@{host.address}", "exec sleep 900"], stdin=DEVNULL)
        for user in ("root", "deploy", "viewer")
    ]
    try:
        waits = "systemctl is-active -q user@0 user@$(id -u deploy) user@$(id -u viewer)"
        said = run_lines(
            lab, host.name, f"for _ in $(seq {_TRIES}); do {waits} && exit 0; sleep 0.2; done\nexit 1\n", strict=True
        )
        assert not said, f"{host.name}: the users' managers do not start"
        yield
    finally:
        for session in sessions:
            session.terminate()
            try:
                session.wait(10)
            except TimeoutExpired:
                session.kill()


EVENTS = (
    Event("reload", "systemctl daemon-reload\nsystemctl daemon-reexec\n"),
    Event("jobs of a day", _A_DAY),
    Event("time passes", _STAMPS),
    Event("apt's daily run", "systemctl start apt-daily.service apt-daily-upgrade.service\n"),
    Event("log-in of users", around=logged_in),
    Event("power cut", act=cut_power),
    Event("reboot", act=power_off),
    Event("upgrade", install(CHANGED, ".next"), explains=CHANGED),
    Event("downgrade", install(CHANGED), undone=CHANGED),
    Event("removal", remove(REMOVED, purge=False), explains=(REMOVED,)),
    Event("purge", remove(REMOVED, purge=True), explains=(REMOVED,)),
    Event("installation", install((REMOVED,)), undone=(REMOVED,)),
    Event("a new package", install((ADDED,))),
    Event("a new package is removed", remove(ADDED, purge=False)),
    Event("a new package is purged", remove(ADDED, purge=True), undone=(ADDED,)),
)
