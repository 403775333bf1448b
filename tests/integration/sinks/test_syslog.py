"""Syslog over UDP, TCP and TLS, read by servers on loopback."""

import socket

import pytest

from fleetscan.operations.sinks import SinkOptions, SyslogSink
from fleetscan.report.sink_fault import SinkError, SinkFault
from fleetscan.report.sink_link import LinkOptions
from fleetscan.report.sink_syslog import send_datagrams, send_stream
from tests.integration.sinks.receivers import Certificate, serve_datagrams, serve_syslog
from tests.outgoing_data import HOSTILE_TEXTS, news

ALL = [news(text) for text in HOSTILE_TEXTS.values()]


def link(port: int, *, tls: bool = False, ca: Certificate | None = None, timeout_s: float = 5.0) -> LinkOptions:
    ca_file = str(ca.certificate) if ca else None
    return LinkOptions(host="localhost", port=port, tls=tls, ca_file=ca_file, timeout_s=timeout_s)


def sink(options: LinkOptions, form: str = "cef", *, datagrams: bool = False, max_bytes: int = 4096) -> SyslogSink:
    return SyslogSink(
        SinkOptions(name="siem", kind="syslog", target="x"),
        options,
        form=form,
        datagrams=datagrams,
        max_bytes=max_bytes,
        sender="scanner.example.org",
        version="1.2",
    )


def check(messages: list[bytes], prefix: bytes) -> None:
    assert len(messages) == len(ALL)
    for message in messages:
        assert message.startswith(b"<107>1 2026-03-01T02:05:00.000Z scanner.example.org fleetscan - new - " + prefix)
        assert not set(message) & {0, 10, 13, 27}
        message.decode()


@pytest.mark.parametrize(
    ("form", "prefix"), [("cef", b"CEF:0|"), ("leef", b"LEEF:2.0|"), ("ocsf", b'{"class_uid":2004')]
)
def test_every_hostile_finding_arrives_over_tcp_as_one_message(form: str, prefix: bytes) -> None:
    with serve_syslog() as server:
        made = sink(link(server.port), form)
        made.deliver(made.render(ALL), "")
    check(server.messages, prefix)


@pytest.mark.parametrize("form", ["cef", "leef"])
@pytest.mark.parametrize("max_bytes", [480, 1024, 4096])
def test_messages_keep_within_the_length_that_the_server_takes(form: str, max_bytes: int) -> None:
    messages = sink(link(0), form, datagrams=True, max_bytes=max_bytes).render(ALL)
    assert max(map(len, messages)) <= max_bytes


def test_every_hostile_finding_arrives_over_udp_as_one_datagram() -> None:
    with serve_datagrams() as (port, wait_for):
        made = sink(LinkOptions(host="127.0.0.1", port=port, tls=False), datagrams=True)
        made.deliver(made.render(ALL), "")
        check(wait_for(len(ALL)), b"CEF:0|")


def test_messages_arrive_over_tls_from_a_server_that_is_who_it_should_be(certificate: Certificate) -> None:
    with serve_syslog(certificate) as server:
        made = sink(link(server.port, tls=True, ca=certificate))
        made.deliver(made.render(ALL), "")
        made.deliver(made.render(ALL[:1]), "")
    assert len(server.messages) == len(ALL) + 1
    with serve_syslog(certificate) as server, pytest.raises(SinkError, match="certificate") as caught:
        send_stream(link(server.port, tls=True), b"3 abc")
    assert caught.value.fault is SinkFault.SETTINGS
    assert server.received == []


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
def test_a_server_that_keeps_its_half_open_is_believed_when_all_is_acknowledged(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch, *, tls: bool
) -> None:
    monkeypatch.setattr("fleetscan.report.sink_syslog._GOODBYE_S", 0.2)
    with serve_syslog(certificate if tls else None, "open") as server:
        send_stream(link(server.port, tls=tls, ca=certificate), b"3 abc")
    assert server.messages == [b"abc"]


def test_a_connection_torn_down_in_the_middle_is_no_success() -> None:
    with serve_syslog(manner="reset") as server, pytest.raises(SinkError) as caught:
        send_stream(link(server.port), b"1000000 " + b"x" * 1_000_000)
    assert caught.value.fault is SinkFault.TEMPORARY


def test_a_server_that_reads_nothing_is_no_success() -> None:
    with serve_syslog(manner="deaf") as server, pytest.raises(SinkError) as caught:
        send_stream(link(server.port, timeout_s=0.5), b"x" * 50_000_000)
    assert caught.value.fault is SinkFault.TEMPORARY


def test_a_server_that_speaks_no_tls_gets_nothing() -> None:
    with serve_syslog() as server, pytest.raises(SinkError):
        send_stream(link(server.port, tls=True, timeout_s=1.0), b"6 secret")
    assert b"secret" not in b"".join(server.received)


def test_nobody_there_is_told_over_tcp_and_as_far_as_the_system_knows_over_udp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, socket.socket() as other:
        taken.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        udp, tcp = taken.getsockname()[1], other.getsockname()[1]
    with pytest.raises(SinkError, match="refused the connection"):
        send_stream(LinkOptions(host="127.0.0.1", port=tcp, tls=False), b"x")
    with pytest.raises(SinkError, match="refused the connection"):
        send_datagrams(LinkOptions(host="127.0.0.1", port=udp, tls=False), [b"x"] * 50)
