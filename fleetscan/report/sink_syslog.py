"""Messages to a syslog server over UDP, TCP or TLS. Syslog has no answer: what the network took counts as taken."""

import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Sequence

from fleetscan.report.sink_fault import SinkError, SinkFault, translate_error
from fleetscan.report.sink_link import LinkOptions, open_link

MAX_DATAGRAM_BYTES = 65_000
_GOODBYE_S = 2.0
"""How long a server may take to end its half; it has the messages by then."""


def send_datagrams(options: LinkOptions, messages: Sequence[bytes]) -> None:
    """Send messages over UDP, one datagram each. Nobody tells whether they arrive.

    Raises:
        SinkError: The name is not known, or this machine says that nobody listens.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as link:
            link.settimeout(options.timeout_s)
            link.connect(address)
            for message in messages:
                link.send(message[:MAX_DATAGRAM_BYTES])
    except OSError as error:
        raise translate_error(error, options.where, timed_out=False) from error


def send_stream(options: LinkOptions, data: bytes) -> None:
    """Send framed messages over one connection, and wait until the other side has them.

    We end our half, and the server, having read all, ends its own. A server that keeps its half open is believed when
    its machine has acknowledged every byte.

    Raises:
        SinkError: Nobody can know whether all of it arrived.
    """
    with open_link(options) as link:
        link.sendall(data)
        link.settimeout(min(options.timeout_s, _GOODBYE_S))
        try:
            if isinstance(link, ssl.SSLSocket):
                _say_goodbye(link)
            else:
                link.shutdown(socket.SHUT_WR)
                _drain(link)
        except TimeoutError:
            _expect_acknowledged(link, options)


def _say_goodbye(link: ssl.SSLSocket) -> None:
    """End our half of a TLS connection, and wait for their goodbye or for the end of the connection.

    Raises:
        TimeoutError: They keep their half open.
        OSError: They sent an alert, or ended the connection before they had read all.
    """
    try:
        link.unwrap()
    except ssl.SSLEOFError:
        return  # closed without a goodbye, as many servers do
    except OSError as error:
        if error.errno != 0:  # the same, as older versions of OpenSSL tell it
            raise


def _drain(link: socket.socket) -> None:
    """Read to the end of what the server says, which is nothing of interest.

    Raises:
        TimeoutError: It keeps its half open.
        OSError: It ended the connection before it had read all.
    """
    while link.recv(4096):
        pass  # bounded by the deadline of the link


def _expect_acknowledged(link: socket.socket, options: LinkOptions) -> None:
    unsent = struct.unpack("i", fcntl.ioctl(link.fileno(), termios.TIOCOUTQ, struct.pack("i", 0)))[0]
    if unsent:
        message = f"{options.where} did not take all of it in time"
        raise SinkError(message, fault=SinkFault.TEMPORARY, hint="it is sent again")
