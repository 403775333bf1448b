"""Every folder is one host: what it has and prints, in our own words, and what we must read in it.

A folder with `disk.txt` is a whole host (see `cases`), the others hold outputs alone. `case.md` says what a case
proves and where its facts are from; `expected.json` is written from them, and never from what our code prints.
"""

import json
import os
import random
from collections.abc import Callable
from datetime import datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from fleetscan.model.coverage import Coverage
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import TimerRow
from fleetscan.systemd.jobs import build_jobs, build_loose_units
from fleetscan.systemd.list_timers import parse_list_timers_json, parse_list_timers_text
from fleetscan.systemd.os_release import parse_os_release, parse_systemd_version
from fleetscan.systemd.show import parse_show, stable_properties
from fleetscan.systemd.unit_files import parse_unit_files_json, parse_unit_files_text
from tests.corpus.cases import read_case, read_disk
from tests.corpus.told import tell_host, tell_instant, tell_job

HOSTS = sorted(path.parent for path in Path(__file__).parent.glob("*/version.txt"))
WHOLE_HOSTS = [folder for folder in HOSTS if (folder / "disk.txt").exists()]
OUTPUTS = [folder for folder in HOSTS if folder not in WHOLE_HOSTS]
RECORDINGS = os.environ.get("FLEETSCAN_LAB_SAMPLES", "")
RECORDED_HOSTS = sorted(path.parent for path in Path(RECORDINGS).glob("*/version.out")) if RECORDINGS else []


def _timers(rows: tuple[TimerRow, ...]) -> list[list[Any]]:
    return [[row.unit, list(row.activates), tell_instant(row.next_at), tell_instant(row.last_at)] for row in rows]


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


def expect(folder: Path) -> dict[str, Any]:
    """Read what is expected of a folder."""
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return expected


def compare(found: object, expected: object) -> str:
    """Give the lines in which two JSON values differ, empty when they are the same."""
    wanted, got = (json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (expected, found))
    return "\n".join(unified_diff(wanted, got, "expected", "found", n=4, lineterm=""))


@pytest.mark.parametrize("folder", OUTPUTS, ids=lambda folder: folder.name)
def test_the_outputs_of_a_host_are_read_as_expected(folder: Path) -> None:
    difference = compare(read_host(folder), expect(folder))
    assert not difference, difference


@pytest.mark.parametrize("folder", WHOLE_HOSTS, ids=lambda folder: folder.name)
def test_a_whole_host_is_understood_as_systemd_would(folder: Path) -> None:
    difference = compare(tell_host(read_case(folder)), expect(folder))
    assert not difference, difference


@pytest.mark.parametrize("folder", WHOLE_HOSTS, ids=lambda folder: folder.name)
def test_the_order_of_artifacts_does_not_matter(folder: Path) -> None:
    reading = read_case(folder)
    contents = {digest_bytes(d.entry.data): d.entry.data for d in read_disk(folder) if d.entry.hashed}
    artifacts = list(reading.listing.artifacts)
    for seed in range(5):
        random.Random(seed).shuffle(artifacts)  # noqa: S311 - repeatable, not secret
        jobs = build_jobs(reading.listing.facts, artifacts, contents.get, Coverage(reading.listing.gaps))
        assert jobs == reading.jobs
        assert build_loose_units(reading.listing.facts, artifacts, contents.get, jobs) == reading.loose


@pytest.mark.parametrize("folder", WHOLE_HOSTS, ids=lambda folder: folder.name)
def test_every_entry_of_a_disk_matters_unless_it_is_marked(folder: Path) -> None:
    disk = read_disk(folder)
    expected = expect(folder)
    without = {
        d.entry.path: tell_host(read_case(folder, [other for other in disk if other is not d])) != expected
        for d in disk
    }
    assert without == {d.entry.path: not d.is_ignored for d in disk}


@pytest.mark.parametrize("folder", HOSTS, ids=lambda folder: folder.name)
def test_a_case_says_in_three_lines_what_it_proves(folder: Path) -> None:
    lines = (folder / "case.md").read_text(encoding="utf-8").splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Proves", "Facts", "Note"]


def test_a_transient_job_has_the_same_name_in_all_versions_that_write_the_same_text() -> None:
    names = {
        folder.name: job.name
        for folder in WHOLE_HOSTS
        for job in read_case(folder).jobs
        if job.scope == SYSTEM and tell_job(job, None).get("settings") == ["[Timer] RemainAfterElapse=no"]
    }
    assert len(names) >= 3
    assert len(set(names.values())) == 1, names


@pytest.mark.parametrize("folder", HOSTS, ids=lambda folder: folder.name)
def test_text_and_json_of_a_host_tell_the_same(folder: Path) -> None:
    if (folder / "list-timers.json").exists():
        found = read_host(folder)
        # Text has whole seconds only, and of older versions it shows what is activated even where JSON has null.
        text, from_json = (
            [[row[0], *_seconds(row)] for row in found[f"list-timers.{kind}"]] for kind in ("txt", "json")
        )
        assert text == from_json
        if folder in WHOLE_HOSTS:
            assert found["list-timers.txt"] == found["list-timers.json"]
        if {"list-unit-files.txt", "list-unit-files.json"} <= found.keys():
            assert found["list-unit-files.txt"] == found["list-unit-files.json"]


def _seconds(row: list[Any]) -> list[str | None]:
    return [time and datetime.fromisoformat(time).replace(microsecond=0).isoformat() for time in row[2:]]


def test_the_corpus_is_not_empty() -> None:
    assert len(OUTPUTS) >= 6
    assert len(WHOLE_HOSTS) >= 24


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
