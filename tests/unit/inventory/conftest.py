from collections.abc import Callable
from pathlib import Path

import pytest

from fleetscan.errors import InventoryError
from fleetscan.inventory.reader import Inventory, load_inventory

Load = Callable[[str], Inventory]
Faults = Callable[[str], list[str]]

DEFAULTS = "defaults: {user: scan, owner: {name: Ops, email: ops@example.org}}\n"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load an inventory from text."""

    def load_text(text: str) -> Inventory:
        path = tmp_path / "inventory.yaml"
        path.write_text(text, encoding="utf-8")
        return load_inventory(path)

    return load_text


@pytest.fixture
def faults(load: Load, tmp_path: Path) -> Faults:
    """Load a wrong inventory and give its faults without the folder in front."""

    def load_faulty(text: str) -> list[str]:
        with pytest.raises(InventoryError) as caught:
            load(text)
        return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]

    return load_faulty
