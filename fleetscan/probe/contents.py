"""Contents by hash: only what no host of the fleet has shown before crosses the wire."""

import base64
import binascii
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import Sha256
from fleetscan.probe.wire import Frame

MAX_CONTENT_BYTES = 262_144
_BATCH_BYTES = 1_048_576
_BATCH_FILES = 64
DONE = b"done\n"


@dataclass(frozen=True, slots=True)
class Offer:
    """A content that the host could send.

    Attributes:
        number: Its place in the host's list of hashes.
        size: Bytes, as the walk saw it.
        reader: With whose rights it is read: `-` for the probe's own, or a uid. One request has one reader.
    """

    number: int
    size: int
    reader: str = "-"


@dataclass(frozen=True, slots=True)
class Request:
    """One line to the probe, and what has to come back for it, in order."""

    expected: tuple[tuple[Sha256, Offer], ...]

    @property
    def line(self) -> bytes:
        """The bytes to send."""
        return f"fetch {self.numbers}\n".encode("ascii")

    @property
    def numbers(self) -> str:
        """The numbers as the answer repeats them."""
        return " ".join(str(offer.number) for _, offer in self.expected)


def plan_requests(offers: Mapping[Sha256, Offer], wanted: Collection[Sha256]) -> Iterator[Request]:
    """Split what is wanted into requests of bounded size and one reader, in the host's order, which answers follow."""
    batch: list[tuple[Sha256, Offer]] = []
    size = 0
    for sha256 in sorted(wanted, key=lambda sha: (offers[sha].reader, offers[sha].number)):
        offer = offers[sha256]
        full = len(batch) == _BATCH_FILES or size + offer.size > _BATCH_BYTES
        if batch and (full or batch[-1][1].reader != offer.reader):
            yield Request(tuple(batch))
            batch, size = [], 0
        batch.append((sha256, offer))
        size += offer.size
    if batch:
        yield Request(tuple(batch))


def split_request(request: Request) -> Iterable[Request]:
    """Ask for each content by itself, after an answer that did not fit."""
    return (Request((pair,)) for pair in request.expected)


def parse_contents(request: Request, frame: Frame) -> dict[Sha256, bytes]:
    """Cut an answer into contents and keep those whose hash is the one asked for.

    A file that changed, grew or vanished meanwhile shifts all that follow; none of them is taken on trust.
    """
    try:
        data = base64.b64decode(frame.payload, validate=False)
    except binascii.Error:
        return {}
    contents = {}
    start = 0
    for sha256, offer in request.expected:
        piece = data[start : start + offer.size]
        start += offer.size
        if len(piece) == offer.size and digest_bytes(piece) == sha256:
            contents[sha256] = piece
    return contents
