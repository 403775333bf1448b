"""The store is asked only about contents that nobody has asked about before."""

from collections.abc import Iterable

from fleetscan.model.ids import Sha256
from fleetscan.sweep.known import KnownContents

A, B, C = (Sha256(digit * 64) for digit in "abc")


class Stored:
    def __init__(self, *hashes: Sha256) -> None:
        self.hashes = set(hashes)
        self.asked: list[frozenset[Sha256]] = []

    def find_missing(self, hashes: Iterable[Sha256]) -> frozenset[Sha256]:
        self.asked.append(frozenset(hashes))
        return self.asked[-1] - self.hashes


def test_what_the_store_lacks_is_wanted() -> None:
    assert KnownContents(Stored(A).find_missing).wanted([A, B]) == {B}


def test_what_is_known_is_not_asked_again() -> None:
    stored = Stored(A)
    known = KnownContents(stored.find_missing)
    known.wanted([A])
    assert known.wanted([A, B]) == {B}
    assert known.wanted([A]) == frozenset()
    assert stored.asked == [{A}, {B}]


def test_what_was_missing_is_asked_again_because_it_may_have_come_meanwhile() -> None:
    stored = Stored()
    known = KnownContents(stored.find_missing)
    assert known.wanted([C]) == {C}
    stored.hashes.add(C)
    assert known.wanted([C]) == frozenset()
