"""Which contents the fleet has shown before, and their bytes where a visit needs them."""

from collections.abc import Callable, Iterable, Mapping

from fleetscan.model.ids import Sha256

_MAX_HELD_BYTES = 64 * 1024 * 1024


class KnownContents:
    """Answers from memory what it can; asks the store only for hashes it never met.

    Args:
        find_missing: Tells which of some hashes the store does not have.
        read_contents: Gives the bytes of those that it has.
    """

    def __init__(
        self,
        find_missing: Callable[[Iterable[Sha256]], frozenset[Sha256]],
        read_contents: Callable[[Iterable[Sha256]], Mapping[Sha256, bytes]],
    ) -> None:
        self._find_missing = find_missing
        self._read_contents = read_contents
        self._known: set[Sha256] = set()
        self._held: dict[Sha256, bytes] = {}
        self._held_bytes = 0

    def wanted(self, hashes: Iterable[Sha256]) -> frozenset[Sha256]:
        """Give those that have to be fetched."""
        unsure = frozenset(hashes) - self._known
        if not unsure:
            return unsure
        missing = self._find_missing(unsure)
        self._known |= unsure - missing
        return missing

    def hold(self, contents: Mapping[Sha256, bytes]) -> None:
        """Keep bytes that were just fetched: the store has them only after the next commit."""
        size = sum(map(len, contents.values()))
        if self._held_bytes + size > _MAX_HELD_BYTES:
            self._held.clear()
            self._held_bytes = 0
        self._held.update(contents)
        self._held_bytes += size

    def load(self, hashes: Iterable[Sha256]) -> Mapping[Sha256, bytes]:
        """Give the bytes of those that the fleet has shown before; each is read from the store once."""
        asked = frozenset(hashes)
        missing = asked - self._held.keys()
        if missing:
            self.hold(self._read_contents(missing))
        return {sha256: self._held[sha256] for sha256 in asked if sha256 in self._held}
