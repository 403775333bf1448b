"""What all lists of systemctl have in common: colours, cut names, footers, JSON."""

import json
import re

from fleetscan.errors import ParseError

# CSI sequences, and OSC sequences (links) ended by BEL or ST; the commands are run without a terminal, but an exported
# SYSTEMD_COLORS makes systemctl colour a pipe.
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z])")
_FOOTER = re.compile(r"(?P<count>[0-9]{1,9}) (?:timers|unit files) listed\.\Z")
_ELLIPSIS = "\u2026"


def split_rows(data: bytes, header: str) -> list[tuple[int, str]]:
    """Give the rows of a text list without colours, header and footer.

    Args:
        data: Standard output of the command.
        header: First word or words of the header line.

    Returns:
        Line number (from 1) and text of each row, not stripped on the left.

    Raises:
        ParseError: A name was cut to fit a terminal, or the footer counts more or fewer rows.
    """
    text = _ESCAPE_SEQUENCE.sub("", data.decode("utf-8", "surrogateescape"))
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        row = line.rstrip(" \r")
        if _ELLIPSIS in row:
            raise ParseError("a name in the list was cut", line=number, hint="run systemctl with --full")
        if footer := _FOOTER.match(row):
            if int(footer["count"]) != len(rows):
                raise ParseError(f"the list has {len(rows)} rows, its footer counts {footer['count']}", line=number)
        elif row and not row.startswith((header, "Pass --all to see")):
            rows.append((number, row))
    return rows


def load_objects(data: bytes) -> list[dict[str, object]]:
    """Give the objects of a JSON list.

    Raises:
        ParseError: Not a JSON array of objects; systemd before 246 ignores `--output=json` and prints text.
    """
    if not data.lstrip(b" \t\r\n").startswith(b"["):
        raise ParseError("this is not a JSON array", line=1, hint="systemd before 246 prints text only")
    try:
        value = json.loads(data.decode("utf-8", "surrogateescape"))
    except json.JSONDecodeError as error:
        raise ParseError(f"broken JSON: {error.msg}", line=error.lineno) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets nested thousands deep
        raise ParseError("JSON beyond all bounds", line=1) from error
    objects = [item for item in value if isinstance(item, dict)]
    if len(objects) != len(value):
        raise ParseError("the JSON array holds something else than objects", line=1)
    return objects


def read_text(item: dict[str, object], key: str) -> str:
    """Give a text member; empty when it is null or missing.

    Raises:
        ParseError: It is neither text nor null.
    """
    value = item.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ParseError(f"`{key}` is not text")
    return value
