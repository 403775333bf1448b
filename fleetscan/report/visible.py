"""Text from hosts made fit to be shown: nothing invisible, nothing that steers a terminal or reorders a line."""

_ELLIPSIS = "…"
_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def visible_text(text: str, max_chars: int | None = None) -> str:
    r"""Show text from a host with every unprintable character spelled out.

    Control characters, bidirectional and zero-width controls, line separators, odd spaces, private and unassigned
    characters and lone surrogates become `\x1b`, `\u202e`, `\udc80`, `\U000e0041`. Backslashes that were in the text
    stay single, because unit files and unit names are full of them. Applying it twice changes nothing.

    Args:
        text: Any text, of any length.
        max_chars: At most this many characters come back, the last of them an ellipsis when something was left out; at
            least 1. None for no limit.

    Returns:
        One line of printable characters.
    """
    if max_chars is None:
        return text if text.isprintable() else "".join(map(_spell, text))
    head = text[: max_chars + 1]
    shown = head if head.isprintable() else "".join(map(_spell, head))
    return shown if len(shown) <= max_chars else shown[: max_chars - 1] + _ELLIPSIS


def bounded_text(text: str, max_chars: int) -> str:
    """Show text from a host, saying how much was left out when it is longer than `max_chars`."""
    if len(text) <= max_chars:
        return visible_text(text)
    return f"{visible_text(text[:max_chars])}{_ELLIPSIS} ({len(text) - max_chars:,} more characters)"


def _spell(char: str) -> str:
    if char.isprintable():
        return char
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
