"""Text of single settings → checked values. Every message says what is expected."""

import ipaddress
import re
from pathlib import Path

from fleetscan.inventory.document import Plain
from fleetscan.model.host import ProbeStart, SecretKind, SecretRef

MAX_TIMEOUT_S = 86_400.0

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_HOST_NAME = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:-]{0,252}")
_DNS_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")
_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@\\$-]{0,127}")
_REMOTE_PATH = re.compile(r"(?=.{2,200}$)(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)+")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_MAIL_DOMAIN = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_SECRET_KINDS = frozenset(kind.value for kind in SecretKind)
_POINTER_FORMS = "write {env: NAME}, {file: PATH} or {command: CMD}"


def parse_text(value: Plain) -> str:
    """Accept one line of printable text, at most 4,096 characters.

    Raises:
        ValueError: It is something else; the text says what is expected.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected text")
    if not value.isprintable() or len(value) > 4096:
        raise ValueError("expected one line of printable text, at most 4096 characters")
    return value.strip()


def parse_name(value: Plain) -> str:
    """Accept the name of a group, zone, tag or failure domain (see `parse_text` for errors)."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("expected a name: at most 64 of A-Z a-z 0-9 . _ -, not beginning with . or -")
    return value


def parse_names(value: Plain) -> tuple[str, ...]:
    """Accept a list of names, or one name, without repeats (see `parse_text` for errors)."""
    items = value if isinstance(value, list) else [value]
    if wrong := [item for item in items if not isinstance(item, str) or not _NAME.fullmatch(item)]:
        shown = f"{wrong[0][:80]!r} is not one" if isinstance(wrong[0], str) else "write [one, two]"
        raise ValueError(f"expected a list of names (A-Z a-z 0-9 . _ -); {shown}")
    return tuple(dict.fromkeys(item for item in items if isinstance(item, str)))


def parse_texts(value: Plain) -> tuple[str, ...]:
    """Accept a list of texts, or one text, without repeats (see `parse_text` for errors)."""
    return tuple(dict.fromkeys(parse_text(item) for item in (value if isinstance(value, list) else [value])))


def parse_host_name(value: str) -> str:
    """Accept a host's inventory name after ranges are expanded (see `parse_text` for errors)."""
    if not _HOST_NAME.fullmatch(value):
        raise ValueError("expected a host name: at most 253 of A-Z a-z 0-9 . _ - :, not beginning with . or -")
    return value


def parse_address(value: Plain) -> str:
    """Accept a DNS name or an IP address, with `%zone` when it is link-local (see `parse_text` for errors)."""
    text = parse_text(value)
    if text.startswith("["):
        raise ValueError("write an IPv6 address without brackets, and the port as a key of its own")
    try:
        return str(ipaddress.ip_address(text)) if "%" not in text else _parse_scoped(text)
    except ValueError:
        pass
    if text.count(":") == 1:
        raise ValueError("write the port as a key of its own: port: N")
    if "@" in text:
        raise ValueError("write the account as a key of its own: user: NAME")
    if not _DNS_NAME.fullmatch(text) or re.fullmatch(r"[0-9.]+", text):
        raise ValueError("expected a DNS name (non-ASCII names in their xn-- form) or an IP address")
    return text


def _parse_scoped(text: str) -> str:
    ipaddress.IPv6Address(text)
    return text


def parse_user(value: Plain) -> str:
    """Accept an account name (see `parse_text` for errors)."""
    text = parse_text(value)
    if not _USER.fullmatch(text):
        raise ValueError("expected an account name")
    return text


def parse_probe_start(value: Plain) -> ProbeStart:
    """Accept how the probe comes to run (see `parse_text` for errors)."""
    if value not in {start.value for start in ProbeStart}:
        raise ValueError("expected sent or installed")
    return ProbeStart(str(value))


def parse_remote_path(value: Plain) -> str:
    """Accept the path of a file on a host, in letters that need no quotes anywhere (see `parse_text` for errors)."""
    if not isinstance(value, str) or not _REMOTE_PATH.fullmatch(value):
        raise ValueError("expected an absolute path of A-Z a-z 0-9 . _ - / without '.' or '..' as a part")
    return value


def parse_port(value: Plain) -> int:
    """Accept a TCP port (see `parse_text` for errors)."""
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
        raise ValueError("expected a whole number from 1 to 65535")
    return int(value)


def parse_switch(value: Plain) -> bool:
    """Accept true/false, yes/no, on/off in any case (see `parse_text` for errors)."""
    word = value.lower() if isinstance(value, str) else ""
    if word not in _TRUE | _FALSE:
        raise ValueError("expected true or false")
    return word in _TRUE


def parse_seconds(value: Plain) -> float:
    """Accept a number of seconds above 0, at most a day (see `parse_text` for errors)."""
    text = value if isinstance(value, str) else ""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or not 0 < float(text) <= MAX_TIMEOUT_S:
        raise ValueError("expected seconds as a plain number above 0, at most 86400")
    return float(text)


def parse_email(value: Plain) -> str:
    """Accept one bare e-mail address, ASCII only: it becomes a mail header (see `parse_text` for errors).

    Source:
        RFC 5321, section 4.1.2 (dot-string local part), without quoted forms.
    """
    text = value if isinstance(value, str) else ""
    local, at, domain = text.rpartition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    if not at or dots or not _LOCAL_PART.fullmatch(local) or not _MAIL_DOMAIN.fullmatch(domain):
        raise ValueError("expected one e-mail address such as team@example.org")
    return text


def parse_path(value: Plain, folder: Path) -> str:
    """Accept a file path; `~` is expanded, and a relative path starts at `folder` (see `parse_text` for errors)."""
    text = parse_text(value)
    try:
        return str(folder / Path(text).expanduser())
    except RuntimeError as error:
        raise ValueError("expected a path; the home directory of that user is not known") from error


def parse_secret(value: Plain, folder: Path) -> SecretRef:
    """Accept a pointer to a secret, as a mapping or as `env:NAME`, `file:PATH`, `command:CMD`.

    The value is never part of a message: what is not a pointer is most likely the secret itself.

    Raises:
        ValueError: It is something else; the text says how to write a pointer.
    """
    if isinstance(value, str):
        prefix, colon, rest = value.partition(":")
        if not colon or prefix not in _SECRET_KINDS:
            raise ValueError(f"a secret in plain text is not accepted here; {_POINTER_FORMS}")
        value = {prefix: rest}
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"expected where the secret comes from; {_POINTER_FORMS}")
    [(word, target)] = value.items()
    if word not in _SECRET_KINDS:
        raise ValueError(f"expected where the secret comes from; {_POINTER_FORMS}")
    kind = SecretKind(word)
    if not isinstance(target, str) or not target.strip() or not target.isprintable():
        raise ValueError(f"{kind} needs one line of text; {_POINTER_FORMS}")
    if kind is SecretKind.ENV and not _VARIABLE.fullmatch(target):
        raise ValueError("env needs the name of an environment variable, not its value")
    return SecretRef(kind, parse_path(target, folder) if kind is SecretKind.FILE else target.strip())
