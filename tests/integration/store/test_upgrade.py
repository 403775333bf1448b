"""A database of the first schema is brought to the present one with everything in it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from fleetscan.model.baseline import Approval, Baseline, Cohort, Proposal
from fleetscan.model.digest import digest_json
from fleetscan.model.ids import SYSTEM
from fleetscan.model.subject import SubjectKey, SubjectKind
from fleetscan.store.approvals import BaselineState
from fleetscan.store.database import Database
from fleetscan.store.location import parse_location
from fleetscan.store.packing import pack_document
from fleetscan.store.revision import SCHEMA_REVISION
from fleetscan.store.schema import SchemaState, alembic_config, create_database, schema_status, upgrade_schema
from fleetscan.store.store import Store, open_store
from tests.stored_fleet import NOW, begin

pytest_plugins = ("tests.databases",)

FIRST = "7c1e4f0a92d3"
COHORT = Cohort("web", "debian", "12")
APPROVAL = Approval(author="ana", reason="reviewed", approved_at=NOW)
PAYLOAD = pack_document(Path(__file__).with_name("baseline_of_the_first_schema.json").read_bytes())
"""As the program of the first schema wrote it."""


def migrate(url: str, revision: str) -> None:
    with closing(Database(parse_location(url))) as database, database.migrate() as connection:
        go = command.downgrade if schema_status(url).state is SchemaState.CURRENT else command.upgrade
        go(alembic_config(connection), revision)


def fill(url: str) -> None:
    """Write a sweep, a retired, a current and a proposed baseline in the way of the first schema."""
    micros = int(NOW.timestamp()) * 1_000_000
    sweep = (
        "INSERT INTO sweep (state, started_at, ended_at, author, hosts, selection, tool_version, probe_sha256)"
        " VALUES ('complete', :at, :at, 'ana', 2, :selection, '0.1', 'f')"
    )
    baseline = (
        "INSERT INTO baseline (cohort, role, os_id, os_version_id, version, state, sweep_id, hosts, min_prevalence,"
        " proposed_at, proposed_by, approved_at, approved_by, reason, payload) VALUES"
        " (:cohort, 'web', 'debian', '12', :version, :state, 1, 10, 0.8, :at, 'ben', :done, :who, :why, :payload)"
    )
    cohort = bytes.fromhex(digest_json(["web", "debian", "12"]))
    with closing(Database(parse_location(url))) as database, database.write() as connection:
        connection.execute(text(sweep), {"at": micros, "selection": '{"v":1,"data":{}}'})
        for version, state in ((1, "retired"), (2, "approved"), (None, "proposed")):
            is_done = version is not None
            values = {
                "cohort": cohort,
                "version": version,
                "state": state,
                "at": micros,
                "done": micros if is_done else None,
                "who": "ana" if is_done else None,
                "why": "reviewed" if is_done else None,
                "payload": PAYLOAD,
            }
            connection.execute(text(baseline), values)


@pytest.fixture
def old_url(empty_database: str) -> str:
    """A database that the program of the first schema filled."""
    create_database(empty_database)
    migrate(empty_database, FIRST)
    assert schema_status(empty_database).current == FIRST
    fill(empty_database)
    return empty_database


@pytest.fixture
def upgraded(old_url: str) -> Iterator[Store]:
    assert upgrade_schema(old_url, clock=lambda: NOW).current == SCHEMA_REVISION
    with open_store(old_url, clock=lambda: NOW) as store:
        yield store


def current(store: Store) -> Baseline:
    baseline = store.baselines.current_baseline(COHORT)
    assert baseline is not None
    return baseline


def test_baselines_keep_their_versions_states_and_who_approved_them(upgraded: Store) -> None:
    infos = upgraded.baselines.list_baselines()
    assert [(info.version, info.state, info.approvals) for info in infos] == [
        (None, BaselineState.PROPOSED, ()),
        (2, BaselineState.APPROVED, (APPROVAL,)),
        (1, BaselineState.RETIRED, (APPROVAL,)),
    ]
    assert [(info.source.value, info.note, info.rolled_back_to) for info in infos] == [("sweep", "", None)] * 3


def test_what_was_stored_before_reads_with_defaults_for_what_it_does_not_have(upgraded: Store) -> None:
    (item,) = current(upgraded).items
    subject = item.variants[0].subject
    assert item.key == SubjectKey(SubjectKind.JOB, SYSTEM, "backup.timer")
    assert subject.commands[0].argv == ("/usr/bin/backup", "--all")
    assert (subject.fingerprint.target, len(subject.fingerprint.meaning)) == ("", 64)
    assert (subject.pieces, subject.disagreements, subject.activations, subject.properties) == ((), (), (), ())
    assert not item.variants[0].any_target


def test_proposals_of_before_can_be_approved_and_rolled_back(upgraded: Store) -> None:
    (proposal_id,) = [info.id for info in upgraded.baselines.list_baselines() if info.version is None]
    assert isinstance(upgraded.baselines.read_proposal(proposal_id), Proposal)
    upgraded.baselines.add_approval(proposal_id, APPROVAL, approvers_needed=2)
    second = Approval(author="ben", reason="too", approved_at=NOW)
    assert upgraded.baselines.add_approval(proposal_id, second, approvers_needed=2).version == 3
    assert upgraded.baselines.rollback(COHORT, 1, APPROVAL).version == 4


def test_the_guard_of_approved_baselines_holds_after_the_upgrade(upgraded: Store) -> None:
    before = current(upgraded)
    with pytest.raises(IntegrityError, match="cannot be changed"), upgraded._database.write() as connection:
        connection.execute(text("UPDATE baseline SET reason = 'forged' WHERE version = 2"))
    assert current(upgraded) == before


def test_no_sweep_of_before_is_recorded_and_new_numbers_go_on(upgraded: Store) -> None:
    assert upgraded.findings.last_recorded_sweep() is None
    assert begin(upgraded).id == 2


def test_the_upgrade_can_be_taken_back_and_the_old_guard_holds_again(old_url: str) -> None:
    upgrade_schema(old_url, clock=lambda: NOW)
    with open_store(old_url, clock=lambda: NOW) as store:
        store.baselines.add_approval(3, APPROVAL, approvers_needed=2)
    migrate(old_url, FIRST)
    with closing(Database(parse_location(old_url))) as database:
        with database.read() as connection:
            rows = connection.execute(text("SELECT id, version, state FROM baseline ORDER BY id")).all()
        with pytest.raises(IntegrityError, match="cannot be changed"), database.write() as connection:
            connection.execute(text("DELETE FROM baseline WHERE version = 2"))
    assert [tuple(row) for row in rows] == [(1, 1, "retired"), (2, 2, "approved"), (3, None, "proposed")]
    assert upgrade_schema(old_url, clock=lambda: NOW).state is SchemaState.CURRENT
