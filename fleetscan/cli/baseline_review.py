"""A proposal gone through by a person, question by question; what is doubtful comes first."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fleetscan.analyse.proposal import Place, place_of
from fleetscan.analyse.proposal_edit import accept_forms, leave_out_forms
from fleetscan.analyse.provenance import provenance_of
from fleetscan.cli.baseline_page import print_item
from fleetscan.cli.output import Terminal
from fleetscan.errors import UsageError
from fleetscan.export.baseline_records import BaselineItemRecord
from fleetscan.model.baseline import NO_REMARKS, OutlierReason, Proposal
from fleetscan.model.finding import Provenance
from fleetscan.operations.describe_baseline import describe_item, describe_outlier
from fleetscan.report.verdict import count_of

_REMARKED = "accepted, with a remark"
_COMMON = "accepted: common, and no rule speaks of it"
_ORDER = (OutlierReason.QUESTIONABLE.value, *(r.value for r in OutlierReason), _REMARKED, _COMMON)
_KEYS = (
    "  Enter keep as proposed · a accept · l leave out · s show · A / L all of this kind · "
    "v accept all that packages vouch for · q save · x give up"
)


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to decide.

    Attributes:
        kind: Why it is asked; questions of a kind can be answered together.
        places: The forms that it is about.
        record: To show it.
        verified: Whether packages vouch for all of these forms.
    """

    kind: str
    places: tuple[Place, ...]
    record: BaselineItemRecord
    verified: bool


class Review:
    """Asks about one proposal and keeps the answers until the end.

    Args:
        proposal: As computed.
        terminal: Where questions go.
        lines: What the person types, without line ends.
    """

    def __init__(self, proposal: Proposal, terminal: Terminal, lines: Iterator[str]) -> None:
        self._proposal = proposal
        self._terminal = terminal
        self._lines = lines
        self._accepted: set[Place] = set()
        self._left: set[Place] = set()
        self._wants_end = False

    def run(self) -> Proposal | None:
        """Go through all questions.

        Returns:
            The proposal as decided; None when the person gave up, or the input ended before they said to save.
        """
        proposal = self._proposal
        things, hosts = count_of(len(proposal.items), "thing"), count_of(proposal.hosts, "host")
        outliers = count_of(len(proposal.outliers), "outlier")
        self._terminal.say(f"{proposal.cohort}: {things} on {hosts}, {outliers} left out", style="bold")
        if proposal.note:
            self._terminal.say(f"  {proposal.note}")
        self._terminal.say(_KEYS)
        questions = build_questions(proposal)
        while questions and not self._wants_end:
            self._say_question(questions)
            answer = next(self._lines, None)
            if answer is None or answer.strip() == "x":
                self._terminal.say("nothing is saved for this cohort", style="yellow")
                return None
            questions = self._take(answer.strip(), questions)
        return self._decided()

    def _say_question(self, questions: list[Question]) -> None:
        first = questions[0]
        same = sum(question.kind == first.kind for question in questions)
        record = first.record
        seen = f"{record.prevalence_count} of {record.prevalence_of_hosts}"
        self._terminal.say(f"[{first.kind}, {same} left] {record.subject} {record.name} ({record.scope}), on {seen}")
        self._terminal.say(f"    {record.summary}")
        for form in record.forms:
            for hit in form.hits:
                self._terminal.say(f"    {hit}", style="yellow")
            if form.note:
                self._terminal.say(f"    {form.note}")

    def _take(self, answer: str, questions: list[Question]) -> list[Question]:
        """Act on one answer; give the questions that are left."""
        first = questions[0]
        same = [question for question in questions if question.kind == first.kind]
        match answer:
            case "":
                return questions[1:]
            case "a" | "l":
                return self._settle([first], questions, accept=answer == "a")
            case "A" | "L":
                return self._settle(same, questions, accept=answer == "A")
            case "v":
                return self._settle([q for q in questions if q.verified], questions, accept=True)
            case "s":
                # Standard output is for the list of proposals.
                print_item(replace(self._terminal, out=self._terminal.talk), first.record)
            case "q":
                self._wants_end = True
            case _:
                self._terminal.say(_KEYS, style="yellow")
        return questions

    def _settle(self, chosen: list[Question], questions: list[Question], *, accept: bool) -> list[Question]:
        for question in chosen:
            (self._accepted if accept else self._left).update(question.places)
        return [question for question in questions if question not in chosen]

    def _decided(self) -> Proposal:
        before = self._proposal
        out = {place_of(outlier.subject) for outlier in before.outliers}
        taken, left = self._accepted & out, self._left - out
        after = leave_out_forms(accept_forms(before, taken), left)
        said = f"reviewed: {len(taken)} taken in, {len(left)} left out"
        self._terminal.say(said)
        return replace(after, note="; ".join(filter(None, (before.note, said))))


def build_questions(proposal: Proposal) -> list[Question]:
    """Give what there is to decide, the most doubtful first."""
    cohort = str(proposal.cohort)
    questions = [
        Question(
            outlier.reason.value,
            (place_of(outlier.subject),),
            describe_outlier(cohort, outlier),
            provenance_of(outlier.subject) is Provenance.VERIFIED,
        )
        for outlier in proposal.outliers
    ]
    for item in proposal.items:
        has_remark = any(v.remarks.hits or v.remarks.note for v in item.variants if v.remarks != NO_REMARKS)
        questions.append(
            Question(
                _REMARKED if has_remark else _COMMON,
                tuple(place_of(variant.subject) for variant in item.variants),
                describe_item(cohort, item),
                all(provenance_of(variant.subject) is Provenance.VERIFIED for variant in item.variants),
            )
        )
    return sorted(questions, key=lambda question: _ORDER.index(question.kind))


def review_at_terminal(proposal: Proposal, terminal: Terminal) -> Proposal | None:
    """Go through a proposal with the person at the terminal (see `Review.run`)."""
    return Review(proposal, terminal, read_answers()).run()


def read_answers() -> Iterator[str]:
    """Give the lines of standard input as they are typed."""
    for line in sys.stdin:
        yield line.rstrip("\r\n")


def require_terminal() -> None:
    """Refuse to ask where nobody answers.

    Raises:
        UsageError: Standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "--review asks questions and standard input is no terminal",
            hint="without it: --min-prevalence, --accept NAME, or edit the YAML of `fleetscan baseline export ID`",
        )
