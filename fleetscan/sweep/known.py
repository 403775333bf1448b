"""Which contents the fleet has shown before."""

from collections.abc import Callable, Iterable

from fleetscan.model.ids import Sha256


class KnownContents:
    """Answers from memory what it can; asks the store only for hashes it never met.

    Args:
        find_missing: Tells which of some hashes the store does not have.
    """

    def __init__(self, find_missing: Callable[[Iterable[Sha256]], frozenset[Sha256]]) -> None:
        self._find_missing = find_missing
        self._known: set[Sha256] = set()

    def wanted(self, hashes: Iterable[Sha256]) -> frozenset[Sha256]:
        """Give those that have to be fetched."""
        unsure = frozenset(hashes) - self._known
        if not unsure:
            return unsure
        missing = self._find_missing(unsure)
        self._known |= unsure - missing
        return missing
