"""Every plant is found on its host, in the right class, and nothing else is; when it is gone, all is quiet again.

    FLEETSCAN_ATTACK_ONLY='evasion-* left-*' FLEETSCAN_ATTACK_TABLE=attacks.json make live

The first variable chooses plants by patterns of their ids, the second keeps the table as JSON.
"""

import os
import sys
from pathlib import Path

from tests.live.attacks.campaign import Campaign, choose_plants
from tests.live.attacks.dealing import deal
from tests.live.attacks.table import render_table, save_table, summarise
from tests.live.conftest import Lab, RunCli


def test_every_plant_is_found_in_its_class_and_nothing_else_is(lab: Lab, tmp_path: Path, run_cli: RunCli) -> None:
    with Campaign.begin(tmp_path, lab, run_cli) as campaign:
        assert list(map(str, campaign.sweep())) == []
        dealt = deal(choose_plants(), campaign.targets)
        rows = [row for number, plants in enumerate(dealt.rounds, 1) for row in campaign.attack(number, plants)]
    left_over = [plant.id for plant in dealt.left_over]
    sys.stderr.write(f"{render_table(rows)}\n")
    if left_over:
        sys.stderr.write(f"no host will do for: {', '.join(left_over)}\n")
    if path := os.environ.get("FLEETSCAN_ATTACK_TABLE"):
        save_table(rows, Path(path), left_over)
    assert rows
    assert all(row.is_right for row in rows), summarise(rows)
    # A fleet of all releases, visited by all accounts, has a host for every plant; a smaller one has not.
    assert not left_over or len(campaign.targets) < 12
