"""The commented inventory that a new user starts from."""

from fleetscan.errors import UsageError
from fleetscan.resources import find_resource


def render_example() -> str:
    """Give the text of `inventory.example.yaml`.

    Raises:
        UsageError: The installation is incomplete.
    """
    try:
        return find_resource("inventory.example.yaml").read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError("inventory.example.yaml cannot be read", hint="install fleetscan again") from error
