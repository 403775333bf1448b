"""Questions about paths, and what is believed of the answers."""

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.coverage import ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.probe.questions import (
    MAX_PATHS,
    Question,
    can_ask,
    find_scripts,
    parse_hash_answer,
    parse_listed,
    parse_nodes,
    parse_variables,
    plan_questions,
)
from fleetscan.systemd.path_walk import NodeKind
from tests.unit.probe.frames import SENTINEL, TOKEN, Entry, frame

PATHS = st.lists(st.text(alphabet="/ab-\n\0 é", min_size=1, max_size=12), max_size=20)


@given(PATHS)
def test_what_is_asked_is_one_line_a_path_and_the_count_is_true(paths: list[str]) -> None:
    for question in plan_questions("stat", "-", paths):
        head, *lines = question.data.decode().removesuffix("\n").split("\n")
        assert head == f"stat - {len(lines)}"
        assert [f"/{line}" for line in lines] == list(question.paths)
        assert not any(line.startswith(("-", "/")) or "\0" in line for line in lines)


def test_many_paths_become_several_questions_and_none_is_lost() -> None:
    paths = [f"/opt/{'x' * (number % 300)}{number}" for number in range(3000)]
    questions = list(plan_questions("hash", "1000", paths))
    assert [path for question in questions for path in question.paths] == paths
    assert all(len(question.paths) <= MAX_PATHS and len(question.data) < 70_000 for question in questions)


def test_a_path_with_a_line_end_is_never_asked() -> None:
    assert not can_ask("/opt/a\nb")
    assert not can_ask("relative")
    assert can_ask("/opt/-a")


def test_only_what_was_asked_is_believed() -> None:
    question = Question("stat", "-", ("/opt", "/opt/a"))
    records = Entry(path="opt", type="d").record + Entry(path="etc/shadow").record
    found = parse_nodes(question, frame("stat", records, scope="-"), SENTINEL)
    assert {path: node.kind for path, (node, _record) in found.items()} == {
        "/opt": NodeKind.DIRECTORY,
        "/opt/a": NodeKind.ABSENT,
    }


def test_of_an_answer_that_is_not_whole_nothing_is_taken_for_absent() -> None:
    question = Question("stat", "-", ("/opt", "/opt/a"))
    records = Entry(path="opt", type="d").record + Entry(path="opt/a").record
    found = parse_nodes(question, frame("stat", records, status="timeout", scope="-"), SENTINEL)
    assert list(found) == ["/opt"]  # the last record could be cut short


def test_hashes_of_another_reader_or_path_are_not_believed() -> None:
    line = f"{digest_bytes(b'x')}  opt/a\n{digest_bytes(b'y')}  etc/shadow\n"
    question = Question("hash", "1000", ("/opt/a",))
    assert parse_hash_answer(question, frame("hashes", line, scope="- 1")) == {}
    assert parse_hash_answer(question, frame("hashes", line, scope="1000 x")) == {}
    (file,) = parse_hash_answer(question, frame("hashes", line, scope="1000 7")).values()
    assert (file.number, file.path, file.reader) == (7, "/opt/a", "1000")


def test_marks_of_another_number_of_files_are_not_believed() -> None:
    line = f"{digest_bytes(b'x')}  opt/a\n{digest_bytes(b'y')}  opt/b\n"
    hashed = tuple(parse_hash_answer(Question("hash", "-", ("/opt/a", "/opt/b")), frame("hashes", line)).values())
    assert find_scripts(hashed, frame("marks", "..#!")) == {digest_bytes(b"y")}
    assert find_scripts(hashed, frame("marks", "#!")) == frozenset()


def test_variables_are_bounded_and_values_of_others_do_not_come() -> None:
    text = f"{TOKEN} etc/x//\n:A\n=LD_PRELOAD=/x\nB=secret\n:{'n' * 500}\n{TOKEN} etc/y//\n:C\n"
    found = parse_variables(Question("variables", "-", ("/etc/x",)), frame("variables", text), SENTINEL)
    assert list(found) == ["/etc/x"]
    pairs = dict(found["/etc/x"])
    assert pairs.keys() == {"variables", "LD_PRELOAD"}
    assert pairs["variables"].split(" ")[:2] == ["A", "LD_PRELOAD"]
    assert "secret" not in str(pairs)
    assert len(pairs["variables"]) < 100


def test_a_variable_is_never_taken_for_another_property_of_the_file() -> None:
    text = f"{TOKEN} etc/x//\n=verified=verified\n=exposed=/x\n=PATH=/opt\n"
    found = parse_variables(Question("variables", "-", ("/etc/x",)), frame("variables", text), SENTINEL)
    assert found["/etc/x"] == (("PATH", "/opt"), ("variables", "verified exposed PATH"))


@given(st.binary(max_size=300), st.sampled_from(["ok", "failed-1", "truncated"]))
def test_any_answer_is_understood_or_ignored(payload: bytes, status: str) -> None:
    question = Question("stat", "-", ("/opt", "/opt/a"))
    given_frame = frame("stat", payload, status=status, scope="- 1")
    parse_nodes(question, given_frame, SENTINEL)
    parse_hash_answer(question, given_frame)
    parse_variables(question, given_frame, SENTINEL)
    assert given_frame.status in (ReadStatus.OK, ReadStatus.FAILED, ReadStatus.TRUNCATED)


def test_a_folder_that_may_not_be_read_is_not_an_empty_one() -> None:
    question = Question("list", "-", ("/opt/a", "/opt/b"))
    records = Entry(path="opt/a", type="!").record + Entry(path="opt/b", type="d").record
    listed = parse_listed(question, frame("list", records, scope="-"), SENTINEL)
    assert listed == {"/opt/b": ()}
    assert parse_listed(question, frame("list", records, status="timeout", scope="-"), SENTINEL) is None
