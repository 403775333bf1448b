"""One digest as a mail: text and HTML of equal worth, the same bytes for the same digest."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import css_inline

from fleetscan.errors import MailError
from fleetscan.report.digest import OwnerDigest
from fleetscan.report.templates import load_templates
from fleetscan.report.visible import visible_text

MAX_BYTES = 100_000
_FIRST_LIMIT = 24
# Nothing remote is ever loaded: a style sheet's address could be the work of a host.
_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOptions:
    """How mails look to their readers.

    Attributes:
        sender: `From`, an address or `Name <address>`.
        reply_to: Whom to answer; empty for the sender.
        report_url: Where the report can be opened; empty when it is nowhere.
    """

    sender: str
    reply_to: str = ""
    report_url: str = ""


def render_mail(digest: OwnerDigest, options: MailOptions) -> EmailMessage:
    """Render a digest to a message that is ready to be sent, at most 100 KB.

    Long digests show fewer items and say how many are left out.

    Raises:
        MailError: The owner's or the sender's address is no e-mail address.
    """
    limit = _FIRST_LIMIT
    message = _build_message(digest, options, limit)
    while len(message.as_bytes()) > MAX_BYTES and limit > 1:
        limit //= 2
        message = _build_message(digest, options, limit)
    return message


def message_id(digest: OwnerDigest, options: MailOptions) -> str:
    """Name the message; one sweep and one owner always give the same name."""
    words = (str(digest.sweep), digest.view.started.iso, digest.owner.email.casefold())
    token = hashlib.sha256("\0".join(words).encode("utf-8", "backslashreplace")).hexdigest()[:24]
    return f"<sweep-{digest.sweep}.{token}@{_parse_address(options.sender, 'sender').domain}>"


def _build_message(digest: OwnerDigest, options: MailOptions, limit: int) -> EmailMessage:
    sender = _parse_address(options.sender, "sender")
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = _make_address(digest.owner.name, digest.owner.email, "owner")
        if options.reply_to:
            message["Reply-To"] = _parse_address(options.reply_to, "reply-to")
        message["Subject"] = visible_text(digest.subject)
        message["Date"] = datetime.fromisoformat((digest.view.ended or digest.view.started).iso)
        message["Message-ID"] = message_id(digest, options)
        message["List-Id"] = f"fleetscan digests <fleetscan.{sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    except (ValueError, MessageError) as error:
        raise MailError("a header of the mail cannot be written", hint="check the mail settings") from error
    values = {"digest": digest, "view": digest.view, "limit": limit, "options": options}
    text = load_templates(html=False).get_template("mail/digest.txt.j2").render(values)
    page = load_templates(html=True).get_template("mail/digest.html.j2").render(values)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(_INLINER.inline(page), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{hashlib.sha256(str(message['Message-ID']).encode()).hexdigest()[:32]}")
    return message


def _parse_address(text: str, role: str) -> Address:
    name, address = parseaddr(text)
    return _make_address(name, address, role)


def _make_address(name: str, address: str, role: str) -> Address:
    shown = visible_text(address, 100)
    try:
        made = Address(display_name=visible_text(name), addr_spec=address)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise MailError(f"{role} address {shown!r} is no e-mail address", hint=_address_hint(role)) from error
    if not made.username or not made.domain or not address.isprintable():
        raise MailError(f"{role} address {shown!r} is no e-mail address", hint=_address_hint(role))
    return made


def _address_hint(role: str) -> str:
    return (
        "correct the owner's email in the inventory" if role == "owner" else f"correct the {role} in the mail settings"
    )
