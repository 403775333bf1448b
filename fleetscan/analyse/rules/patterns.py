"""Regular expressions that could run for ever, told by their text."""

import re

MAX_OPEN = 2
"""Repeats without an end that one expression may have: each multiplies the work by the length of the text."""
MAX_TIMES = 480
"""Most times that something may be repeated."""

_FREE_TIMES = 8
_REPEAT = re.compile(r"\*|\+|\{(\d*)(,?)(\d*)\}")


class _Reader:
    """Reads an expression from left to right; rather too careful."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.open_repeats = 0
        self.groups = [False]  # of each group that is open: whether it holds a repeat or a choice
        self.closed = False  # the same of the group that ended just before, False when none did

    def read(self) -> str:
        """Say what is wrong, empty for nothing."""
        while self.position < len(self.text):
            repeat = _REPEAT.match(self.text, self.position)
            if repeat and self.position > 0:
                fault = self._read_repeat(repeat)
                if fault:
                    return fault
            elif self.text[self.position] == ")" and len(self.groups) > 1:
                self.closed = self.groups.pop()
                self.groups[-1] = self.groups[-1] or self.closed
                self.position += 1
            else:
                self._read_plain()
                self.closed = False
        return ""

    def _read_repeat(self, repeat: re.Match[str]) -> str:
        is_open = repeat[0] in "*+" or (bool(repeat[2]) and not repeat[3])
        times = 0 if is_open else int(repeat[3] or repeat[1] or 0)
        self.open_repeats += is_open
        if self.closed and (is_open or times > _FREE_TIMES):
            return "a repeat of a group with a repeat or a choice in it; such an expression can take for ever"
        if self.open_repeats > MAX_OPEN:
            return f"more than {MAX_OPEN} repeats without an end; write `{{0,80}}` instead of `*`"
        if times > MAX_TIMES:
            return f"a repeat of more than {MAX_TIMES} times"
        self.groups[-1] = True
        self.position, self.closed = repeat.end(), False
        return ""

    def _read_plain(self) -> None:
        match self.text[self.position]:
            case "\\":
                self.position += 2
            case "[":
                self._skip_class()
            case "(":
                self.groups.append(False)
                self.position += 1
            case "|":
                self.groups[-1] = True
                self.position += 1
            case _:
                self.position += 1

    def _skip_class(self) -> None:
        text = self.text
        self.position += 2 if text.startswith("^", self.position + 1) else 1
        self.position += text.startswith("]", self.position)
        while self.position < len(text) and text[self.position] != "]":
            self.position += 2 if text[self.position] == "\\" else 1
        self.position += 1


def find_danger(text: str) -> str:
    """Say why an expression could run away on a text of a few thousand characters; empty when it cannot."""
    return _Reader(text).read()
