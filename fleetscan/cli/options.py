"""Options that several commands take, declared once."""

from pathlib import Path
from typing import Annotated

import typer

from fleetscan.cli.output import Format

FormatOption = Annotated[Format, typer.Option("--format", "-f", help="Form of the answer.")]
GroupOption = Annotated[
    list[str] | None, typer.Option("--group", "-g", help="Only hosts of these groups; globs. May be repeated.")
]
LimitOption = Annotated[
    list[str] | None, typer.Option("--limit", "-l", help="Only these hosts; names or globs. May be repeated.")
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", "-x", help="Leave these hosts out; names or globs.")
]
SweepOption = Annotated[int | None, typer.Option("--sweep", help="Number of the sweep; the newest by default.")]
FailOnOption = Annotated[
    str | None,
    typer.Option("--fail-on", metavar="SEVERITY", help="Lowest severity that makes the exit code 1 (info … critical)."),
]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write to.", metavar="DIR")]
AuthorOption = Annotated[
    str | None, typer.Option("--author", help="Who approves or accepts; you, by default.", metavar="NAME")
]


def selection_flags(
    group: list[str] | None, limit: list[str] | None, exclude: list[str] | None
) -> dict[str, tuple[str, ...]]:
    """Give the three selection options as keyword arguments of a `Selection`; commas separate too."""

    def split(values: list[str] | None) -> tuple[str, ...]:
        return tuple(part for value in values or () for part in value.split(",") if part)

    return {"groups": split(group), "limit": split(limit), "exclude": split(exclude)}
