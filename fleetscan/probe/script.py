"""The text that runs on a host, and the command that starts it."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fleetscan.model.ids import Sha256

PROTOCOL = 1

# Reads one header line, then exactly as many bytes of script as the header says, and leaves standard input behind them
# for requests. No single quote in here: it is quoted with them, on which sh, bash, fish and csh login shells agree.
_BOOTSTRAP = 'IFS=" " read -r h; set -f; set -- $h; eval "$(head -c "$4")"'

# Tries once whether sudo lets us, so that a refusal degrades to the account's own rights instead of ending the visit.
_RAISE = (
    'if sudo -n /bin/sh -c : </dev/null >/dev/null 2>&1; then exec sudo -n /bin/sh -c "$0"; '
    'else exec /bin/sh -c "$0"; fi'
)


@dataclass(frozen=True, slots=True)
class ProbeScript:
    """The published probe.

    Attributes:
        text: What `/bin/sh` executes.
        sha256: Its hash, kept with every sweep.
    """

    text: bytes
    sha256: Sha256


@cache
def load_probe() -> ProbeScript:
    """Read the probe that ships with this program: its parts in the order of their numbers, one text."""
    parts = sorted(Path(__file__).with_name("parts").glob("*.sh"))
    text = b"\n".join(part.read_bytes() for part in parts)
    return ProbeScript(text, Sha256(hashlib.sha256(text).hexdigest()))


def remote_command(*, sudo: bool) -> str:
    """Give the one command line that is executed on the host.

    `exec /bin/sh` is spelled out because the account's login shell may be anything.
    """
    if sudo:
        return f"exec /bin/sh -c '{_RAISE}' '{_BOOTSTRAP}'"
    return f"exec /bin/sh -c '{_BOOTSTRAP}'"


def build_input(script: ProbeScript, sentinel: str, *, sudo: bool) -> bytes:
    """Give the bytes to send first: the header line and the script.

    Args:
        script: The probe.
        sentinel: 32 random hexadecimal digits, new for every visit.
        sudo: Whether rights were asked for, so that the probe can say that they were refused.
    """
    header = f"FLEETSCAN {PROTOCOL} {sentinel} {len(script.text)} sudo={int(sudo)}\n"
    return header.encode("ascii") + script.text
