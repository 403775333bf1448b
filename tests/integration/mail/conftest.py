"""A real SMTP server on loopback, with a certificate of its own and the manners that a test asks for."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


# ruff: noqa: ARG002 - names and arguments of the handlers are aiosmtpd's
@dataclass
class Inbox:
    """Keeps what arrives; refuses and misbehaves as told."""

    messages: list[Envelope] = field(default_factory=list)
    rcpt_answer: str = ""
    data_answer: str = "250 taken"
    hang_up_after_data: bool = False

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt_answer:
            return self.rcpt_answer
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        self.messages.append(envelope)
        if self.hang_up_after_data:
            assert server.transport
            # A full stop without the goodbye that closing would send.
            cast("asyncio.Transport", server.transport).abort()
        return self.data_answer


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for `localhost`, as files."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "server.pem", folder / "server.key")
    made.certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


def check_login(
    server: SMTP,
    session: Session,
    envelope: Envelope,
    mechanism: str,
    data: Any,  # noqa: ANN401 - aiosmtpd's
) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"scanner", b"s3cret")
    return AuthResult(success=good, handled=False)


@pytest.fixture
def start_server() -> Iterator[Callable[..., int]]:
    """Start servers and give their ports."""
    with ExitStack() as stack:

        def start(inbox: Inbox, **options: Any) -> int:  # noqa: ANN401 - passed through to aiosmtpd
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port: int = probe.getsockname()[1]
            controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
            controller.start()
            stack.callback(controller.stop)
            return port

        yield start


@pytest.fixture
def start_rude_server() -> Iterator[Callable[[list[bytes]], int]]:
    """Start servers that say one given line for each line they hear (the first as greeting), and then fall silent."""
    with ExitStack() as stack:

        def start(lines: list[bytes]) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            over = threading.Event()
            thread = threading.Thread(target=_talk, args=(listener, lines, over))
            thread.start()
            stack.callback(thread.join)
            stack.callback(over.set)
            port: int = listener.getsockname()[1]
            return port

        yield start


def _talk(listener: socket.socket, lines: list[bytes], over: threading.Event) -> None:
    listener.settimeout(10)
    link, _ = listener.accept()
    with link, suppress(OSError), link.makefile("rb") as heard:
        for line in lines:
            link.sendall(line)
            if not heard.readline():
                return
        # Silent, or (after a line without an end) one byte now and then, which keeps a socket's own timeout away.
        while not over.wait(0.02):
            if not lines[-1].endswith(b"\n"):
                link.sendall(b".")
