"""`fleetscan doctor` on an embedded fleet: it stores nothing, says what can be read, and prints lines to copy."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetscan.probe.script import load_probe
from tests.integration.cli.console import Console, Site, assert_one_clear_line, open_site

MISSING = "/nonexistent/fleetscan-probe"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("doctor"), count=12) as opened:
        yield opened


def test_hosts_that_are_read_in_full_end_with_0_and_nothing_is_kept(site: Site) -> None:
    answer = site.console("doctor", *site.hosts[:3])
    assert answer.code == 0, answer.err
    assert "3 of 3 hosts can be read in full" in answer.err
    assert "root (root)" in answer.out
    assert site.console.read("sweeps", "list") == []


def test_hosts_that_are_alike_share_a_row_and_a_remedy(site: Site) -> None:
    out = site.console("doctor", "web-*", "db-*").out
    assert out.count("could be less: the scanner's key is root") == 1
    assert f"for {', '.join(site.hosts[:8])} and 4 more\n" in out
    assert load_probe().sha256 in out


def test_lines_to_copy_are_never_wrapped(site: Site) -> None:
    out = site.console("doctor", site.hosts[0], env={"COLUMNS": "80"}).out
    lines = out.splitlines()
    assert any(line.startswith('restrict,command="/usr/local/libexec/fleetscan-probe" ') for line in lines)
    table = lines[: lines.index("")]
    assert max(map(len, table)) <= 80


def test_what_is_installed_from_probe_show_has_the_hash_that_is_told(site: Site) -> None:
    shown = site.console("--quiet", "probe", "show")
    (item, *_) = site.console("doctor", site.hosts[0], "--format", "json").items
    step = item["steps"][0]
    assert step["lines"][0] == "fleetscan --quiet probe show > fleetscan-probe"
    assert step["expect"] == hashlib.sha256(shown.out.encode()).hexdigest()


def test_hosts_can_be_named_by_globs(site: Site) -> None:
    assert [item["host"] for item in site.console("doctor", "db-*", "--format", "json").items] == [
        host for host in site.hosts if host.startswith("db-")
    ]
    items = site.console("doctor", site.hosts[1], "--format", "json").items
    assert [item["host"] for item in items] == [site.hosts[1]]
    assert {reading["extent"] for reading in items[0]["readings"] if not reading["supplementary"]} == {"read"}


def test_a_host_that_is_not_in_the_inventory_is_a_usage_error(site: Site) -> None:
    answer = site.console("doctor", "nobody")
    assert answer.code == 2
    assert_one_clear_line(answer, "nobody")


def test_a_host_without_the_installed_probe_ends_with_3_and_the_way_to_install_it(site: Site) -> None:
    inventory = site.console.folder / "inventory.yaml"
    before = inventory.read_text()
    inventory.write_text(before.replace("defaults:\n", f"defaults:\n  probe: installed\n  probe_path: {MISSING}\n"))
    try:
        answer = site.console("doctor", site.hosts[0])
    finally:
        inventory.write_text(before)
    assert answer.code == 3
    assert "protocol error" in answer.out
    assert "remedy: the probe on the host has to be this version's" in answer.out
    assert f"install -D -o root -g root -m 0755 fleetscan-probe {MISSING}" in answer.out
    assert "0 of 1 hosts" in answer.err


def test_unknown_host_keys_are_shown_with_their_hint(tmp_path: Path) -> None:
    with open_site(tmp_path, count=12, enrolled=False) as strange:
        answer = strange.console("doctor", strange.hosts[0], env={"COLUMNS": "200"})
        assert answer.code == 3
        assert "host key unknown" in answer.out
        assert "enroll" in answer.out


def test_an_empty_folder_is_told_to_begin(console: Console) -> None:
    answer = console("doctor")
    assert answer.code == 2
    assert_one_clear_line(answer, "inventory.yaml")
