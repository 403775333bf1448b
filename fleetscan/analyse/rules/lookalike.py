"""Names that are made to be taken for those of units that packages bring."""

import re
from collections.abc import Collection, Iterable

_SHORTEST = 5
_FOLDED = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s", "|": "l", "_": "-", ".": "-", "i": "l"})
_FILLERS_TEXT = """
    1 2 agent autorun bak check d daemon daily helper hourly job local monitor new old once service svc sync
    system task timer update updater v2 weekly worker
"""
_FILLERS = frozenset(_FILLERS_TEXT.split())
_WORDS = re.compile(r"[-_.@]+")
_MAX_NAME = 128


def find_imitated(names: Iterable[str], vendor_names: Collection[str]) -> tuple[str, ...]:
    """Give the vendor's names that a subject's names imitate, sorted.

    A name imitates another when it differs in one or two letters, in letters that look alike, or in filler words and
    the order of words. The vendor's own names, and what begins with one and says what for (`apt-daily-upgrade`), do
    not count when they are a vendor's too.

    Args:
        names: Without suffix.
        vendor_names: Without suffix.
    """
    found: set[str] = set()
    vendor = {name for name in vendor_names if len(name) >= _SHORTEST}
    for name in names:
        stem = name[:_MAX_NAME].partition("@")[0]
        if len(stem) < _SHORTEST - 1 or stem in vendor_names or f"{stem}@" in vendor_names:
            continue
        found.update(other for other in vendor if _imitates(stem, other.partition("@")[0]))
    return tuple(sorted(found))


def _imitates(name: str, other: str) -> bool:
    if name == other or abs(len(name) - len(other)) > 12:
        return False
    folded, other_folded = name.lower().translate(_FOLDED), other.lower().translate(_FOLDED)
    if folded == other_folded:
        return True
    allowed = 1 if len(other) < 8 else 2
    if abs(len(name) - len(other)) <= allowed and _distance(folded, other_folded, allowed) <= allowed:
        return not _differ_in_number(name, other)
    words, other_words = _split(name), _split(other)
    if sorted(words) == sorted(other_words) or "".join(words) == "".join(other_words):
        return True
    rest = set(words) - set(other_words)
    return set(other_words) < set(words) and len(other_words) > 1 and rest <= _FILLERS


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.split(name) if word]


def _differ_in_number(name: str, other: str) -> bool:
    """Tell whether two names are the same but for a number: `raid-check1` and `raid-check2`, versions of one thing."""
    bare = re.sub(r"\d+", "", name)
    return bare == re.sub(r"\d+", "", other) and bare not in (name, other)


def _distance(first: str, second: str, limit: int) -> int:
    """Give how many letters must change, come, go or swap places; `limit` + 1 for all that is more."""
    rows = [list(range(len(second) + 1))]
    for i, left in enumerate(first, start=1):
        row = [i]
        for j, right in enumerate(second, start=1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == second[j - 2] and first[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
        rows.append(row)
    return rows[-1][-1]
