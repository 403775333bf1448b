"""The smallest part of a nasty case that still differs."""

import re
from collections.abc import Callable, Iterator, Sequence

from tests.live.nasty.units import NastyCase

Judge = Callable[[Sequence[NastyCase]], Sequence[Sequence[str]]]
"""Gives the differences of each case; one call for all of them."""

_MAX_ROUNDS = 30
_MAX_CANDIDATES = 60
_SPARE_NUMBER = 9_000_000
_PARTS = re.compile(rb"[^\n\r\0]*[\n\r\0]*")


def shrink(case: NastyCase, judge: Judge) -> tuple[NastyCase, Sequence[str]]:
    """Take away files, then lines, then bytes as long as a difference stays; any difference counts.

    A host is asked about all ways to make a case smaller at once; the first one that still differs is the next case.

    Returns:
        The smallest case that was found, and its differences.
    """
    differences: Sequence[str] = ()
    for _round in range(_MAX_ROUNDS):
        candidates = [
            NastyCase(_SPARE_NUMBER + number, case.instance, files)
            for number, files in zip(range(_MAX_CANDIDATES), _smaller(case.files), strict=False)
        ]
        found = [pair for pair in zip(candidates, judge(candidates), strict=True) if pair[1]] if candidates else []
        if not found:
            break
        case, differences = found[0]
    return case, differences or judge([case])[0]


def _smaller(files: tuple[tuple[str, bytes], ...]) -> Iterator[tuple[tuple[str, bytes], ...]]:
    """Give what is left without one file or one piece of a file, large pieces first."""
    for place, _data in files[2:]:
        yield tuple(entry for entry in files if entry[0] != place)
    for pieces in (_halves, _lines, _bytes):
        for index, (place, data) in enumerate(files):
            for begin, end in pieces(data):
                yield (*files[:index], (place, data[:begin] + data[end:]), *files[index + 1 :])


def _halves(data: bytes) -> Iterator[tuple[int, int]]:
    if len(data) > 200:
        yield 0, len(data) // 2
        yield len(data) // 2, len(data)


def _lines(data: bytes) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _PARTS.finditer(data) if match.group() and len(match.group()) < len(data))


def _bytes(data: bytes) -> Iterator[tuple[int, int]]:
    if len(data) <= 60:
        yield from ((begin, begin + 1) for begin in range(len(data)))
