"""The catalogue of plants covers what it has to, and the judge of the suite can say that something is wrong."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from tests.live.attacks.catalogue import ATOMIC, CATALOGUE
from tests.live.attacks.dealing import ACCOUNTS, Target, deal
from tests.live.attacks.plant import SEVERITIES, TECHNIQUES, Plant
from tests.live.attacks.said import Said
from tests.live.attacks.table import render_table
from tests.live.attacks.verdict import Row, is_echo, judge

FLEET = tuple(
    Target(f"h{number}", suite, account, systemd, frozenset({"perl", *tools}))
    for number, (account, (suite, systemd, tools)) in enumerate(
        zip(
            ACCOUNTS,
            (
                ("bullseye", 247, ("chattr", "lsattr")),
                ("bookworm", 252, ("chattr", "lsattr")),
                ("trixie", 257, ()),
                ("sid", 262, ()),
            )
            * 3,
            strict=True,
        )
    )
)
PLANT = next(plant for plant in CATALOGUE if plant.id == ATOMIC[0])
TARGET = FLEET[0]
SAID = Said(
    host=TARGET.name,
    severity="high",
    technique="plain-pair",
    techniques=("plain-pair",),
    rules=("FS-001",),
    subject="job",
    scope="system",
    name="cachefs-warm.timer",
    about=("cachefs-warm.timer",),
    sentence="h0 has it",
)


def test_every_technique_has_plants_and_most_have_several() -> None:
    counts = {technique: sum(plant.technique == technique for plant in CATALOGUE) for technique in TECHNIQUES}
    assert len(CATALOGUE) >= 60
    assert min(counts.values()) >= 1
    assert {technique for technique, count in counts.items() if count < 3} <= {"identity"}


def test_ids_are_unique_and_classes_and_severities_are_known() -> None:
    assert len({plant.id for plant in CATALOGUE}) == len(CATALOGUE)
    assert set(ATOMIC) <= {plant.id for plant in CATALOGUE}
    for plant in CATALOGUE:
        assert {plant.technique, *plant.accept, *plant.among} <= {*TECHNIQUES, "change"}, plant.id
        assert plant.severity in SEVERITIES[1:], plant.id


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize("plant", CATALOGUE, ids=lambda plant: plant.id)
def test_lines_of_a_plant_are_shell(plant: Plant) -> None:
    for lines in (plant.plant, plant.undo):
        checked = subprocess.run(["sh", "-n"], input=lines.encode(), capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr.decode()
        assert not re.search(r"rm -rf /(?:etc|usr|var|home)?\s", lines)


def test_a_full_fleet_has_a_host_for_every_plant_and_no_host_two_at_once() -> None:
    dealt = deal(CATALOGUE, FLEET)
    assert dealt.left_over == []
    assert sorted(plant.id for hand in dealt.rounds for plant in hand.values()) == sorted(p.id for p in CATALOGUE)
    assert deal(CATALOGUE, FLEET) == dealt
    for hand in dealt.rounds:
        assert all(next(t for t in FLEET if t.name == host).suits(plant) for host, plant in hand.items())


def test_a_plant_that_no_host_suits_is_left_over() -> None:
    nowhere = replace(PLANT, needs=("no-such-program",))
    assert deal([nowhere], FLEET).left_over == [nowhere]


def test_a_finding_of_the_plant_in_its_class_is_right() -> None:
    row = judge(PLANT, TARGET, [SAID])
    assert (row.result, row.is_right) == ("found", True)


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ([], "missed"),
        ([replace(SAID, host="h1")], "missed"),
        ([replace(SAID, about=("other.timer",))], "missed"),
        ([replace(SAID, technique="leftover", techniques=("leftover",))], "wrong class"),
        ([replace(SAID, severity="low")], "too low"),
    ],
    ids=["silence", "another host", "another thing", "another class", "a whisper"],
)
def test_whatever_else_is_said_is_wrong(said: list[Said], result: str) -> None:
    row = judge(PLANT, TARGET, said)
    assert (row.result, row.is_right) == (result, False)
    assert PLANT.id in render_table([row])


def test_what_has_to_be_told_among_the_classes_must_be() -> None:
    plant = replace(PLANT, among=("evasion",))
    assert judge(plant, TARGET, [SAID]).result == "wrong class"
    assert judge(plant, TARGET, [replace(SAID, techniques=("plain-pair", "evasion"))]).result == "found"


def test_an_extra_finding_spoils_a_row_that_is_found() -> None:
    extra = replace(SAID, name="logrotate.timer", about=("logrotate.timer",))
    row = judge(PLANT, TARGET, [SAID, extra])
    assert row.result == "found"
    assert len(row.extras) == 1
    assert not row.is_right
    assert "logrotate.timer" in render_table([row])


def test_what_stays_after_the_undoing_spoils_a_row_but_for_what_logs_tell_of_it() -> None:
    row = replace(judge(PLANT, TARGET, [SAID]), lingering=(str(SAID),))
    assert not row.is_right
    assert not is_echo(SAID, [PLANT])
    assert is_echo(replace(SAID, subject="trace"), [PLANT])
    assert not is_echo(replace(SAID, subject="trace", about=("other.service",)), [PLANT])


def test_a_plant_that_could_not_be_planted_is_not_found() -> None:
    row: Row = judge(PLANT, TARGET, [SAID], "no space left")
    assert (row.result, row.is_right) == ("not planted", False)
    assert "no space left" in render_table([row])
