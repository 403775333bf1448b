"""What every command shares: the flags given so far, the settings they lead to, the two streams."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from fleetscan.cli.output import Terminal, open_terminal

if TYPE_CHECKING:
    from fleetscan.config import LoadedSettings, Settings
    from fleetscan.inventory.reader import Inventory
    from fleetscan.store.store import Store


@dataclass(slots=True, kw_only=True)
class Invocation:
    """One run of the program.

    Attributes:
        flags: Settings given as flags, by dotted name.
        config_path: What `--config` said.
        quiet: Only data and errors.
        verbose: Debug log lines.
    """

    flags: dict[str, object]
    config_path: Path | None
    quiet: bool
    verbose: bool
    _loaded: "LoadedSettings | None" = field(default=None)

    def load(self, more: Mapping[str, object] | None = None) -> "LoadedSettings":
        """Read the settings once, with this command's own flags on top, and set up logging by them."""
        from fleetscan.cli.logs import set_up_logs
        from fleetscan.config import load_settings

        if self._loaded is None:
            self.flags |= {key: value for key, value in (more or {}).items() if value not in (None, [], ())}
            self._loaded = load_settings(self.flags, os.environ, self.config_path)
            settings = self._loaded.settings
            set_up_logs("debug" if self.verbose else settings.log_level, settings.log_format)
        return self._loaded

    @property
    def settings(self) -> "Settings":
        """The settings."""
        return self.load().settings

    @property
    def terminal(self) -> Terminal:
        """The two streams, coloured as the settings say."""
        return open_terminal(quiet=self.quiet, color=self.settings.color)

    def inventory(self) -> "Inventory":
        """Read the inventory."""
        from fleetscan.bootstrap import load_project_inventory

        return load_project_inventory(self.settings)

    @contextmanager
    def store(self) -> "Iterator[Store]":
        """Open the database for the time of a command."""
        from fleetscan.bootstrap import open_project_store

        with open_project_store(self.settings) as store:
            yield store


def invocation_of(context: typer.Context) -> Invocation:
    """Give what the program's own options set up."""
    return cast("Invocation", context.find_root().obj)
