"""Names that stand for many: `web[001:120].example.org`, `db[a:f]`, `node[0:30:10]`."""

import itertools
import math
import re
import string
from collections.abc import Sequence

from fleetscan.errors import ParseError

MAX_NAMES = 200_000
"""The most names that one pattern may stand for; a slip of the finger must not fill the memory."""

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NUMBERS = re.compile(r"([0-9]{1,9}):([0-9]{1,9})(?::([0-9]{1,9}))?")
_LETTERS = re.compile(r"([a-z]):([a-z])(?::([0-9]{1,9}))?|([A-Z]):([A-Z])(?::([0-9]{1,9}))?")
_FORMS = "write [1:20], [001:120], [a:f], or [0:30:10] with a step"


def is_range(pattern: str) -> bool:
    """Tell whether a name holds range brackets."""
    return "[" in pattern or "]" in pattern


def expand_name(pattern: str, *, max_names: int = MAX_NAMES) -> tuple[str, ...]:
    """Expand all ranges of a name; both ends are included, the rightmost range turns fastest.

    Args:
        pattern: A name with any number of ranges; without one it stands for itself.
        max_names: Largest number of names to accept.

    Returns:
        Unique names in the order of the ranges; never empty.

    Raises:
        ParseError: A range is malformed, runs backwards, or gives too many names.
    """
    pieces = _BRACKETS.split(pattern)
    texts, inners = pieces[::2], pieces[1::2]
    if any("[" in text or "]" in text for text in texts):
        raise ParseError(f"a bracket is not closed; {_FORMS}")
    choices = [_parse_range(inner, max_names) for inner in inners]
    if math.prod(map(len, choices)) > max_names:
        raise ParseError(f"the range gives more than {max_names} names")
    return tuple(
        texts[0] + "".join(itertools.chain.from_iterable(zip(combination, texts[1:], strict=True)))
        for combination in itertools.product(*choices)
    )


def _parse_range(inner: str, max_names: int) -> Sequence[str]:
    if numbers := _NUMBERS.fullmatch(inner):
        return _expand_numbers(numbers[1], numbers[2], int(numbers[3] or 1), max_names)
    if letters := _LETTERS.fullmatch(inner):
        first, last, step = letters.groups()[:3] if letters[1] else letters.groups()[3:]
        alphabet = string.ascii_letters
        return [alphabet[i] for i in _span(alphabet.index(first), alphabet.index(last), int(step or 1), max_names)]
    if inner.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:.]+", inner):
        raise ParseError("an IPv6 address stands without brackets; the port is a key of its own")
    raise ParseError(f"'[{inner[:40]}]' is not a range; {_FORMS}")


def _expand_numbers(first: str, last: str, step: int, max_names: int) -> Sequence[str]:
    padded = any(len(end) > 1 and end.startswith("0") for end in (first, last))
    if padded and len(first) != len(last):
        raise ParseError(f"both ends need the same number of digits when one has leading zeros, not [{first}:{last}]")
    width = len(first) if padded else 0
    return [f"{number:0{width}d}" if width else str(number) for number in _span(int(first), int(last), step, max_names)]


def _span(first: int, last: int, step: int, max_names: int) -> range:
    if step == 0:
        raise ParseError("the step of a range is at least 1")
    if last < first:
        raise ParseError("the range ends before it begins; write the smaller end first")
    span = range(first, last + 1, step)
    if len(span) > max_names:
        raise ParseError(f"the range gives more than {max_names} names")
    return span
