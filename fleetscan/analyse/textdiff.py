"""Bounded text differences of files from hosts."""

import difflib
import re

from fleetscan.model.drift import TextChange

MAX_LINES = 200
"""Lines of a diff that are kept."""

MAX_COLUMNS = 400
"""Characters of a line that are kept."""

_MAX_INPUT_LINES = 2000
_MAX_INPUT_BYTES = 256 * 1024
_CONTEXT_LINES = 3
_NO_NEWLINE = "\\ No newline at end of file"
_NOT_STORED = "\\ the content of this file is not at hand"
# Control characters, C1 controls and the surrogates that stand for bytes that are not UTF-8.
_UNSHOWABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")


def diff_text(path: str, before: bytes | None, after: bytes | None) -> TextChange:
    """Compare two versions of a file line by line.

    Lines end at LF only, whatever else systemd takes for a line end, so that CR and NUL are shown and not swallowed.

    Args:
        path: Name to show.
        before: Expected bytes; empty when the file is new, None when they are not at hand.
        after: The host's bytes; empty when the file is gone, None when they are not at hand.

    Returns:
        At most `MAX_LINES` lines of at most `MAX_COLUMNS` characters and a mark.
    """
    if before is None or after is None:
        return TextChange(path=path, lines=(_NOT_STORED,))
    old, old_cut = _split_lines(before)
    new, new_cut = _split_lines(after)
    lines: list[str] = []
    for line in list(difflib.unified_diff(old, new, lineterm="", n=_CONTEXT_LINES))[2:]:
        if len(lines) == MAX_LINES:
            return TextChange(path=path, lines=tuple(lines), truncated=True)
        lines.append(_show_line(line))
    return TextChange(path=path, lines=tuple(lines), truncated=old_cut or new_cut)


def _split_lines(data: bytes) -> tuple[list[str], bool]:
    text = data[:_MAX_INPUT_BYTES].decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    cut = len(data) > _MAX_INPUT_BYTES or len(lines) > _MAX_INPUT_LINES + 1
    if lines[-1] == "":
        lines.pop()
    elif not cut:
        lines.append(_NO_NEWLINE)
    return lines[:_MAX_INPUT_LINES], cut


def _show_line(line: str) -> str:
    shown = _UNSHOWABLE.sub(lambda match: _escape(match.group()), line[:MAX_COLUMNS])
    left_out = max(0, len(line) - MAX_COLUMNS) + max(0, len(shown) - MAX_COLUMNS)
    return f"{shown[:MAX_COLUMNS]}… [{left_out} characters left out]" if left_out else shown


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape keeps the byte in the low half
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
