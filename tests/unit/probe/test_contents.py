"""Contents are asked for in bounded batches and believed only when their hash is the one announced."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import Sha256
from fleetscan.probe.contents import MAX_CONTENT_BYTES, Offer, Request, parse_contents, plan_requests, split_request
from tests.unit.probe.frames import frame

FILES = [b"[Timer]\n", b"NUL \0 in it\n", b"\xff\xfe", b"x" * 1000]
MAX_BATCH_BYTES = 1_048_576
MAX_BATCH_FILES = 64


def request_of(*files: bytes) -> Request:
    return Request(tuple((digest_bytes(data), Offer(n, len(data))) for n, data in enumerate(files, start=1)))


def answer(*files: bytes) -> bytes:
    return base64.encodebytes(b"".join(files))


def offers_of(sizes: list[int]) -> dict[Sha256, Offer]:
    return {digest_bytes(b"%d" % n): Offer(n, size) for n, size in enumerate(sizes, start=1)}


@given(st.lists(st.integers(1, MAX_CONTENT_BYTES), max_size=200))
def test_batches_are_bounded_and_hold_everything_once_in_the_hosts_order(sizes: list[int]) -> None:
    offers = offers_of(sizes)
    requests = list(plan_requests(offers, set(offers)))
    numbers = [offer.number for request in requests for _, offer in request.expected]
    assert numbers == list(range(1, len(sizes) + 1))
    for request in requests:
        assert len(request.expected) <= MAX_BATCH_FILES
        assert sum(offer.size for _, offer in request.expected) <= MAX_BATCH_BYTES


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [([1] * 150, [64, 64, 22]), ([MAX_CONTENT_BYTES] * 5, [4, 1]), ([MAX_CONTENT_BYTES + 1] * 5, [3, 2])],
)
def test_a_batch_is_full_by_files_or_by_bytes(sizes: list[int], batches: list[int]) -> None:
    offers = offers_of(sizes)
    assert [len(request.expected) for request in plan_requests(offers, set(offers))] == batches


def test_only_what_is_wanted_is_asked_for() -> None:
    offers = offers_of([5, 6, 7])
    first, _, third = offers
    assert [request.line for request in plan_requests(offers, {third, first})] == [b"fetch 1 3\n"]
    assert list(plan_requests(offers, set())) == []


def test_contents_are_cut_at_their_sizes() -> None:
    found = parse_contents(request_of(*FILES), frame("content", answer(*FILES)))
    assert found == {digest_bytes(data): data for data in FILES}


def test_what_changed_meanwhile_is_dropped_and_the_rest_kept() -> None:
    found = parse_contents(request_of(b"old", b"same"), frame("content", answer(b"new", b"same")))
    assert found == {digest_bytes(b"same"): b"same"}


def test_a_file_that_grew_shifts_all_that_follow_and_none_is_believed() -> None:
    found = parse_contents(
        request_of(b"first", b"grew", b"last"), frame("content", answer(b"first", b"it grew", b"last"))
    )
    assert found == {digest_bytes(b"first"): b"first"}


@pytest.mark.parametrize("payload", [b"", b"A", b"not base64 at all!", b"\xff\xff", b"===="])
def test_an_answer_that_is_no_base64_gives_nothing(payload: bytes) -> None:
    assert parse_contents(request_of(b"one"), frame("content", payload)) == {}


@given(st.binary(max_size=100))
def test_whatever_comes_only_bytes_of_the_right_hash_are_kept(payload: bytes) -> None:
    for sha256, data in parse_contents(request_of(b"one", b"two"), frame("content", payload)).items():
        assert digest_bytes(data) == sha256


def test_a_request_is_split_into_one_for_each_content() -> None:
    request = request_of(b"one", b"two")
    assert [single.line for single in split_request(request)] == [b"fetch 1\n", b"fetch 2\n"]
    assert request.numbers == "1 2"
