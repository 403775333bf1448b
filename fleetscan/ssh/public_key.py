"""The public half of the scanner's key, from the `.pub` file beside it. The private file is not opened."""

from collections.abc import Iterable
from pathlib import Path

import asyncssh

_MAX_BYTES = 64 * 1024


def load_public_key(identity_files: Iterable[str]) -> str | None:
    """Give the first public key that stands beside one of the private keys, as authorized_keys has it.

    Args:
        identity_files: Private key files, in the order in which they are tried; `~` is expanded.

    Returns:
        `ALGORITHM BASE64` without options and comment; None where no `.pub` file holds a key.
    """
    for name in identity_files:
        try:
            path = Path(name).expanduser()
            with path.with_name(path.name + ".pub").open("rb") as file:
                key = asyncssh.import_public_key(file.read(_MAX_BYTES))
        except (
            OSError,
            RuntimeError,
            ValueError,
        ):  # RuntimeError: the home is not known; KeyImportError is a ValueError
            continue
        algorithm, blob = key.export_public_key("openssh").decode("ascii").split()[:2]
        return f"{algorithm} {blob}"
    return None
