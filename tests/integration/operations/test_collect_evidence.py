"""What is kept of a finding, in a file that others can check; on both databases."""

import json
import stat
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from fleetscan.errors import OutputError, UsageError
from fleetscan.export.finding_records import FindingRecord, build_finding_records
from fleetscan.model.digest import digest_bytes
from fleetscan.model.finding import Finding, FindingLife
from fleetscan.model.ids import SYSTEM, HostName, SweepId, UnitName
from fleetscan.model.snapshot import FileTimes, HostSnapshot, RuntimeState, UnitProcess
from fleetscan.model.subject import SubjectKey, SubjectKind
from fleetscan.operations import collect_evidence as module
from fleetscan.operations.collect_evidence import Evidence, collect_evidence, save_evidence
from fleetscan.store.store import Store
from tests.finding_data import finding
from tests.integration.operations.question_fleet import (
    ETC,
    EVIL_SERVICE,
    EVIL_TIMER,
    HIDDEN,
    NAMES,
    PAYLOAD,
    PAYLOAD_SHA256,
    infected,
    stock,
)
from tests.stored_fleet import DAY, NOW, failure, sweep_day

pytest_plugins = ("tests.databases",)
ONE = NAMES[0]
BINARY = digest_bytes(b"binary")


def seen(day: int = 0) -> HostSnapshot:
    process = UnitProcess(
        scope=SYSTEM,
        unit=UnitName("evil.service"),
        pid=7,
        parent_pid=1,
        user="root",
        started_at=NOW,
        command="/bin/sh \udc80\x1b[31m",
    )
    runtime = RuntimeState(
        remote_at=NOW + day * DAY,
        times={f"{ETC}/evil.timer": FileTimes(modified_s=11, changed_s=12, inode=13)},
        processes=(process, replace(process, unit=UnitName("other.service"))),
    )
    return replace(infected(ONE, day), runtime=runtime)


def found(sweep: int = 1, fixed_at: datetime | None = None) -> tuple[Finding, FindingRecord]:
    made = replace(finding(ONE, "evil.timer"), life=FindingLife(last_sweep=SweepId(sweep), fixed_at=fixed_at))
    (record,) = build_finding_records(sweep, [made], {ONE: "ana@example.org"})
    return made, record


def unpack(evidence: Evidence) -> dict[str, bytes]:
    with ZipFile(BytesIO(evidence.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def document(evidence: Evidence, name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    return json.loads(unpack(evidence)[name])


def test_raw_bytes_are_in_it_under_their_hash_and_every_member_is_summed(store: Store) -> None:
    sweep_day(store, 0, seen())
    members = unpack(collect_evidence(store, *found()))
    for content in (EVIL_TIMER, EVIL_SERVICE, PAYLOAD):
        assert members[f"files/{digest_bytes(content)}"] == content
    lines = [line.split("  ", 1) for line in members["SHA256SUMS"].decode().splitlines()]
    assert {name: digest for digest, name in lines} == {
        name: digest_bytes(data) for name, data in members.items() if name != "SHA256SUMS"
    }


def test_files_are_told_with_owner_mode_and_the_times_that_are_known(store: Store) -> None:
    sweep_day(store, 0, seen())
    files = {entry["path"]: entry for entry in document(collect_evidence(store, *found()), "files.json")}
    timer, script = files[f"{ETC}/evil.timer"], files["/opt/x/run.sh"]
    assert (timer["owner"], timer["mode"], timer["bytes"]) == ("root", "0644", f"files/{digest_bytes(EVIL_TIMER)}")
    assert timer["times"] == {"modified_s": 11, "changed_s": 12, "inode": 13}
    assert (script["times"], script["role"], script["mode"]) == (None, "script", "0755")
    assert files[f"{ETC}/timers.target.wants/evil.timer"]["target"] == f"{ETC}/evil.timer"
    assert "/usr/lib/systemd/system/logrotate.timer" not in files


def test_the_visit_is_told_with_both_clocks_versions_and_gaps(store: Store) -> None:
    sweep_day(store, 0, replace(seen(), coverage=stock(ONE, 0, HIDDEN).coverage))
    visit = document(collect_evidence(store, *found()), "visit.json")
    assert (visit["host"], visit["sweep"], visit["outcome"]) == (ONE, 1, "partial")
    assert visit["started_at"] == visit["host_clock_at"] == "2026-03-01T02:00:00+00:00"
    assert (visit["swept_with"], visit["host_key"], visit["machine_id"]) == (
        "fleetscan 0.1",
        "SHA256:abc",
        f"id of {ONE}",
    )
    assert [gap["path"] for gap in visit["not_read"]] == [ETC]


def test_only_processes_of_its_own_units_are_told(store: Store) -> None:
    sweep_day(store, 0, seen())
    runtime = document(collect_evidence(store, *found()), "runtime.json")
    assert [process["unit"] for process in runtime["processes"]] == ["evil.service"]


def test_the_finding_is_in_it_as_lists_give_it(store: Store) -> None:
    sweep_day(store, 0, seen())
    made, record = found()
    told = document(collect_evidence(store, made, record), "finding.json")
    assert (told["id"], told["host"], told["owner_email"]) == (record.id, ONE, "ana@example.org")


def test_the_same_finding_gives_the_same_bytes(store: Store) -> None:
    sweep_day(store, 0, seen())
    assert collect_evidence(store, *found()).data == collect_evidence(store, *found()).data


def test_what_is_gone_is_shown_as_it_was_last_seen(store: Store) -> None:
    sweep_day(store, 0, seen())
    sweep_day(store, 1, stock(ONE, 1))
    evidence = collect_evidence(store, *found(fixed_at=NOW + DAY))
    assert evidence.visit.sweep == 1
    assert f"files/{PAYLOAD_SHA256}" in unpack(evidence)
    assert document(evidence, "runtime.json") is None  # kept of the last visit only


def test_a_failed_visit_is_the_evidence_of_a_refused_key(store: Store) -> None:
    sweep_day(store, 0, seen())
    sweep_day(store, 1, failure(ONE, NOW + DAY))
    made, record = found(2)
    key = SubjectKey(SubjectKind.IDENTITY, SYSTEM, "host key")
    evidence = collect_evidence(store, replace(made, subject=replace(made.subject, key=key)), record)
    visit = document(evidence, "visit.json")
    assert (visit["sweep"], visit["outcome"], len(visit["evidence"])) == (2, "host key changed", 2)
    assert document(evidence, "files.json") == []


def test_bytes_that_were_never_fetched_are_named_as_missing(store: Store) -> None:
    texts = {digest_bytes(text): text for text in (EVIL_TIMER, EVIL_SERVICE)}
    sweep_day(store, 0, replace(seen(), contents=texts))
    evidence = collect_evidence(store, *found())
    assert evidence.missing == ("/opt/x/run.sh",)
    files = {entry["path"]: entry for entry in document(evidence, "files.json")}
    assert (files["/opt/x/run.sh"]["sha256"], files["/opt/x/run.sh"]["bytes"]) == (PAYLOAD_SHA256, "")


def test_endless_files_are_bounded_and_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep_day(store, 0, seen())
    monkeypatch.setattr(module, "MAX_BYTES", len(EVIL_TIMER) + len(EVIL_SERVICE))
    assert collect_evidence(store, *found()).missing == ("/opt/x/run.sh",)
    monkeypatch.setattr(module, "MAX_FILES", 1)
    assert collect_evidence(store, *found()).contents == 1


def test_a_file_of_evidence_is_its_owners_alone_and_never_overwritten(store: Store, tmp_path: Path) -> None:
    sweep_day(store, 0, seen())
    made, record = found()
    evidence = collect_evidence(store, made, record)
    path = tmp_path / "case.zip"
    saved = save_evidence(evidence, path, record)
    assert (saved.sha256, saved.size_bytes) == (digest_bytes(path.read_bytes()), len(evidence.data))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="there already"):
        save_evidence(evidence, path, record)
    with pytest.raises(OutputError, match="cannot write"):
        save_evidence(evidence, tmp_path / "nowhere" / "case.zip", record)


def test_a_host_that_was_never_visited_has_no_evidence(store: Store) -> None:
    sweep_day(store, 0, seen())
    made, record = found()
    with pytest.raises(UsageError, match="never visited"):
        collect_evidence(store, replace(made, host=HostName("nobody")), record)
