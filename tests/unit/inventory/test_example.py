import ipaddress
import re
from pathlib import Path

import pytest

from fleetscan.errors import UsageError
from fleetscan.inventory.example import render_example
from fleetscan.inventory.reader import load_inventory
from fleetscan.resources import find_resource


def test_the_example_loads_and_shows_ranges_groups_and_jumps() -> None:
    inventory = load_inventory(find_resource("inventory.example.yaml"))
    assert len(inventory.hosts) == 125
    assert any(host.jump for host in inventory.hosts)
    assert inventory.groups["production"]


def test_the_example_names_no_real_network() -> None:
    text = render_example()
    for address in re.findall(r"\d+\.\d+\.\d+\.\d+", text):
        assert ipaddress.ip_address(address) in ipaddress.ip_network("192.0.2.0/24")
    for host in load_inventory(find_resource("inventory.example.yaml")).hosts:
        assert host.owner.email.endswith("@example.org")
        assert host.address.endswith(".example.org") or host.address.startswith("192.0.2.")


def test_every_line_of_the_example_that_is_commented_out_is_valid_too(tmp_path: Path) -> None:
    lines = [
        re.sub(r"^(\s*)# (?=(agent|ssh_config|passphrase: \{env|password):? )", r"\1", line)
        for line in render_example().splitlines()
    ]
    path = tmp_path / "inventory.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    connection = load_inventory(path).hosts[0].connection
    assert connection.use_agent
    assert connection.passphrase
    assert connection.password


def test_an_incomplete_installation_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> Path:
        raise FileNotFoundError(name)

    monkeypatch.setattr("fleetscan.inventory.example.find_resource", find_nothing)
    with pytest.raises(UsageError, match="cannot be read"):
        render_example()
