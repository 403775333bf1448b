"""Receivers on loopback: an HTTP server and syslog servers, with the manners that a test asks for."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpReceiver:
    """Takes requests; answers each by the next of `manners`, and with 200 when there is none left.

    A manner is a status, `"silent"` (no answer until the test ends), `"reset"` (the connection is torn down), `"drip"`
    (an answer that never begins), `"noise"` (no HTTP), `"half"` (consent, and then the connection ends), or a function
    of the request that gives a status.
    """

    port: int = 0
    manners: list[int | str | Callable[[Request], int]] = field(default_factory=list)
    always: int | str | Callable[[Request], int] = 200
    headers: dict[str, str] = field(default_factory=dict)
    words: str = '{"text":"Success","code":0}'
    echo: bool = False
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve_http(  # noqa: C901 - the handler inside is a class of its own
    certificate: "Certificate | None" = None,
) -> Iterator[HttpReceiver]:
    """Run an HTTP server, or an HTTPS server."""
    receiver = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Request(self.command, self.path, dict(self.headers), body)
            receiver.requests.append(request)
            manner = receiver.manners.pop(0) if receiver.manners else receiver.always
            if callable(manner):
                manner = manner(request)
            if isinstance(manner, str):
                self._misbehave(manner)
                return
            if 200 <= manner < 300:
                receiver.taken.append(request)
            words = f"{dict(self.headers)} {self.path}" if receiver.echo else receiver.words
            self.send_response(manner)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(words.encode())))
            self.end_headers()
            self.wfile.write(words.encode())

        do_PUT = do_POST  # noqa: N815 - the name is http.server's

        def _misbehave(self, manner: str) -> None:
            self.close_connection = True
            with suppress(OSError):
                if manner == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                elif manner == "noise":
                    self.wfile.write(b"220 mail.example.org ready\r\n")
                elif manner == "half":
                    receiver.taken.append(receiver.requests[-1])
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
                elif manner == "drip":
                    self.wfile.write(b"HTTP/1.1 ")
                while manner in ("silent", "drip") and not receiver.over.wait(0.02):
                    if manner == "drip":
                        self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # torn connections are meant
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class SyslogReceiver:
    """Takes messages."""

    port: int
    received: list[bytes] = field(default_factory=list)
    wait_for: Callable[[], None] = lambda: None

    @property
    def messages(self) -> list[bytes]:
        """Messages of all connections, by counting octets."""
        found = []
        for data in self.received:
            rest = data
            while rest:
                count, _, rest = rest.partition(b" ")
                found.append(rest[: int(count)])
                assert len(found[-1]) == int(count), "a frame is cut"
                rest = rest[int(count) :]
        return found


@contextmanager
def serve_syslog(certificate: "Certificate | None" = None, manner: str = "polite") -> Iterator[SyslogReceiver]:
    """Run a syslog server over TCP or TLS for any number of connections.

    Manners: `polite` reads all and closes; `open` reads all and keeps its half open; `reset` tears the connection down
    in the middle of the first message; `deaf` accepts and reads nothing.
    """
    over = threading.Event()
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        receiver = SyslogReceiver(listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def talk(raw: socket.socket) -> None:
            with suppress(OSError), ExitStack() as links:
                link = links.enter_context(raw)
                if certificate:
                    context = certificate.server_context()
                    link = links.enter_context(context.wrap_socket(raw, server_side=True))
                if manner == "deaf":
                    over.wait(30)
                    return
                data = b""
                while chunk := link.recv(65536):
                    data += chunk
                    if manner == "reset":
                        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        return
                receiver.received.append(data)
                if manner == "open":
                    over.wait(30)

        def accept() -> None:
            with suppress(OSError):
                while not over.is_set():
                    link, _ = listener.accept()
                    threads.append(threading.Thread(target=talk, args=(link,)))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield receiver
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


@contextmanager
def serve_datagrams() -> Iterator[tuple[int, Callable[[int], list[bytes]]]]:
    """Open a UDP port; give it and a function that waits for some datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(10)
        yield link.getsockname()[1], lambda count: [link.recv(65536) for _ in range(count)]


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for `localhost`, as files."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(folder: Path) -> Certificate:
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
