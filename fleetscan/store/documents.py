"""What of a visit is stored as a shared document: facts, coverage, failure text. Also the latest runtime state."""

from dataclasses import dataclass, replace

from fleetscan.model.coverage import Coverage
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import HostFailure, Outcome
from fleetscan.model.snapshot import HostFacts, RuntimeState
from fleetscan.store.codec import decode_value, encode_value
from fleetscan.store.packing import pack_document, unpack_document

OUTCOMES = (
    Outcome.COMPLETE,
    Outcome.PARTIAL,
    Outcome.UNREACHABLE,
    Outcome.TIMEOUT,
    Outcome.AUTH_FAILED,
    Outcome.HOST_KEY_CHANGED,
    Outcome.HOST_KEY_UNKNOWN,
    Outcome.NO_SYSTEMD,
    Outcome.PROTOCOL_ERROR,
)
"""Their positions are in the database: append only."""


@dataclass(frozen=True, slots=True)
class FailureText:
    """What a failed visit had to say."""

    reason: str = ""
    evidence: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An encoded value with its content address."""

    digest: Sha256
    encoded: bytes

    def row(self) -> dict[str, bytes]:
        """Give the columns besides the digest."""
        return {"data": pack_document(self.encoded)}


def facts_document(facts: HostFacts) -> Document:
    """Encode facts without what names the one host, so that hosts of one image share them."""
    return _document(encode_value(replace(facts, machine_id="", hostname=""), HostFacts))


def coverage_document(coverage: Coverage) -> Document:
    """Encode a coverage."""
    return _document(encode_value(coverage, Coverage))


def failure_document(failure: HostFailure) -> Document:
    """Encode the text of a failure."""
    return _document(encode_value(FailureText(failure.reason, failure.evidence, failure.hint), FailureText))


def read_facts(data: bytes) -> HostFacts:
    """Decode facts."""
    return decode_value(unpack_document(data), HostFacts)


def read_coverage(data: bytes) -> Coverage:
    """Decode a coverage."""
    return decode_value(unpack_document(data), Coverage)


def read_failure(data: bytes) -> FailureText:
    """Decode the text of a failure."""
    return decode_value(unpack_document(data), FailureText)


def pack_runtime(runtime: RuntimeState) -> bytes:
    """Encode volatile state."""
    return pack_document(encode_value(runtime, RuntimeState))


def unpack_runtime(data: bytes) -> RuntimeState:
    """Decode volatile state."""
    return decode_value(unpack_document(data), RuntimeState)


def _document(encoded: bytes) -> Document:
    return Document(digest_bytes(encoded), encoded)
