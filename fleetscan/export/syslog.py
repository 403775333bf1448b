"""Syslog messages as RFC 5424 has them, around any body of one line."""

import re
from datetime import datetime
from enum import IntEnum

from fleetscan.export.outgoing import plain_time

_LOG_AUDIT = 13
_APP = "fleetscan"
_NOT_VISIBLE = re.compile(r"[^\x21-\x7e]")
_MAX_HOST_CHARS = 255
_MAX_KIND_CHARS = 32


class SyslogSeverity(IntEnum):
    """Severities of RFC 5424, table 2, as far as findings have them."""

    CRITICAL = 2
    HIGH = 3
    MEDIUM = 4
    LOW = 5
    INFO = 6


def render_syslog(body: str, *, severity: str, kind: str, sender: str, at: datetime) -> bytes:
    """Write one message without framing; a UDP datagram is exactly this.

    The body has no byte order mark: the parsers of CEF and LEEF look for their prefix. By the RFC such a body is
    "any", and not declared to be UTF-8.

    Args:
        body: One line.
        severity: The word of a finding.
        kind: What happened, the message id.
        sender: Name of this machine; log sources are told apart by it.
        at: When it happened.

    Source:
        RFC 5424, section 6.
    """
    priority = _LOG_AUDIT * 8 + SyslogSeverity[severity.upper()]
    host = _header_word(sender, _MAX_HOST_CHARS)
    head = f"<{priority}>1 {plain_time(at)} {host} {_APP} - {_header_word(kind, _MAX_KIND_CHARS)} - "
    return head.encode("ascii") + body.encode("utf-8", "backslashreplace")


def count_octets(message: bytes) -> bytes:
    """Frame a message for TCP and TLS.

    Source:
        RFC 6587, section 3.4.1, and RFC 5425, section 4.3: a byte in the message can end nothing.
    """
    return str(len(message)).encode("ascii") + b" " + message


def _header_word(text: str, max_chars: int) -> str:
    return _NOT_VISIBLE.sub("_", text)[:max_chars] or "-"
