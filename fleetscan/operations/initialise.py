"""Start a project: settings file, inventory and database, none of them overwritten."""

import os
from contextlib import ExitStack
from pathlib import Path

from fleetscan.config import CONFIG_NAME, render_config_template
from fleetscan.errors import OutputError, UsageError
from fleetscan.inventory.example import render_example
from fleetscan.store.schema import create_database

_INVENTORY_NAME = "inventory.yaml"
_DATABASE_NAME = "fleetscan.db"


def start_project(folder: Path) -> tuple[Path, ...]:
    """Write the three files of a new project.

    Returns:
        Their paths.

    Raises:
        UsageError: One of them is there already.
        OutputError: The folder cannot be made or written to.
        StoreError: The database cannot be made.

    After an error none of the three is there that was not there before.
    """
    config, inventory, database = (folder / name for name in (CONFIG_NAME, _INVENTORY_NAME, _DATABASE_NAME))
    existing = [str(path) for path in (config, inventory, database) if path.exists()]
    if existing:
        raise UsageError(
            f"already there: {', '.join(existing)}",
            hint="choose an empty folder, or remove them if they are not needed",
        )
    with ExitStack() as undo:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write_new(config, render_config_template(), undo)
            _write_new(inventory, render_example(), undo)
        except OSError as error:
            raise OutputError(
                f"cannot write to {folder}: {error.strerror}", hint="choose a folder that this account may write to"
            ) from error
        create_database(f"sqlite:///{database}")
        undo.pop_all()
    return config, inventory, database


def _write_new(path: Path, text: str, undo: ExitStack) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    undo.callback(path.unlink, missing_ok=True)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
