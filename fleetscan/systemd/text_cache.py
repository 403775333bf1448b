"""What was read out of a text, kept by the text's hash: the hosts of a fleet share most of their files."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from fleetscan.model.ids import Sha256
from fleetscan.systemd.resolve import Contents

Parsed = TypeVar("Parsed")


class TextCache(Generic[Parsed]):
    """Parses each distinct text once for each version of systemd, and forgets the oldest ones.

    Hosts are understood in several threads: each step on what is remembered is one call, so that none is in another's
    way.

    Args:
        parse: Takes the bytes and the major version of systemd; must not raise, and not give None.
        limit: Texts that are remembered.
        is_small: Tells whether a result may be remembered; one that is not small is made anew each time.
    """

    def __init__(self, parse: Callable[[bytes, int], Parsed], limit: int, is_small: Callable[[Parsed], bool]) -> None:
        self._parse = parse
        self._limit = limit
        self._is_small = is_small
        self._known: OrderedDict[tuple[Sha256, int], Parsed] = OrderedDict()

    def __len__(self) -> int:
        """Count the texts that are remembered."""
        return len(self._known)

    def read(self, sha256: Sha256, systemd_version: int, contents: Contents) -> Parsed | None:
        """Give what a text says, None when nobody has it. `contents` is asked only for what is not remembered."""
        key = (sha256, systemd_version)
        if (known := self._known.get(key)) is not None:
            return known
        data = contents(sha256)
        if data is None:  # it may be fetched later, so this is not remembered
            return None
        parsed = self._parse(data, systemd_version)
        if self._is_small(parsed):
            if len(self._known) >= self._limit:
                self._known.popitem(last=False)
            self._known[key] = parsed
        return parsed
