"""How answers are printed: data on standard output, talk on standard error."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from fleetscan.cli.clock import utc_now

if TYPE_CHECKING:
    from rich.console import Console

    from fleetscan.export.records import Record

R = TypeVar("R", bound="Record")


class Format(StrEnum):
    """Forms of a list."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a table.

    Attributes:
        header: What stands on top.
        cell: Text of a record; hostile text is made visible when it is printed.
        style: Style name of rich, or a function of the record.
        ratio: Share of the width when the terminal is too narrow.
    """

    header: str
    cell: Callable[[R], str]
    style: str | Callable[[R], str] = ""
    no_wrap: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The two streams.

    Attributes:
        out: Standard output.
        talk: Standard error; silent with `--quiet`.
    """

    out: "Console"
    talk: "Console"

    def say(self, text: str, *, style: str = "") -> None:
        """Print one line of talk."""
        from rich.text import Text

        from fleetscan.report.visible import visible_text

        self.talk.print(Text(visible_text(text), style=style), soft_wrap=True)


def open_terminal(*, quiet: bool, color: str) -> Terminal:
    """Make the two consoles.

    Args:
        quiet: Nothing but data and errors.
        color: `auto`, `always` or `never`; `NO_COLOR` counts for `auto`.
    """
    from fleetscan.cli.pipe import PipeConsole

    never = color == "never" or (color == "auto" and bool(os.environ.get("NO_COLOR")))
    force = True if color == "always" else None
    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 160
    out = PipeConsole(no_color=never, force_terminal=force, highlight=False, markup=False, emoji=False, width=width)
    talk = PipeConsole(
        stderr=True, no_color=never, force_terminal=force, highlight=False, markup=False, emoji=False, quiet=quiet
    )
    return Terminal(out=out, talk=talk)


def print_records(
    terminal: Terminal, form: Format, schema: str, records: Sequence[R], columns: Sequence[Column[R]], *, empty: str
) -> None:
    """Print a list in the form that was asked for.

    Args:
        terminal: Where.
        form: Which form.
        schema: Name of the records' published schema.
        records: What.
        columns: Of the table; the other forms give every field.
        empty: Talk for an empty table.
    """
    if form is Format.TABLE:
        if not records:
            terminal.say(empty)
            return
        _print_table(terminal, records, columns)
        return
    from fleetscan.export.encode import encode_csv, encode_json, encode_jsonl

    match form:
        case Format.JSON:
            text = encode_json(schema, records, utc_now())
        case Format.JSONL:
            text = encode_jsonl(schema, records)
        case _:
            text = encode_csv(schema, records)
    if text:
        sys.stdout.write(text + "\n")


def _print_table(terminal: Terminal, records: Sequence[R], columns: Sequence[Column[R]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.header,
            no_wrap=column.no_wrap,
            overflow="fold",
            justify="right" if column.right else "left",
        )
    for record in records:
        table.add_row(
            *(
                Text(
                    _visible_lines(column.cell(record)),
                    style=column.style if isinstance(column.style, str) else column.style(record),
                )
                for column in columns
            )
        )
    terminal.out.print(table)


def _visible_lines(text: str) -> str:
    """Make a cell safe to print; its own line ends (a list of commands) stay, at most ten of them."""
    from fleetscan.report.visible import visible_text

    lines = text.split("\n")
    more = [f"… {len(lines) - 10} more"] if len(lines) > 10 else []
    return "\n".join([*(visible_text(line, 2000) for line in lines[:10]), *more])
