"""Documents to a receiver over HTTP. Only a 2xx answer counts as taken."""

import http.client
import re
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fleetscan.report.sink_fault import SinkError, SinkFault
from fleetscan.report.sink_link import LOOPBACK, LinkOptions, open_link
from fleetscan.report.visible import visible_text

_MAX_ANSWER_BYTES = 64 * 1024
_MAX_WORDS_CHARS = 200
_MAX_RETRY_AFTER_S = 86_400.0
_TEMPORARY = frozenset({408, 423, 425, 429})
_REFUSED = frozenset({400, 406, 409, 413, 414, 415, 422})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How to hand over a document.

    Attributes:
        url: May itself be a secret, as those of chat webhooks are; never shown.
        headers: Without secrets.
        secret_headers: Never shown, and sent over TLS only (or to this machine).
        ca_file: Certificates to trust instead of the system's.
        timeout_s: Seconds for connecting, and again for the request with its answer.
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: str | None = None
    timeout_s: float = 10.0


def send_document(options: HttpOptions, body: bytes, headers: Mapping[str, str]) -> None:
    """Hand over one document. Redirections are not followed: they would carry the secrets elsewhere.

    Args:
        options: Where to.
        body: The document.
        headers: Of this one, beside those of the options.

    Raises:
        SinkError: It was not taken, or nobody answered whether it was.
    """
    link, path = _take_apart(options)
    merged = {**options.headers, **headers, **options.secret_headers, "Connection": "close"}
    for name, value in merged.items():
        # http.client would repeat a wrong value in its error, and it may be a secret.
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise SinkError(
                f"the header {visible_text(name, 40)} cannot be sent: it is not one line of ASCII",
                fault=SinkFault.SETTINGS,
                hint="check the value in the place that its pointer names",
            )
    with open_link(link) as opened:
        status, answer, retry_after = _exchange(opened, link, options.method, path, body, merged)
    if not 200 <= status < 300:
        raise _translate_answer(status, _hide(answer, options), retry_after, link.where)


def _take_apart(options: HttpOptions) -> tuple[LinkOptions, str]:
    try:
        parts = urlsplit(options.url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = options.url.isascii() and options.url.isprintable() and " " not in options.url
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or not plain:
        raise SinkError("its URL is not one of http or https", fault=SinkFault.SETTINGS, hint="correct the setting url")
    tls = parts.scheme == "https"
    if not tls and options.secret_headers and parts.hostname not in LOOPBACK:
        raise SinkError(
            f"the secret would go to {parts.hostname} unprotected", fault=SinkFault.SETTINGS, hint="use https"
        )
    link = LinkOptions(
        host=parts.hostname,
        port=port or (443 if tls else 80),
        tls=tls,
        ca_file=options.ca_file,
        timeout_s=options.timeout_s,
    )
    return link, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _exchange(
    opened: socket.socket, link: LinkOptions, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(link.host, link.port)
    connection.sock = opened
    connection.auto_open = 0
    default = (link.port == 443) if link.tls else (link.port == 80)
    name = f"[{link.host}]" if ":" in link.host else link.host
    named = {"Host": name if default else f"{name}:{link.port}", **headers}
    connection.request(method, path, body, named)
    with closing(connection.getresponse()) as answer:
        if 200 <= answer.status < 300:
            return answer.status, "", ""  # taken, whatever becomes of the rest of the answer
        text = answer.read(_MAX_ANSWER_BYTES).decode("utf-8", "backslashreplace")
        return answer.status, text, answer.getheader("Retry-After") or ""


def _translate_answer(status: int, words: str, retry_after: str, where: str) -> SinkError:
    shown = visible_text(" ".join(words.split()), _MAX_WORDS_CHARS) if words.strip() else "without a word"
    if status >= 500 or status in _TEMPORARY:
        seconds = min(float(retry_after), _MAX_RETRY_AFTER_S) if re.fullmatch(r"[0-9]{1,9}", retry_after) else None
        return SinkError(f"{where} answered {status}", fault=SinkFault.TEMPORARY, retry_after_s=seconds)
    if status in _REFUSED:
        return SinkError(f"{where} refused it: {status} {shown}", fault=SinkFault.REFUSED)
    if status in (401, 403):
        # Without its words: it could repeat what it was given.
        return SinkError(f"{where} refused the login ({status})", fault=SinkFault.SETTINGS, hint="check the token")
    if 300 <= status < 400:
        hint = "write the address that it redirects to into the setting url"
        return SinkError(f"{where} redirects elsewhere ({status})", fault=SinkFault.SETTINGS, hint=hint)
    return SinkError(f"{where} answered {status} {shown}", fault=SinkFault.SETTINGS, hint="check url and method")


def _hide(answer: str, options: HttpOptions) -> str:
    """Take out secrets that the receiver repeats, also when it repeats a part of a header's value."""
    words = {word for value in options.secret_headers.values() for word in (value, *value.split()) if len(word) > 3}
    path = urlsplit(options.url)
    words |= {word for word in (options.url, path.path, path.query) if len(word) > 3}
    for word in sorted(words, key=len, reverse=True):
        answer = answer.replace(word, "…")
    return answer
