"""How the probe is started on a host: sent, or lying there; and whether what ran is the published text."""

from collections.abc import Sequence
from dataclasses import dataclass

from fleetscan.errors import VisitError
from fleetscan.model.host import Connection, ProbeStart
from fleetscan.model.outcome import FailureKind
from fleetscan.probe.facts import read_pairs
from fleetscan.probe.script import ProbeScript, Terms, build_header, build_input, installed_command, remote_command
from fleetscan.probe.wire import Frame

INSTALL_HINT = "Install the current probe on the host; `fleetscan doctor` prints how."
_OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run on one host.

    Attributes:
        command: The command line. Where the key has a forced command, sshd runs that one instead.
        first_input: Bytes to send at once.
        installed: The text that has to lie on the host; None when it is sent.
        path: Where it lies.
    """

    command: str
    first_input: bytes
    installed: ProbeScript | None = None
    path: str = ""

    def verify(self, frames: Sequence[Frame]) -> None:
        """See that an installed probe is the published one. A probe that was sent is.

        The host tells the hash itself, so this finds what is old or was changed by accident. That nobody but root can
        change it is for the file's owner and mode to ensure, and for the digest in a sudoers file.

        Raises:
            VisitError: It is another text, or with root's rights ran what others than root may write.
        """
        if self.installed is None:
            return
        frame = next((frame for frame in frames if frame.section == "probe"), None)
        if frame is None:
            raise VisitError(
                FailureKind.PROTOCOL_ERROR,
                f"what ran is not the probe at {self.path}: it does not say which text it is",
                hint="Let the forced command of the key, or its account's shell, run the installed probe.",
            )
        said = read_pairs(frame)
        sha256 = said.get("sha256", "")
        if sha256 != self.installed.sha256:
            raise VisitError(
                FailureKind.PROTOCOL_ERROR,
                f"the probe at {self.path} is not the one of this version of fleetscan",
                evidence=(f"there: sha256 {sha256[:64] or 'unknown'}", f"here: sha256 {self.installed.sha256}"),
                hint=INSTALL_HINT,
            )
        if said.get("uid") == "0" and not _is_of_root(said):
            owner, mode = said.get("owner", "")[:20], said.get("mode", "")[:20]
            raise VisitError(
                FailureKind.PROTOCOL_ERROR,
                f"others than root may change the probe at {self.path}, which ran as root",
                evidence=(f"owner {owner or 'unknown'}, mode {mode or 'unknown'}",),
                hint=f"On the host: chown root:root {self.path}; chmod 0755 {self.path}",
            )


def plan_launch(script: ProbeScript, connection: Connection, sentinel: str, terms: Terms) -> Launch:
    """Choose how to start the probe.

    Args:
        script: The published probe.
        connection: Says whether it is sent or installed, and whether sudo raises it.
        sentinel: 32 random hexadecimal digits, new for every visit.
        terms: Of this visit.
    """
    sudo = terms.sudo
    match connection.probe:
        case ProbeStart.SENT:
            return Launch(remote_command(sudo=sudo), build_input(script, sentinel, terms))
        case ProbeStart.INSTALLED:
            path = connection.probe_path
            return Launch(installed_command(path, sudo=sudo), build_header(sentinel, 0, terms), script, path)


def _is_of_root(said: dict[str, str]) -> bool:
    mode = said.get("mode", "")
    readable = mode.isascii() and mode.isdecimal() and len(mode) <= 5 and not set(mode) & set("89")
    return said.get("owner") == "0" and readable and not int(mode, 8) & _OTHERS_MAY_WRITE
