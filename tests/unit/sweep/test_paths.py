"""Following paths of one host: rounds of questions with an end, whatever the host answers."""

from collections.abc import Callable

import pytest

from fleetscan.probe.questions import Question
from fleetscan.probe.wire import Frame
from fleetscan.sweep.dialogue import Dialogue
from fleetscan.sweep.paths import PathFinder
from fleetscan.systemd.path_walk import Node, Unknown, Walked, follow_path
from tests.unit.probe.frames import SENTINEL, TOKEN, frame


class Answers(Dialogue):
    """Says that every component is a folder; counts what was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, question: Question, section: str) -> list[Frame]:
        self.asked += len(question.paths)
        records = "".join(f"{TOKEN} d 755 0 0 5 2 1.5 1.5 7 {path[1:]}//\n" for path in question.paths)
        return [frame(section, records, scope="-")]


async def test_a_path_through_folders_is_found() -> None:
    finder = PathFinder(Answers(), SENTINEL, "-")
    assert list(await finder.follow(["/a/b", "/a" * 200])) == ["/a/b", "/a" * 200]


async def test_a_path_of_too_many_steps_is_left_open_and_ends_no_other() -> None:
    finder = PathFinder(Answers(), SENTINEL, "-")
    assert list(await finder.follow(["/a" * 2000, "/b"])) == ["/b"]


async def test_what_is_not_asked_any_more_is_not_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[str] = []

    def note(path: str, look_up: Callable[[str], Node | None]) -> Walked | Unknown:
        worked_out.append(path)
        return follow_path(path, look_up)

    monkeypatch.setattr("fleetscan.sweep.paths.follow_path", note)
    answers = Answers()
    finder = PathFinder(answers, SENTINEL, "-")
    assert not await finder.follow(f"/{number}" + "/a" * 60 for number in range(10_000))
    assert len(worked_out) < 500  # thousands of such paths are half a gigabyte of text
    assert answers.asked == 0
