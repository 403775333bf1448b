"""Every folder is one host: what its tools print, in our own words, and what we must read in it."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import TimerRow
from fleetscan.systemd.list_timers import parse_list_timers_json, parse_list_timers_text
from fleetscan.systemd.os_release import parse_os_release, parse_systemd_version
from fleetscan.systemd.show import parse_show, stable_properties
from fleetscan.systemd.unit_files import parse_unit_files_json, parse_unit_files_text

HOSTS = sorted(path.parent for path in Path(__file__).parent.glob("*/version.txt"))
RECORDINGS = os.environ.get("FLEETSCAN_LAB_SAMPLES", "")
RECORDED_HOSTS = sorted(path.parent for path in Path(RECORDINGS).glob("*/version.out")) if RECORDINGS else []


def _instant(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _timers(rows: tuple[TimerRow, ...]) -> list[list[Any]]:
    return [[row.unit, list(row.activates), _instant(row.next_at), _instant(row.last_at)] for row in rows]


def read_host(folder: Path) -> dict[str, Any]:
    """Parse all files of a folder into JSON-ready values; a file that is not there gives no key."""
    version, version_text = parse_systemd_version((folder / "version.txt").read_bytes())
    os_release = parse_os_release((folder / "os-release").read_bytes())
    parsers: dict[str, Callable[[bytes], Any]] = {
        "list-timers.txt": lambda data: _timers(parse_list_timers_text(data, SYSTEM)),
        "list-timers.json": lambda data: _timers(
            parse_list_timers_json(data, systemd_version=version, scope=SYSTEM),
        ),
        "list-unit-files.txt": lambda data: [list(row) for row in parse_unit_files_text(data)],
        "list-unit-files.json": lambda data: [list(row) for row in parse_unit_files_json(data)],
        "show.txt": lambda data: [dict(stable_properties(block)) for block in parse_show(data)],
    }
    found: dict[str, Any] = {
        "systemd": [version, version_text],
        "os": [os_release.get(key, "") for key in ("ID", "VERSION_ID", "PRETTY_NAME")],
    }
    for name, parse in parsers.items():
        if (folder / name).exists():
            found[name] = parse((folder / name).read_bytes())
    return found


@pytest.mark.parametrize("folder", HOSTS, ids=lambda folder: folder.name)
def test_the_outputs_of_a_host_are_read_as_expected(folder: Path) -> None:
    assert read_host(folder) == json.loads((folder / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", HOSTS, ids=lambda folder: folder.name)
def test_text_and_json_of_a_host_tell_the_same(folder: Path) -> None:
    found = read_host(folder)
    if {"list-timers.txt", "list-timers.json"} <= found.keys():
        # Text has whole seconds only, and shows what is activated even where JSON has null.
        text, from_json = (
            [[row[0], *_seconds(row)] for row in found[f"list-timers.{kind}"]] for kind in ("txt", "json")
        )
        assert text == from_json
    if {"list-unit-files.txt", "list-unit-files.json"} <= found.keys():
        assert found["list-unit-files.txt"] == found["list-unit-files.json"]


def _seconds(row: list[Any]) -> list[str | None]:
    return [time and datetime.fromisoformat(time).replace(microsecond=0).isoformat() for time in row[2:]]


def test_the_corpus_is_not_empty() -> None:
    assert len(HOSTS) >= 6


# Recordings of lab hosts are not part of the project; where there are some, they are read too (a test without cases
# would count as skipped).
if RECORDED_HOSTS:

    @pytest.mark.parametrize("folder", RECORDED_HOSTS, ids=lambda folder: folder.name)
    def test_recordings_of_real_hosts_agree_between_text_and_json(folder: Path) -> None:
        version, _ = parse_systemd_version((folder / "version.out").read_bytes())
        data = (folder / "list-timers-all.json.out").read_bytes()
        from_json = parse_list_timers_json(data, systemd_version=version, scope=SYSTEM)
        text = parse_list_timers_text((folder / "list-timers-all.out").read_bytes(), SYSTEM)
        assert [(row.unit, row.activates) for row in text] == [(row.unit, row.activates) for row in from_json]
        assert parse_unit_files_json((folder / "list-unit-files-timer.json.out").read_bytes()) == parse_unit_files_text(
            (folder / "list-unit-files-timer.out").read_bytes()
        )
        shown = parse_show((folder / "show-timers-by-file.out").read_bytes())
        assert shown
        assert all(dict(stable_properties(block))["Id"].endswith(".timer") for block in shown)
