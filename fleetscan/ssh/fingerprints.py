"""Fingerprints that an administrator wrote down, to compare fetched keys with."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from fleetscan.errors import ConfigError

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_KEYGEN_LINE = re.compile(r"\d+ (?P<print>\S+) (?P<comment>.+) \([A-Z0-9-]+\)")
_MAX_FILE_BYTES = 16 * 1024 * 1024
_SHOWN_FAULTS = 5


def load_fingerprints(path: str | Path) -> Mapping[str, frozenset[str]]:
    """Read a file of fingerprints: lines `HOST SHA256:…`, or the output of `ssh-keygen -lf`.

    Of an ssh-keygen line the comment is the host; `root@web-1` stands for `web-1`.

    Returns:
        Fingerprints by host as the file spells it, lower case. A host with several keys has several lines.

    Raises:
        ConfigError: The file cannot be read, or has a line that is neither; the message names the line numbers.
    """
    file = Path(path).expanduser()
    try:
        with file.open("rb") as handle:
            text = handle.read(_MAX_FILE_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise ConfigError(
            f"fingerprint file {file} cannot be read: {error.strerror}", hint="Correct the path or its permissions."
        ) from error
    prints: dict[str, set[str]] = defaultdict(set)
    faults: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        entry = parse_fingerprint_line(stripped)
        if entry is None:
            faults.append(number)
        else:
            prints[entry[0]].add(entry[1])
    if faults:
        shown = ", ".join(str(number) for number in faults[:_SHOWN_FAULTS])
        raise ConfigError(
            f"fingerprint file {file} has {len(faults)} lines that cannot be read, first: {shown}",
            hint="Write `HOST SHA256:…`, or use the output of ssh-keygen -lf. MD5 fingerprints are not accepted.",
        )
    return {host: frozenset(found) for host, found in prints.items()}


def parse_fingerprint_line(line: str) -> tuple[str, str] | None:
    """Read one line; None when it is of no known form.

    Returns:
        Host in lower case and `SHA256:…` without padding.
    """
    keygen = _KEYGEN_LINE.fullmatch(line)
    if keygen is not None:
        host, found = keygen["comment"].rsplit("@", 1)[-1], keygen["print"]
    else:
        words = line.split()
        if len(words) != 2:
            return None
        host, found = words
    found = found.rstrip("=")
    if not _FINGERPRINT.fullmatch(found) or not host or " " in host:
        return None
    return host.lower(), found
