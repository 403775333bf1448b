"""Files that ship with the program: in the wheel under `_data`, in a checkout at the top level."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def find_resource(name: str) -> Path:
    """Locate `templates`, `migrations` or `inventory.example.yaml`.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for place in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} is missing from this installation of fleetscan")
