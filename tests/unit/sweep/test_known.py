"""The store is asked only about contents that nobody has asked about before."""

from collections.abc import Iterable

from fleetscan.model.ids import Sha256
from fleetscan.sweep.known import KnownContents

A, B, C = (Sha256(digit * 64) for digit in "abc")


class Stored:
    def __init__(self, *hashes: Sha256) -> None:
        self.hashes = set(hashes)
        self.asked: list[frozenset[Sha256]] = []
        self.read: list[frozenset[Sha256]] = []

    def read_contents(self, hashes: Iterable[Sha256]) -> dict[Sha256, bytes]:
        self.read.append(frozenset(hashes))
        return {sha256: b"bytes of " + sha256[:1].encode() for sha256 in self.read[-1] & self.hashes}

    def find_missing(self, hashes: Iterable[Sha256]) -> frozenset[Sha256]:
        self.asked.append(frozenset(hashes))
        return self.asked[-1] - self.hashes


def known_of(stored: Stored) -> KnownContents:
    return KnownContents(stored.find_missing, stored.read_contents)


def test_what_the_store_lacks_is_wanted() -> None:
    assert known_of(Stored(A)).wanted([A, B]) == {B}


def test_what_is_known_is_not_asked_again() -> None:
    stored = Stored(A)
    known = known_of(stored)
    known.wanted([A])
    assert known.wanted([A, B]) == {B}
    assert known.wanted([A]) == frozenset()
    assert stored.asked == [{A}, {B}]


def test_what_was_missing_is_asked_again_because_it_may_have_come_meanwhile() -> None:
    stored = Stored()
    known = known_of(stored)
    assert known.wanted([C]) == {C}
    stored.hashes.add(C)
    assert known.wanted([C]) == frozenset()


def test_bytes_are_read_from_the_store_once() -> None:
    stored = Stored(A)
    known = known_of(stored)
    assert known.load([A, C]) == {A: b"bytes of a"}
    assert known.load([A]) == {A: b"bytes of a"}
    assert stored.read == [{A, C}]


def test_what_was_just_fetched_is_there_before_the_store_has_it() -> None:
    known = known_of(Stored())
    known.hold({B: b"new"})
    assert known.load([B]) == {B: b"new"}
