"""The text that runs on a host, and the commands that start it."""

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
        text: What `/bin/sh` executes, sent or installed as a file.
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
    """Give the one command line that is executed on a host to which the probe is sent.

    `exec /bin/sh` is spelled out because the account's login shell may be anything.
    """
    if sudo:
        return f"exec /bin/sh -c '{_RAISE}' '{_BOOTSTRAP}'"
    return f"exec /bin/sh -c '{_BOOTSTRAP}'"


def installed_command(path: str, *, sudo: bool) -> str:
    """Give the one command line that is executed on a host on which the probe lies.

    Args:
        path: Where; of letters that no shell needs quotes for.
        sudo: Try by sudo first. Its refusal (status 1, or 127 where there is no sudo) is told before it has read
            anything; the probe itself never ends so.
    """
    if sudo:
        return f"exec /bin/sh -c 'sudo -n {path}; r=$?; case $r in 1 | 127) exec {path} ;; *) exit $r ;; esac'"
    return f"exec {path}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the scanner tells the probe of this visit.

    Attributes:
        sudo: Whether rights were asked for, so that the probe can say that they were refused.
        seconds: How long the listing may take; sections that are not read by then are told of as late.
        since: Seconds since the epoch, from when on logs are of interest; None for the last day.
    """

    sudo: bool = False
    seconds: int = 45
    since: int | None = None


def build_header(sentinel: str, size_bytes: int, terms: Terms) -> bytes:
    """Give the header line.

    Args:
        sentinel: 32 random hexadecimal digits, new for every visit.
        size_bytes: How much script follows; 0 for an installed probe.
        terms: Of this visit.
    """
    words = [f"sudo={int(terms.sudo)}", f"seconds={terms.seconds}"]
    words += [f"since={terms.since}"] if terms.since is not None else []
    return f"FLEETSCAN {PROTOCOL} {sentinel} {size_bytes} {' '.join(words)}\n".encode("ascii")


def build_input(script: ProbeScript, sentinel: str, terms: Terms) -> bytes:
    """Give the bytes to send first where the probe is sent: the header line and the script (see `build_header`)."""
    return build_header(sentinel, len(script.text), terms) + script.text
