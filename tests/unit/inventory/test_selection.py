import pytest

from fleetscan.errors import UsageError
from fleetscan.inventory.reader import Inventory
from fleetscan.inventory.selection import select_hosts
from fleetscan.model.sweep import Selection
from tests.unit.inventory.conftest import DEFAULTS, Load


@pytest.fixture
def inventory(load: Load) -> Inventory:
    return load(
        DEFAULTS
        + """
groups:
  prod: {groups: [web, db]}
  web:
  db:
hosts:
  db1: {groups: [db]}
  web[01:03]: {groups: [web]}
  lonely:
"""
    )


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), ["db1", "web01", "web02", "web03", "lonely"]),
        (Selection(groups=("web",)), ["web01", "web02", "web03"]),
        (Selection(groups=("prod",)), ["db1", "web01", "web02", "web03"]),
        (Selection(groups=("w*", "db")), ["db1", "web01", "web02", "web03"]),
        (Selection(limit=("web02", "lonely")), ["web02", "lonely"]),
        (Selection(limit=("web0[12]",)), ["web01", "web02"]),
        (Selection(groups=("prod",), limit=("*1",)), ["db1", "web01"]),
        (Selection(exclude=("web*",)), ["db1", "lonely"]),
        (Selection(groups=("web",), limit=("web*",), exclude=("web02",)), ["web01", "web03"]),
    ],
)
def test_selection_keeps_group_and_limit_and_drops_exclusions(
    inventory: Inventory, selection: Selection, names: list[str]
) -> None:
    assert [host.name for host in select_hosts(inventory, selection)] == names


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(groups=("wbe",)), "there is no group 'wbe'; did you mean 'web'?"),
        (Selection(limit=("web1",)), "there is no host 'web1'; did you mean 'web01'?"),
        (Selection(limit=("app*",)), "no host matches 'app*'"),
        (Selection(exclude=("web04",)), "there is no host 'web04'; did you mean 'web03'?"),
        (Selection(groups=("x9",), limit=("y",)), "there is no group 'x9'; there is no host 'y'"),
        (Selection(groups=("web",), limit=("db1",)), "the groups, limits and exclusions together leave no host"),
        (Selection(limit=("WEB01",)), "there is no host 'WEB01'; did you mean 'web01'?"),
    ],
)
def test_naming_what_does_not_exist_is_a_usage_error(inventory: Inventory, selection: Selection, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        select_hosts(inventory, selection)
    assert caught.value.message == message
    assert caught.value.hint
