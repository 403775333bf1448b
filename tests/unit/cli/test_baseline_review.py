"""A proposal gone through question by question."""

import io
import sys

import pytest

from fleetscan.analyse.baseline import propose_baseline
from fleetscan.analyse.case import Setting
from fleetscan.analyse.proposal import Aids, Judged
from fleetscan.cli.baseline_review import Review, build_questions, read_answers, require_terminal
from fleetscan.cli.output import Terminal, open_terminal
from fleetscan.errors import UsageError
from fleetscan.model.baseline import OutlierReason, Prevalence, Proposal
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Hit, RuleId
from fleetscan.model.ids import SweepId
from fleetscan.model.subject import Subject
from tests.model_data import WEB, fleet, job, member
from tests.piece_data import USR, packaged

APT = job("apt-daily")
EVIL = job("evil", exec_start="/tmp/x\x1b[2J")
ODD = job("odd")
STOCK = packaged(job("logrotate", folder=USR))


def judge(subject: Subject, _setting: Setting, _prevalence: Prevalence) -> Judged | None:
    if subject.key != EVIL.key:
        return None
    hit = Hit(rule=RuleId("FS-1"), title="runs from /tmp", severity=Severity.HIGH, technique=None)
    return Judged(Severity.HIGH, (hit,))


PROPOSAL = propose_baseline(
    WEB, SweepId(1), [*fleet(9, APT, EVIL), member("one", APT, EVIL, ODD, STOCK)], (), 0.5, Aids(judge=judge)
)


def review(*answers: str, proposal: Proposal = PROPOSAL) -> Proposal | None:
    return Review(proposal, open_terminal(quiet=True, color="never"), iter(answers)).run()


def names(proposal: Proposal | None) -> list[str]:
    assert proposal is not None
    return [item.key.name.removesuffix(".timer") for item in proposal.items]


def test_what_is_doubtful_is_asked_first() -> None:
    kinds = [(question.kind, question.record.name) for question in build_questions(PROPOSAL)]
    assert [name for _kind, name in kinds] == ["evil.timer", "logrotate.timer", "odd.timer", "apt-daily.timer"]
    assert kinds[0][0] == OutlierReason.QUESTIONABLE.value


@pytest.mark.parametrize(
    ("answers", "accepted"),
    [
        (["", "", "", ""], ["apt-daily"]),
        (["a", "q"], ["apt-daily", "evil"]),
        (["", "a", "q"], ["apt-daily", "logrotate"]),
        (["v", "q"], ["apt-daily", "logrotate"]),
        (["", "A", "q"], ["apt-daily", "logrotate", "odd"]),
        (["", "L", "l"], []),
        (["s", "?", "a", "q"], ["apt-daily", "evil"]),
        (["q"], ["apt-daily"]),
    ],
)
def test_answers_decide_what_is_accepted(answers: list[str], accepted: list[str]) -> None:
    assert names(review(*answers)) == accepted


@pytest.mark.parametrize("answers", [["a", "x"], ["a"], []])
def test_giving_up_or_an_end_of_the_input_saves_nothing(answers: list[str]) -> None:
    assert review(*answers) is None


def test_the_review_is_noted() -> None:
    reviewed = review("a", "", "", "l")
    assert reviewed is not None
    assert reviewed.note == "reviewed: 1 taken in, 1 left out"


def test_questions_show_rules_and_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    terminal: Terminal = open_terminal(quiet=False, color="never")
    Review(PROPOSAL, terminal, iter(["s", "q"])).run()
    said = capsys.readouterr()
    assert "high FS-1: runs from /tmp" in said.err
    assert r"/tmp/x\x1b[2J" in said.err
    assert "\x1b" not in said.err
    assert said.out == ""


def test_several_reviews_read_on_from_one_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a\r\nq\nx\n"))
    assert next(read_answers()) == "a"
    assert list(read_answers()) == ["q", "x"]


def test_without_a_terminal_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(UsageError, match="no terminal") as caught:
        require_terminal()
    assert "--accept" in caught.value.hint
