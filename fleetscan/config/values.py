"""One setting's raw value, from TOML, the environment or a flag → its checked value. Messages say what is expected."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from fleetscan.inventory.values import parse_email, parse_secret
from fleetscan.model.drift import Severity
from fleetscan.model.host import SecretKind, SecretRef

_CIPHER = re.compile(r"[a-z0-9][a-z0-9@.-]{0,63}")
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)([^/:?][^?]*)(\?.*)?")
_ADDRESS = re.compile(r"(?P<name>[^<>\"(),;:@\[\]\\]*)<(?P<email>[^<>]*)>")


def parse_line(value: object) -> str:
    """Accept one line of printable text, which may be empty.

    Raises:
        ValueError: It is something else; the text says what is expected.
    """
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("expected one line of text")
    return value


def parse_whole_number(lowest: int, highest: int) -> Callable[[object], int]:
    """Make a reader of whole numbers (see `parse_line` for its errors)."""

    def parse(value: object) -> int:
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if not re.fullmatch(r"[0-9]{1,18}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"expected a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def parse_number(highest: float) -> Callable[[object], float]:
    """Make a reader of numbers above 0 (see `parse_line` for its errors)."""

    def parse(value: object) -> float:
        text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,17})?", text) or not 0 < float(text) <= highest:
            raise ValueError(f"expected a number above 0, at most {highest:g}")
        return float(text)

    return parse


def parse_file(value: object) -> Path:
    """Accept a path; `~` is expanded (see `parse_line` for errors)."""
    text = parse_line(str(value) if isinstance(value, Path) else value)
    if not text:
        raise ValueError("expected a path")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("expected a path; the home directory of that user is not known") from error


def parse_optional_file(value: object) -> Path | None:
    """Accept a path, or nothing (see `parse_line` for errors)."""
    return None if value in ("", None) else parse_file(value)


def parse_files(value: object) -> tuple[Path, ...]:
    """Accept a list of paths (see `parse_line` for errors)."""
    return tuple(parse_file(item) for item in _split(value))


def parse_ciphers(value: object) -> tuple[str, ...]:
    """Accept a list of cipher names in SSH's spelling (see `parse_line` for errors)."""
    items = [str(item) for item in _split(value)]
    if wrong := [item for item in items if not _CIPHER.fullmatch(item)]:
        raise ValueError(f"expected a list of cipher names such as aes128-gcm@openssh.com, not {wrong[0][:40]!r}")
    return tuple(items)


COHORT_DIMENSIONS = ("group", "os_id", "os_version_id", "zone", "owner", "tags")
"""What may tell cohorts apart."""


def parse_cohort(value: object) -> tuple[str, ...]:
    """Accept a list of dimensions of cohorts, the most telling first (see `parse_line` for errors)."""
    items = tuple(str(item) for item in _split(value))
    for item in items:
        if item not in COHORT_DIMENSIONS:
            raise ValueError(f"expected a list of {', '.join(COHORT_DIMENSIONS)}, not {item[:40]!r}")
    if len(set(items)) < len(items):
        raise ValueError("expected each of them once")
    if "os_version_id" in items and "os_id" not in items[: items.index("os_version_id")]:
        raise ValueError("expected os_id before os_version_id: versions of different systems are not alike")
    return items


def _split(value: object) -> Sequence[object]:
    """Give the items of a list; text is split at commas."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, list | tuple):
        return value
    raise ValueError("expected a list")


def parse_severity(value: object) -> Severity:
    """Accept the word of a severity (see `parse_line` for errors)."""
    if isinstance(value, Severity):
        return value
    words = {severity.label: severity for severity in Severity}
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"expected one of {', '.join(words)}")
    return words[value]


def parse_database(value: object) -> str:
    """Accept the URL of a database (see `parse_line` for errors)."""
    text = parse_line(value)
    try:
        scheme = urlsplit(text).scheme.partition("+")[0]
    except ValueError:
        scheme = ""
    if scheme not in {"sqlite", "postgresql"} or "://" not in text:
        raise ValueError("expected sqlite:///FILE or postgresql://USER@HOST/NAME")
    return anchor_database(text, Path())


def anchor_database(url: str, folder: Path) -> str:
    """Let the relative file of a SQLite URL start at a folder, and expand `~`; other URLs stay."""
    match = _SQLITE.fullmatch(url)
    return f"{match[1]}{folder / parse_file(match[2])}{match[3] or ''}" if match else url


def holds_password(url: str) -> bool:
    """Tell whether a database URL carries a password; text that is no URL carries none."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or any("password" in key.lower() for key in parse_qs(parts.query))
    except ValueError:
        return False


def parse_pointer(value: object) -> SecretRef | None:
    """Accept `env:NAME`, `file:PATH` or `command:CMD`, or nothing; the value is never part of a message.

    Raises:
        ValueError: It is something else, most likely the secret itself.
    """
    if value in ("", None):
        return None
    if isinstance(value, SecretRef):
        return value
    if not isinstance(value, str) or not any(value.startswith(f"{kind}:") for kind in SecretKind):
        raise ValueError("a secret in plain text is not accepted; write env:NAME, file:PATH or command:CMD")
    try:
        return parse_secret(value, Path())
    except ValueError as error:
        raise ValueError("expected env:NAME, file:PATH or command:CMD") from error


def parse_sender(value: object) -> str:
    """Accept `team@example.org` or `Name <team@example.org>`, or nothing (see `parse_line` for errors)."""
    text = parse_line(value).strip()
    match = _ADDRESS.fullmatch(text)
    if text:
        try:
            parse_email(match["email"] if match else text)
        except ValueError as error:
            raise ValueError("expected an address: team@example.org or Name <team@example.org>") from error
    return text


def parse_mail_domain(value: object) -> str:
    """Accept a domain name, or nothing (see `parse_line` for errors)."""
    text = parse_line(value)
    if text:
        try:
            parse_email(f"list@{text}")
        except ValueError as error:
            raise ValueError("expected a domain such as example.org") from error
    return text


def parse_web_url(value: object) -> str:
    """Accept an http or https URL, or nothing (see `parse_line` for errors)."""
    text = parse_line(value)
    if text:
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None or " " in text:
            raise ValueError("expected a URL such as https://reports.example.org/fleet/, without a password")
    return text
