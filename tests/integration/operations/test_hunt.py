"""Who else has this, on both databases."""

from collections.abc import Sequence

import pytest

from fleetscan.analyse.filediff import Contents
from fleetscan.analyse.subjects import build_subjects
from fleetscan.errors import UsageError
from fleetscan.model.coverage import Coverage
from fleetscan.model.ids import SweepId
from fleetscan.model.snapshot import Artifact, HostFacts
from fleetscan.model.subject import Subject
from fleetscan.operations import hunt_states
from fleetscan.operations.hunt import HuntAnswer, HuntOptions, hunt, resolve_hashes
from fleetscan.operations.hunt_match import Quarry, TextPattern
from fleetscan.store.store import Store
from tests.integration.operations.question_fleet import (
    ETC,
    HIDDEN,
    LATER_SERVICE,
    NAMES,
    PAYLOAD_SHA256,
    infected,
    stock,
)
from tests.stored_fleet import DAY, NOW, failure, sweep_day

pytest_plugins = ("tests.databases",)
CURL = Quarry(texts=(TextPattern("curl"),))


def hosts(answer: HuntAnswer) -> list[str]:
    return [record.host for record in answer.records]


def test_a_payload_is_found_with_its_timer_place_date_and_prevalence(store: Store) -> None:
    sweep_day(store, 0, *(stock(name) for name in NAMES))
    sweep_day(store, 1, infected(NAMES[1], 1), *(stock(name, 1) for name in (NAMES[0], *NAMES[2:])))
    (record,) = hunt(store, HuntOptions(quarry=CURL)).records
    assert (record.host, record.name, record.scope) == (NAMES[1], "evil.timer", "system")
    assert [(m.criterion, m.path, m.line) for m in record.matches] == [("text", "/opt/x/run.sh", 2)]
    assert (record.first_seen_at, record.prevalence_count, record.prevalence_of_hosts) == (NOW + DAY, 1, len(NAMES))
    assert (record.provenance, record.present) == ("no package", True)


@pytest.mark.parametrize(
    "quarry",
    [
        CURL,
        Quarry(hashes=(PAYLOAD_SHA256,)),
        Quarry(executes=("/opt/x",)),
        Quarry(paths=(f"{ETC}/evil.timer",)),
        Quarry(schedules=("*:0/5",)),
    ],
    ids=["text", "hash", "exec", "path", "schedule"],
)
def test_every_kind_of_question_finds_all_hosts_that_have_it(store: Store, quarry: Quarry) -> None:
    sweep_day(store, 0, stock(NAMES[0]), *(infected(name) for name in NAMES[1:]))
    assert hosts(hunt(store, HuntOptions(quarry=quarry))) == list(NAMES[1:])


def test_what_is_gone_is_found_only_in_the_past(store: Store) -> None:
    first = sweep_day(store, 0, infected(NAMES[0]), stock(NAMES[1]))
    sweep_day(store, 1, stock(NAMES[0], 1), stock(NAMES[1], 1))
    assert not hunt(store, HuntOptions(quarry=CURL)).records
    (past,) = hunt(store, HuntOptions(quarry=CURL, since=NOW)).records
    assert (past.present, past.last_seen_at, past.sweep) == (False, NOW, first.id)
    assert hosts(hunt(store, HuntOptions(quarry=CURL, sweep=first.id))) == [NAMES[0]]
    assert not hunt(store, HuntOptions(quarry=CURL, since=NOW + DAY / 2)).records


def test_a_thing_counts_once_for_a_host_that_had_it_twice(store: Store) -> None:
    sweep_day(store, 0, infected(NAMES[0]), stock(NAMES[1]))
    sweep_day(store, 1, stock(NAMES[0], 1), stock(NAMES[1], 1))
    sweep_day(store, 2, infected(NAMES[0], 2), stock(NAMES[1], 2))
    (record,) = hunt(store, HuntOptions(quarry=CURL, since=NOW)).records
    assert (record.prevalence_count, record.prevalence_of_hosts, record.present) == (1, 2, True)
    assert (record.first_seen_at, record.last_seen_at) == (NOW, NOW + 2 * DAY)


def test_rare_things_are_found_by_number_alone_and_the_rarest_come_first(store: Store) -> None:
    sweep_day(store, 0, stock(NAMES[0]), infected(NAMES[1]), infected(NAMES[2]), infected(NAMES[3], 0, LATER_SERVICE))
    rare = hunt(store, HuntOptions(quarry=Quarry(), max_hosts=2))
    assert [(r.name, r.prevalence_count, r.host) for r in rare.records] == [
        ("evil.timer", 1, NAMES[3]),
        ("evil.timer", 2, NAMES[1]),
        ("evil.timer", 2, NAMES[2]),
    ]
    assert not hunt(store, HuntOptions(quarry=Quarry(executes=("logrotate",)), max_hosts=3)).records


def test_finding_nothing_means_nothing_only_where_all_was_read(store: Store) -> None:
    sweep_day(store, 0, stock(NAMES[0]))
    assert hunt(store, HuntOptions(quarry=CURL)).is_whole
    sweep_day(store, 1, stock(NAMES[0], 1, HIDDEN), failure(NAMES[1]))
    answer = hunt(store, HuntOptions(quarry=CURL))
    assert (answer.hosts, answer.partial, answer.unread) == (1, (NAMES[0],), (NAMES[1],))
    assert not answer.is_whole


def test_equal_states_are_understood_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep_day(store, 0, *(infected(name) for name in NAMES[:3]), stock(NAMES[3]))
    built: list[int] = []

    def counting(
        facts: HostFacts, artifacts: Sequence[Artifact], contents: Contents, coverage: Coverage | None = None
    ) -> tuple[Subject, ...]:
        built.append(1)
        return build_subjects(facts, artifacts, contents, coverage)

    monkeypatch.setattr(hunt_states, "build_subjects", counting)
    assert len(hunt(store, HuntOptions(quarry=Quarry(executes=("/opt/x",)))).records) == 3
    assert len(built) == 2
    built.clear()
    assert len(hunt(store, HuntOptions(quarry=Quarry(hashes=(PAYLOAD_SHA256,)))).records) == 3
    assert len(built) == 1  # the database tells that the other state has no such file


def test_the_beginning_of_a_hash_is_enough_and_an_unknown_one_finds_nothing(store: Store) -> None:
    sweep_day(store, 0, infected(NAMES[0]))
    for digits in (7, 8, 64):
        assert resolve_hashes(store, (PAYLOAD_SHA256[:digits].upper(),)) == (PAYLOAD_SHA256,)
    unknown = resolve_hashes(store, ("0123456789",))
    assert not hunt(store, HuntOptions(quarry=Quarry(hashes=unknown))).records
    for wrong in ("abc", "xyz12345", "a" * 65):
        with pytest.raises(UsageError, match="SHA-256"):
            resolve_hashes(store, (wrong,))


def test_a_sweep_that_does_not_exist_is_the_users_error(store: Store) -> None:
    with pytest.raises(UsageError, match="no sweep 7"):
        hunt(store, HuntOptions(quarry=CURL, sweep=SweepId(7)))
