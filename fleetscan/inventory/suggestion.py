"""The near miss of a mistyped name."""

import difflib
from collections.abc import Collection

_LARGE = 1_000
_LARGE_LOOKUPS = 10
"""Comparing one word with 10,000 host names costs about 0.2 s; a file full of typos must not take minutes."""


def suggest_name(word: str, known: Collection[str]) -> str:
    """Give the known name that is nearest to a word, empty when none is near."""
    folded = {name.casefold(): name for name in known}
    matches = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else ""


def phrase_suggestion(word: str, known: Collection[str]) -> str:
    """Give `; did you mean 'x'?` to append to a message, empty when no known name is near."""
    near = suggest_name(word, known)
    return f"; did you mean {near!r}?" if near else ""


class Suggester:
    """Phrases suggestions, and stops after a few when the list of known names is long."""

    def __init__(self) -> None:
        self._left = _LARGE_LOOKUPS

    def phrase(self, word: str, known: Collection[str]) -> str:
        """Give `; did you mean 'x'?`, or nothing when no name is near or too many lookups were made."""
        if len(known) > _LARGE:
            if self._left <= 0:
                return ""
            self._left -= 1
        return phrase_suggestion(word, known)
