"""Standard output that nobody reads any more, as after `| head`."""

from typing import Any

from rich.console import Console
from typer.core import TyperGroup

EXIT_CODE = 141
"""What a shell shows for a program that the pipe ended. Not 0 or 1: those would speak of drift."""


class ReaderGoneError(Exception):
    """The reader of a stream went away. Not an OSError, which typer would turn into exit code 1."""


class PipeConsole(Console):
    """A console that says when its reader went away; rich would end the program with exit code 1."""

    def on_broken_pipe(self) -> None:
        """Stop printing.

        Raises:
            ReaderGoneError: Always.
        """
        self.quiet = True
        raise ReaderGoneError


class PipeGroup(TyperGroup):
    """The program's commands; what they write to a closed pipe ends them with an error of its own."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer carries a click of its own, whose types are private
        """Run the command that was asked for.

        Raises:
            ReaderGoneError: Standard output was closed by its reader.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error
