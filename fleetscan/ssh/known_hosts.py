"""Existing known_hosts files: read strictly, because a line that is skipped may be the one that revokes."""

import base64
import binascii
from datetime import datetime
from pathlib import Path

from fleetscan.errors import ConfigError
from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.ssh.hostkeys import fingerprint
from fleetscan.ssh.hostpattern import parse_pattern

_SHOWN_FAULTS = 5
_MAX_FILE_BYTES = 64 * 1024 * 1024


def load_known_hosts(path: str | Path, *, added_at: datetime) -> tuple[KnownKey, ...]:
    """Read a known_hosts file: plain, `[address]:port`, globbed, negated and hashed names, @cert-authority, @revoked.

    Args:
        path: The file; `~` is expanded.
        added_at: Aware UTC time to record with each key.

    Returns:
        One key per line, in the order of the file.

    Raises:
        ConfigError: The file cannot be read, or lines of it cannot; the message names their numbers.

    Source:
        sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
    """
    file = Path(path).expanduser()
    try:
        if file.stat().st_size > _MAX_FILE_BYTES:
            raise ConfigError(f"known_hosts file {file} is larger than 64 MiB", hint="Name the right file.")
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"known_hosts file {file} cannot be read: {error.strerror}",
            hint="Correct the path or its permissions, or remove it from the settings.",
        ) from error
    keys: list[KnownKey] = []
    faults: list[str] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            keys.append(parse_known_hosts_line(text, source=str(file), added_at=added_at))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        shown = "; ".join(faults[:_SHOWN_FAULTS])
        more = f"; and {len(faults) - _SHOWN_FAULTS} more" if len(faults) > _SHOWN_FAULTS else ""
        raise ConfigError(
            f"known_hosts file {file} has lines that cannot be read: {shown}{more}",
            hint="Correct or delete these lines. None is skipped, because it may be one that revokes a key.",
        )
    return tuple(keys)


def parse_known_hosts_line(text: str, *, source: str, added_at: datetime) -> KnownKey:
    """Read one line that is neither empty nor a comment.

    Raises:
        ValueError: It is no known_hosts line; the text says why.
    """
    words = text.split()
    marker = KeyMarker.NONE
    if words[0].startswith("@"):
        try:
            marker = KeyMarker(words.pop(0))
        except ValueError:
            msg = "unknown marker; @cert-authority and @revoked are known"
            raise ValueError(msg) from None
    if len(words) < 3:
        msg = "expected host names, key type and key"
        raise ValueError(msg)
    pattern, algorithm, blob = words[:3]
    parse_pattern(pattern)
    return KnownKey(
        pattern=pattern,
        marker=marker,
        algorithm=algorithm,
        blob=_checked_blob(algorithm, blob),
        fingerprint=fingerprint(blob),
        added_at=added_at,
        added_by="known_hosts",
        source=source,
    )


def _checked_blob(algorithm: str, blob: str) -> str:
    """Make sure that the key says the same type inside as outside."""
    try:
        data = base64.b64decode(blob, validate=True)
    except binascii.Error:
        msg = "the key is not base64"
        raise ValueError(msg) from None
    name_length = int.from_bytes(data[:4], "big")
    if data[4 : 4 + name_length] != algorithm.encode("utf-8") or len(data) <= 4 + name_length:
        msg = "the key is cut off or not of the type the line says"
        raise ValueError(msg)
    return blob
