"""`fleetscan controls` on an embedded fleet over real SSH."""

from collections.abc import Iterator

import jsonschema
import pytest

from fleetscan.analyse.controls.checklist import CONTROLS
from tests.integration.cli.console import Console, assert_one_clear_line, open_site


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A swept fleet of twelve hosts."""
    with open_site(tmp_path_factory.mktemp("controls")) as site:
        swept = site.console("sweep")
        assert swept.code in (0, 3), swept.err
        yield site.console


def test_the_fleet_view_counts_every_control_over_every_host(run: Console) -> None:
    answer = run("controls", "--format", "json")
    assert answer.code == 0, answer.err
    assert [item["id"] for item in answer.items] == [control.id for control in CONTROLS]
    assert {i["passed"] + i["failed"] + i["not_readable"] for i in answer.items} == {12}
    assert {item["of_hosts"] for item in answer.items} == {12}
    jsonschema.validate(answer.document, run("schema", "controls").document)


def test_the_table_names_where_a_control_fails_and_who_fails_most(run: Console) -> None:
    answer = run("controls")
    assert answer.code == 0
    assert "T1053.006-DET-4" in answer.out
    assert "most fails: " in answer.err


def test_a_host_is_shown_with_evidence_and_can_be_filtered_by_status(run: Console) -> None:
    host = run.read("controls")[3]["failing"][0]  # no baseline is approved
    answer = run("controls", "--host", host, "--status", "fail", "--format", "json")
    assert answer.code == 0
    assert {(item["host"], item["status"]) for item in answer.items} == {(host, "fail")}
    assert all(item["evidence"] for item in answer.items)
    jsonschema.validate(answer.document, run("schema", "host-controls").document)
    table = run("controls", "--host", host, "--status", "fail")
    assert "no baseline of" in table.out
    assert "pass" not in {word for line in table.out.splitlines()[2:] for word in line.split()}


def test_a_status_keeps_only_controls_that_came_out_so_somewhere(run: Console) -> None:
    items = run("controls", "--status", "fail", "--format", "json").items
    assert items
    assert all(item["failed"] for item in items)


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--host", "nowhere*"), "nowhere*"), (("--status", "failed"), "failed"), (("--sweep", "9"), "9")],
)
def test_what_does_not_exist_is_the_users_error(run: Console, words: tuple[str, ...], told: str) -> None:
    answer = run("controls", *words)
    assert answer.code == 2
    assert_one_clear_line(answer, told)
