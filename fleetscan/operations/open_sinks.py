"""Make sinks from their settings; secrets are fetched when the first document goes out."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import fleetscan
from fleetscan.config.sinks import SinkSettings
from fleetscan.model.host import SecretRef
from fleetscan.operations.sinks import HttpForm, HttpSink, Sink, SinkOptions, SyslogSink, hec_form, template_form
from fleetscan.report.sink_http import HttpOptions
from fleetscan.report.sink_link import LinkOptions

FetchSecret = Callable[[SecretRef], str]
"""Gives the value of a secret, or raises `ConfigError`."""


def open_sink(settings: SinkSettings, fetch_secret: FetchSecret) -> Sink:
    """Make one sink; nothing is fetched and nothing is connected to."""
    options = SinkOptions(
        name=settings.name,
        kind=settings.kind,
        target=describe_target(settings),
        about_hosts=settings.about == "hosts",
        min_severity=settings.min_severity,
        batch=settings.batch_size,
        timeout_s=settings.timeout_s,
        tries=settings.tries,
    )
    if settings.kind == "syslog":
        link = LinkOptions(
            host=settings.host,
            port=settings.port,
            tls=settings.transport == "tls",
            ca_file=_ca_file(settings),
            timeout_s=settings.timeout_s,
        )
        return SyslogSink(
            options,
            link,
            form=settings.format,
            datagrams=settings.transport == "udp",
            max_bytes=settings.max_bytes,
            sender=socket.gethostname(),
            version=fleetscan.__version__,
        )
    return HttpSink(options, _choose_form(settings), lambda: _connect(settings, fetch_secret))


def describe_target(settings: SinkSettings) -> str:
    """Name where a sink sends to, without what may be a secret in its URL."""
    if settings.kind == "syslog":
        return f"{settings.transport}://{settings.host}:{settings.port}"
    if isinstance(settings.url, SecretRef):
        return f"(URL from {settings.url.kind})"
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{parts.netloc}"


def _choose_form(settings: SinkSettings) -> HttpForm:
    if settings.kind == "hec":
        return hec_form(settings.index)
    return template_form(settings.template, settings.name, settings.content_type)


def _connect(settings: SinkSettings, fetch_secret: FetchSecret) -> HttpOptions:
    secrets = {name: fetch_secret(pointer) for name, pointer in settings.secret_headers.items()}
    if settings.token is not None:
        scheme = "Splunk" if settings.kind == "hec" else "Bearer"
        secrets["Authorization"] = f"{scheme} {fetch_secret(settings.token)}"
    return HttpOptions(
        url=fetch_secret(settings.url) if isinstance(settings.url, SecretRef) else settings.url,
        method=settings.method if settings.kind == "http" else "POST",
        headers={"User-Agent": f"fleetscan/{fleetscan.__version__}", **settings.headers},
        secret_headers=secrets,
        ca_file=_ca_file(settings),
        timeout_s=settings.timeout_s,
    )


def _ca_file(settings: SinkSettings) -> str | None:
    return str(settings.ca_file) if settings.ca_file else None
