"""Receivers of findings: each renders what it is told in its own form, and hands it over."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from fleetscan.export.asset_records import OutgoingAsset
from fleetscan.export.cef import render_cef
from fleetscan.export.hec import render_hec
from fleetscan.export.leef import render_leef
from fleetscan.export.ocsf import render_ocsf
from fleetscan.export.outgoing import OutgoingFinding
from fleetscan.export.syslog import count_octets, render_syslog
from fleetscan.model.drift import Severity
from fleetscan.report.sink_fault import SinkError, SinkFault
from fleetscan.report.sink_http import HttpOptions, send_document
from fleetscan.report.sink_link import LinkOptions
from fleetscan.report.sink_syslog import send_datagrams, send_stream
from fleetscan.report.sink_template import render_body

Outgoing = OutgoingFinding | OutgoingAsset
Bodies = tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkOptions:
    """What all sinks have.

    Attributes:
        about_hosts: Whether it is told of hosts instead of findings.
        min_severity: Lowest severity of what it is told of first.
        batch: Most pieces of news in one hand-over.
        timeout_s: Seconds for connecting, and again for one hand-over.
        tries: How often a run tries.
    """

    name: str
    kind: str
    target: str
    about_hosts: bool = False
    min_severity: Severity = Severity.LOW
    batch: int = 1
    timeout_s: float = 10.0
    tries: int = 3


class Sink(Protocol):
    """A receiver."""

    @property
    def options(self) -> SinkOptions:
        """What all sinks have."""

    def render(self, news: Sequence[Outgoing]) -> Bodies:
        """Give the documents or messages for some news, without secrets and without reaching for the network.

        Raises:
            SinkError: They cannot be made.
        """

    def deliver(self, bodies: Bodies, key: str) -> None:
        """Hand over what was rendered.

        Args:
            bodies: Of `render`.
            key: The same when the same news is handed over again.

        Raises:
            SinkError: It was not taken, or nobody knows.
            ConfigError: A secret cannot be fetched.
        """


class SyslogSink:
    """A syslog server."""

    def __init__(
        self,
        options: SinkOptions,
        link: LinkOptions,
        *,
        form: str,
        datagrams: bool,
        max_bytes: int,
        sender: str,
        version: str,
    ) -> None:
        self.options = options
        self._link = link
        self._form = form
        self._datagrams = datagrams
        self._max_bytes = max_bytes
        self._sender = sender
        self._version = version

    def render(self, news: Sequence[Outgoing]) -> Bodies:
        """Give one message for each finding, framed where the transport needs it."""
        messages = [self._render(one) for one in news if isinstance(one, OutgoingFinding)]
        return tuple(messages if self._datagrams else map(count_octets, messages))

    def deliver(self, bodies: Bodies, key: str) -> None:
        """Send the messages."""
        del key
        if self._datagrams:
            send_datagrams(self._link, bodies)
        else:
            send_stream(self._link, b"".join(bodies))

    def _render(self, news: OutgoingFinding) -> bytes:
        # The header of a message takes up to 340 bytes, most of it the name of this machine.
        room = max(self._max_bytes - 90 - len(self._sender), 200)
        match self._form:
            case "leef":
                body = render_leef(news, version=self._version, max_bytes=room)
            case "ocsf":
                body = render_ocsf([news], version=self._version)
            case _:
                body = render_cef(news, version=self._version, max_bytes=room)
        record = news.record
        return render_syslog(body, severity=record.severity, kind=news.occasion, sender=self._sender, at=news.at)


@dataclass(frozen=True, kw_only=True)
class HttpForm:
    """How a document is made and named for one kind of HTTP receiver."""

    render: Callable[[Sequence[Outgoing]], str]
    headers: Mapping[str, str]


class HttpSink:
    """A receiver of documents over HTTP; its secrets are fetched when the first one goes out."""

    def __init__(self, options: SinkOptions, form: HttpForm, connect: Callable[[], HttpOptions]) -> None:
        self.options = options
        self._form = form
        self._connect = connect

    def render(self, news: Sequence[Outgoing]) -> Bodies:
        """Give one document for all of the news."""
        return (self._form.render(news).encode("utf-8", "backslashreplace"),)

    def deliver(self, bodies: Bodies, key: str) -> None:
        """Send the document."""
        for body in bodies:
            send_document(self._http, body, {**self._form.headers, "Idempotency-Key": key})

    @cached_property
    def _http(self) -> HttpOptions:
        return self._connect()


def hec_form(index: str) -> HttpForm:
    """Make documents for Splunk's HTTP Event Collector."""

    def render(news: Sequence[Outgoing]) -> str:
        return render_hec([one for one in news if isinstance(one, OutgoingFinding)], index=index)

    return HttpForm(render=render, headers={"Content-Type": "application/json"})


def template_form(template: str, sink: str, content_type: str) -> HttpForm:
    """Make documents by a template."""

    def render(news: Sequence[Outgoing]) -> str:
        body = render_body(template, [one.as_event() for one in news], sink)
        if not body.strip():
            raise SinkError(f"the template {template} gave nothing", fault=SinkFault.SETTINGS)
        return body

    return HttpForm(render=render, headers={"Content-Type": content_type})


def name_delivery(news: Sequence[Outgoing]) -> str:
    """Name a hand-over by what is in it."""
    return hashlib.sha256("\n".join(one.uid for one in news).encode("utf-8", "backslashreplace")).hexdigest()[:32]
