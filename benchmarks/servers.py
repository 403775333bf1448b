"""Real OpenSSH servers on loopback, one address for each simulated host."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.targets import Targets
from benchmarks.trees import cast_hosts

_ADDRESSES_PER_SERVER = 16
"""sshd's own limit of listening sockets (MAX_LISTEN_SOCKS)."""

_START_TIMEOUT_S = 15.0
_WATCHED_ADDRESS = "127.77.255.1"
_CLOCK_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class MissingProgramError(Exception):
    """A program that the benchmark starts is not installed."""


class SimulatedFleet:
    """Running servers. They are children of this process, never of a measured one.

    Args:
        folder: Configuration and keys are written here.
        trees: Holds one tree for each address, in a folder of that name.
        count: Number of hosts.
        concurrency: Visits at one time, for every tool.

    Attributes:
        targets: How to reach the hosts.
        watched: How to reach one more host, whose server logs what was negotiated.
        log: That log.
    """

    def __init__(self, folder: Path, trees: Path, count: int, concurrency: int) -> None:
        self.trees = trees
        self._folder = folder
        self._servers: list[subprocess.Popen[bytes]] = []
        self.log = folder / "watched.log"
        addresses = [f"127.77.{number // 250}.{number % 250 + 1}" for number in range(count)]
        self.cast = cast_hosts(addresses)
        self.targets = Targets(
            hosts={host.name: address for address, host in self.cast.items()},
            roles={host.name: host.role.name for host in self.cast.values()},
            port=_free_port(addresses[0]),
            user=pwd.getpwuid(os.geteuid()).pw_name,
            identity_file=str(folder / "id_ed25519"),
            known_hosts=str(folder / "known_hosts"),
            concurrency=concurrency,
        )
        self.watched = self.targets.only({"watched": _WATCHED_ADDRESS})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all servers and end them again.

        Raises:
            MissingProgramError: There is no OpenSSH server.
        """
        addresses = list(self.targets.hosts.values())
        self._write_keys([*addresses, _WATCHED_ADDRESS])
        (self.trees / _WATCHED_ADDRESS).mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for start in range(0, len(addresses), _ADDRESSES_PER_SERVER):
                name = f"sshd-{start}"
                self._start(stack, name, addresses[start : start + _ADDRESSES_PER_SERVER], "ERROR")
            self._start(stack, "watched", [_WATCHED_ADDRESS], "DEBUG1")
            yield

    def cpu_s(self) -> float:
        """Give the CPU time that the servers and everything they started took so far, as far as it has ended."""
        total = 0.0
        for server in self._servers:
            fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(ticks) for ticks in fields[11:15]) * _CLOCK_TICK_S
        return total

    def _start(self, stack: ExitStack, name: str, addresses: Sequence[str], log_level: str) -> None:
        config = self._folder / f"{name}.conf"
        lines = [
            *(f"ListenAddress {address}:{self.targets.port}" for address in addresses),
            f"HostKey {self._folder}/host_key",
            f"AuthorizedKeysFile {self._folder}/id_ed25519.pub",
            f"ForceCommand {Path(__file__).with_name('host.sh')} {self.trees}",
            f"LogLevel {log_level}",
            "StrictModes no",
            "UsePAM no",
            "UseDNS no",
            "PidFile none",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication no",
            "MaxStartups 10000",
            "PrintMotd no",
            # bash reads the account's ~/.bashrc for sshd unless it seems to be the second shell; what stands there is
            # not to be measured.
            "SetEnv SHLVL=1",
        ]
        config.write_text("\n".join(lines) + "\n")
        log = self._folder / f"{name}.log"
        server = subprocess.Popen(
            [find_program("sshd"), "-D", "-E", str(log), "-f", str(config)], stdin=subprocess.DEVNULL
        )
        stack.callback(_end, server)
        self._servers.append(server)
        for address in addresses:
            _await_port(server, address, self.targets.port, log)

    def _write_keys(self, addresses: Sequence[str]) -> None:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd wants it when root starts it
        for name in ("host_key", "id_ed25519"):
            command = [find_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "benchmark"]
            subprocess.run([*command, "-f", str(self._folder / name)], check=True)
        algorithm, blob = (self._folder / "host_key.pub").read_text().split()[:2]
        lines = (f"[{address}]:{self.targets.port} {algorithm} {blob}\n" for address in addresses)
        Path(self.targets.known_hosts).write_text("".join(lines))


def find_program(name: str) -> str:
    """Give a program's path.

    Raises:
        MissingProgramError: It is not installed.
    """
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise MissingProgramError(f"{name} is not installed (Debian: apt install openssh-server openssh-client)")
    return path


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def _await_port(server: subprocess.Popen[bytes], address: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                said = log.read_text() if log.exists() else ""
                raise RuntimeError(f"sshd does not listen on {address}: {said[-500:]}") from error
            time.sleep(0.02)
        else:
            return


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    server.wait()
