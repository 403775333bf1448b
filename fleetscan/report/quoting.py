"""Names from hosts as words of a shell command that is safe to copy."""

import re
import shlex

_PRINTABLE_ASCII = re.compile(r"[ -~]*")


def quote_word(text: str) -> str:
    r"""Quote one word for bash, zsh, ksh or a current dash.

    Text outside printable ASCII is spelled in bytes, `$'\xd0\xb0pt'`: a look-alike letter, an escape code or a byte
    that is not UTF-8 stays exactly what it is on the host, and is seen for what it is.
    """
    if _PRINTABLE_ASCII.fullmatch(text):
        return shlex.quote(text)
    return (
        "$'"
        + "".join(map(_spell_byte, text.encode("utf-8", "surrogatepass" if _is_torn(text) else "surrogateescape")))
        + "'"
    )


def join_words(*words: str) -> str:
    """Quote words and join them to one command."""
    return " ".join(map(quote_word, words))


def _is_torn(text: str) -> bool:
    """Tell whether there is a surrogate that does not stand for an undecodable byte."""
    return any("\ud800" <= char <= "\udfff" and not "\udc80" <= char <= "\udcff" for char in text)


def _spell_byte(byte: int) -> str:
    if byte in b"\\'":
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
