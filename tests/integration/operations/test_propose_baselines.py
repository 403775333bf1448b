"""Proposals from a store: golden hosts, successors, since when, files, two persons, and the way back."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fleetscan.analyse.findings import finding_id
from fleetscan.analyse.rules.rule import Rule
from fleetscan.errors import UsageError
from fleetscan.model.baseline import OutlierReason, Proposal, ProposalSource
from fleetscan.model.coverage import Area
from fleetscan.model.digest import digest_bytes
from fleetscan.model.drift import Severity
from fleetscan.model.finding import EvidenceLine, RuleId
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import SYSTEM, HostName, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostSnapshot
from fleetscan.model.subject import SubjectKey, SubjectKind
from fleetscan.model.sweep import Sweep
from fleetscan.operations.exchange_baselines import export_baseline, import_baseline
from fleetscan.operations.manage_baselines import approve_baselines, find_cohort, pending_proposals, roll_back
from fleetscan.operations.propose_baselines import ProposeOptions, propose_baselines
from fleetscan.store.approvals import BaselineState
from fleetscan.store.store import Store
from tests.model_data import gap
from tests.stored_fleet import DAY, NOW, failure, file, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

TIMER = b"[Timer]\nOnCalendar=daily\n"
CONTENTS: dict[Sha256, bytes] = {}
NAMES = tuple(HostName(f"web{number}") for number in range(1, 7))
WEB1, WEB2 = NAMES[:2]


def timer(stem: str, command: str) -> tuple[Artifact, Artifact]:
    service = f"[Service]\nExecStart={command}\n".encode()
    CONTENTS.update({digest_bytes(text): text for text in (TIMER, service)})
    folder = "/etc/systemd/system"
    return file(f"{folder}/{stem}.timer", TIMER), file(f"{folder}/{stem}.service", service)


BACKUP, EVIL = timer("backup", "/usr/bin/backup"), timer("evil", "/opt/x/run")
STOCK = BACKUP


def inventory(names: tuple[HostName, ...] = NAMES) -> Mapping[HostName, Host]:
    owner = Owner("Ana", "ana@example.org")
    return {
        name: Host(name=name, address=name, connection=Connection(user="scan"), owner=owner, groups=("web",))
        for name in names
    }


def read(name: HostName, *more: Artifact, day: int = 0, release: str = "12") -> HostSnapshot:
    found = snapshot(name, (*STOCK, *more), at=NOW + day * DAY, contents=CONTENTS)
    return replace(found, facts=replace(found.facts, os_version_id=release))


def propose(store: Store, sweep: Sweep, **options: Any) -> Proposal:  # noqa: ANN401 - fields of ProposeOptions
    (saved,) = propose_baselines(
        store,
        inventory(),
        sweep,
        role=None,
        min_prevalence=0.5,
        author="ana",
        at=NOW + DAY,
        options=ProposeOptions(**options),
    )
    assert store.baselines.read_proposal(saved.id) == saved.proposal
    return saved.proposal


def names(proposal: Proposal) -> list[str]:
    return [item.key.name.removesuffix(".timer") for item in proposal.items if item.key.kind is SubjectKind.JOB]


def reasons(proposal: Proposal) -> Mapping[str, OutlierReason]:
    return {outlier.subject.key.name: outlier.reason for outlier in proposal.outliers}


def approve(store: Store, author: str = "ana", approvers: int = 1) -> BaselineState:
    ids = pending_proposals(store)
    (info,) = approve_baselines(store, ids, author=author, reason="looked at", at=NOW + DAY, approvers=approvers)
    return info.state


def evil_rule(severity: Severity, *, weight_only: bool = False) -> Rule:
    return Rule(
        id=RuleId("FS-X"),
        title="runs from /opt/x",
        severity=severity,
        technique=None,
        attack=(),
        rationale="",
        false_positives="",
        references=(),
        kinds=frozenset({SubjectKind.JOB}),
        needs_drift=False,
        fixed=False,
        weight_only=weight_only,
        match=lambda case: (EvidenceLine("x"),) if case.subject.key.name == "evil.timer" else None,
    )


def test_what_rules_doubt_on_every_host_is_left_out_and_taken_in_by_name(store: Store) -> None:
    sweep = sweep_day(store, 0, *(read(name, *EVIL) for name in NAMES))
    rules = (evil_rule(Severity.HIGH),)
    doubted = propose(store, sweep, rules=rules)
    assert (names(doubted), reasons(doubted)) == (["backup"], {"evil.timer": OutlierReason.QUESTIONABLE})
    assert names(propose(store, sweep, rules=rules, accept=("evil.timer",))) == ["backup", "evil"]
    assert names(propose(store, sweep, rules=(evil_rule(Severity.MEDIUM),))) == ["backup", "evil"]


def test_a_name_that_nothing_has_is_refused(store: Store) -> None:
    sweep = sweep_day(store, 0, *(read(name) for name in NAMES))
    with pytest.raises(UsageError, match=r"anything named 'evli\.timer'"):
        propose(store, sweep, accept=("evli.timer",))


def test_a_finding_takes_in_what_its_host_has_and_nothing_of_other_hosts(store: Store) -> None:
    other = timer("evil", "/opt/y/run")
    sweep = sweep_day(store, 0, read(WEB1, *EVIL), read(WEB2, *other), *(read(name) for name in NAMES[2:]))
    wanted = finding_id(WEB1, SubjectKey(SubjectKind.JOB, SYSTEM, "evil.timer"))
    proposal = propose(store, sweep, accept_findings=(wanted[:10],))
    (evil,) = (item for item in proposal.items if item.key.name == "evil.timer")
    assert [variant.subject.summary for variant in evil.variants] == ["runs /opt/x/run as root, daily"]
    assert reasons(proposal) == {"evil.timer": OutlierReason.FEW_HOSTS}
    with pytest.raises(UsageError, match="no finding"):
        propose(store, sweep, accept_findings=("ffff" * 4,))


def test_since_when_a_form_is_there_is_told(store: Store) -> None:
    sweep_day(store, 0, *(read(name) for name in NAMES))
    sweep = sweep_day(store, 1, *(read(name, *EVIL, day=1) for name in NAMES))
    proposal = propose(store, sweep)
    since = {item.key.name: item.variants[0].remarks.first_seen_at for item in proposal.items}
    assert (since["backup.timer"], since["evil.timer"]) == (NOW, NOW + DAY)


def test_since_when_an_open_folder_is_there_is_told(store: Store) -> None:
    opened = Artifact(
        kind=ArtifactKind.DIRECTORY, scope=SYSTEM, name="/etc/systemd/system", mode=0o777, owner="root", group="root"
    )
    sweep_day(store, 0, *(read(name) for name in NAMES))
    sweep = sweep_day(store, 1, *(read(name, opened, day=1) for name in NAMES))
    since = {item.key.kind: item.variants[0].remarks.first_seen_at for item in propose(store, sweep).items}
    assert since[SubjectKind.FOLDER] == NOW + DAY


def test_failed_and_partial_hosts_change_no_number(store: Store) -> None:
    sweep = sweep_day(store, 0, *(read(name) for name in NAMES))
    alone = propose(store, sweep)
    partial = snapshot(NAMES[4], (*STOCK, *EVIL), at=NOW + DAY, contents=CONTENTS, gaps=(gap(Area.FILES),))
    mixed = sweep_day(store, 1, *(read(name, day=1) for name in NAMES[:4]), partial, failure(NAMES[5], NOW + DAY))
    proposal = propose(store, mixed)
    assert [(str(i.prevalence), i.required) for i in proposal.items] == [("4 of 4", True)] * len(alone.items)
    assert (NAMES[4], "read only in part") in proposal.skipped


def test_golden_hosts_decide_for_their_cohort(store: Store) -> None:
    sweep = sweep_day(store, 0, read(WEB1), *(read(name, *EVIL) for name in NAMES[1:]))
    proposal = propose(store, sweep, golden=(WEB1,))
    assert (names(proposal), proposal.source) == (["backup"], ProposalSource.GOLDEN)
    assert reasons(proposal) == {"evil.timer": OutlierReason.NOT_GOLDEN}
    with pytest.raises(UsageError, match="golden host web9 was not read completely"):
        propose(store, sweep, golden=(HostName("web9"),))


def test_a_successor_takes_in_only_what_was_chosen(store: Store) -> None:
    first = sweep_day(store, 0, *(read(name) for name in NAMES))
    propose(store, first)
    approve(store)
    more = timer("report", "/usr/bin/report")
    second = sweep_day(store, 1, *(read(name, *EVIL, *more, day=1) for name in NAMES))
    proposal = propose(store, second, from_previous=True, accept=("report.timer",))
    assert (names(proposal), proposal.source) == (["backup", "report"], ProposalSource.PREVIOUS)
    assert reasons(proposal) == {"evil.timer": OutlierReason.NOT_CHOSEN}


def test_a_successor_needs_a_version_before(store: Store) -> None:
    sweep = sweep_day(store, 0, *(read(name) for name in NAMES))
    with pytest.raises(UsageError, match="no approved baseline to start from"):
        propose(store, sweep, from_previous=True)


def test_a_tiny_cohort_borrows_from_the_other_releases_and_says_so(store: Store) -> None:
    sweep = sweep_day(store, 0, read(WEB1, *EVIL, release="13"), *(read(name) for name in NAMES[1:]))
    saved = propose_baselines(
        store, inventory(), sweep, role=None, min_prevalence=0.5, author="ana", at=NOW, options=ProposeOptions()
    )
    (tiny,) = (one.proposal for one in saved if one.proposal.cohort.os_version_id == "13")
    assert names(tiny) == ["backup"]
    assert "5 of 5 other hosts of web/debian-*" in tiny.items[0].variants[0].remarks.note
    assert "has only 1 host" in tiny.note
    assert reasons(tiny)["evil.timer"] is OutlierReason.ALONE


def test_what_a_review_gives_up_is_not_saved(store: Store) -> None:
    sweep = sweep_day(store, 0, *(read(name) for name in NAMES))
    options = ProposeOptions(review=lambda _proposal: None)
    assert not propose_baselines(
        store, inventory(), sweep, role=None, min_prevalence=0.5, author="ana", at=NOW, options=options
    )
    assert store.baselines.list_baselines() == ()


def test_two_persons_approve_before_a_baseline_counts(store: Store) -> None:
    proposal = propose(store, sweep_day(store, 0, *(read(name) for name in NAMES)))
    assert approve(store, "ana", approvers=2) is BaselineState.AWAITING
    assert store.baselines.current_baseline(proposal.cohort) is None
    with pytest.raises(UsageError, match="before"):
        approve(store, "Ana ", approvers=2)
    assert approve(store, "ben", approvers=2) is BaselineState.APPROVED
    assert pending_proposals(store) == ()


def test_the_way_back_goes_one_version_at_a_time_and_past_rollbacks(store: Store) -> None:
    for day, more in enumerate(((), EVIL, timer("report", "/usr/bin/report"))):
        propose(store, sweep_day(store, day, *(read(name, *more, day=day) for name in NAMES)))
        approve(store)
    cohort = find_cohort(store, "web/debian-12")
    back = [roll_back(store, cohort, None, author="ana", reason="wrong", at=NOW) for _ in range(2)]
    assert [(info.version, info.rolled_back_to) for info in back] == [(4, 2), (5, 1)]
    current = store.baselines.current_baseline(cohort)
    assert current is not None
    assert [item.key.name for item in current.items] == ["backup.timer"]
    with pytest.raises(UsageError, match="no version before"):
        roll_back(store, cohort, None, author="ana", reason="wrong", at=NOW)
    with pytest.raises(UsageError, match="needs a reason"):
        roll_back(store, cohort, 2, author="ana", reason=" ", at=NOW)
    with pytest.raises(UsageError, match="no cohort is written 'db'"):
        find_cohort(store, "db")


def test_an_exported_baseline_comes_back_as_a_proposal_with_the_same_digests(store: Store, tmp_path: Path) -> None:
    proposal = propose(store, sweep_day(store, 0, *(read(name, *EVIL) for name in NAMES)))
    with pytest.raises(UsageError, match="no cohort has an approved baseline"):
        export_baseline(store, None)
    approve(store)
    path = tmp_path / "web.yaml"
    path.write_text(export_baseline(store, str(proposal.cohort)))
    assert export_baseline(store, None) == path.read_text()
    saved = import_baseline(store, path, author="ben", at=NOW)
    assert saved.proposal.items == proposal.items
    assert saved.proposal.source is ProposalSource.IMPORT
    assert "web.yaml" in saved.proposal.note
    assert "version 1" in saved.proposal.note
    assert store.baselines.read_proposal(saved.id) == saved.proposal


def test_a_file_from_another_database_is_put_beside_the_newest_sweep(store: Store, tmp_path: Path) -> None:
    sweep = sweep_day(store, 0, *(read(name) for name in NAMES))
    propose(store, sweep)
    path = tmp_path / "web.yaml"
    path.write_text(export_baseline(store, "1").replace(f"sweep: {sweep.id}\n", "sweep: 4711\n"))
    assert import_baseline(store, path, author="ben", at=NOW).proposal.sweep == sweep.id
