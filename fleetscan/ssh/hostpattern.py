"""Host patterns of known_hosts: what a line is about."""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

_HASH_PREFIX = "|1|"
DEFAULT_PORT = 22


def lookup_names(address: str, port: int) -> tuple[str, ...]:
    """Give the names under which a host may stand, the exact one first.

    Source:
        sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: `[address]:port` when the port is not 22. As ssh(1) does, a key that is
        known for the bare address is honoured on other ports too.
    """
    name = address.lower()
    return (name,) if port == DEFAULT_PORT else (f"[{name}]:{port}", name)


def enrolment_pattern(address: str, port: int) -> str:
    """Give the pattern under which a host's key is stored."""
    return lookup_names(address, port)[0]


@dataclass(frozen=True, slots=True)
class HashedName:
    """One name that is stored as a salted hash, so that a stolen file does not list the fleet."""

    salt: bytes
    digest: bytes

    def matches(self, name: str) -> bool:
        """Tell whether this is the name."""
        return hmac.compare_digest(hmac.digest(self.salt, name.encode(), "sha1"), self.digest)


@dataclass(frozen=True, slots=True)
class NameList:
    """Comma-separated globs, some of them negated; one negated match rules the whole list out."""

    wanted: re.Pattern[str]
    unwanted: re.Pattern[str] | None

    def matches(self, name: str) -> bool:
        """Tell whether a glob matches and no negated one does."""
        if self.unwanted is not None and self.unwanted.fullmatch(name):
            return False
        return self.wanted.fullmatch(name) is not None


HostPattern = HashedName | NameList


def exact_names(text: str) -> tuple[str, ...] | None:
    """Give the names of a pattern without globs, negation and hashes; None when it has any of these."""
    if text.startswith("|") or any(char in text for char in "*?!"):
        return None
    return tuple(name.lower() for name in text.split(","))


def parse_pattern(text: str) -> HostPattern:
    """Read one pattern field.

    Raises:
        ValueError: It is no pattern; the text says why.
    """
    if text.startswith("|"):
        return _parse_hashed(text)
    names = text.lower().split(",")
    if not all(name.removeprefix("!") for name in names):
        msg = "empty host name in the pattern"
        raise ValueError(msg)
    wanted = [_glob_regex(name) for name in names if not name.startswith("!")]
    if not wanted:
        msg = "only negated names in the pattern: it can never match"
        raise ValueError(msg)
    unwanted = [_glob_regex(name[1:]) for name in names if name.startswith("!")]
    return NameList(re.compile("|".join(wanted)), re.compile("|".join(unwanted)) if unwanted else None)


def _parse_hashed(text: str) -> HashedName:
    parts = text.removeprefix(_HASH_PREFIX).split("|")
    if not text.startswith(_HASH_PREFIX) or len(parts) != 2:
        msg = "hashed host name of an unknown form"
        raise ValueError(msg)
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in parts)
    except binascii.Error:
        msg = "hashed host name is not base64"
        raise ValueError(msg) from None
    if len(digest) != hashlib.sha1(usedforsecurity=False).digest_size:
        msg = "hashed host name has the wrong length"
        raise ValueError(msg)
    return HashedName(salt, digest)


def _glob_regex(glob: str) -> str:
    # Not fnmatch: in known_hosts a bracket is part of `[address]:port` and never a character class.
    return "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob)
