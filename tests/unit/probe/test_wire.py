"""Frames survive any way in which their bytes arrive; nothing that a host sends is taken on trust."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.errors import ParseError
from fleetscan.model.coverage import ReadStatus
from fleetscan.probe.wire import MAX_FRAME_BYTES, MAX_NOISE_BYTES, Frame, FrameReader
from tests.unit.probe.frames import SENTINEL, encode, frame

MARK = b"@" + SENTINEL.encode() + b" "

STATUSES = st.sampled_from(["ok", "denied", "missing", "truncated", "timeout", "failed-1", "failed-139"])
FRAMES = st.builds(
    lambda section, status, payload, scope: frame(section, payload, status=status, scope=scope),
    st.sampled_from(["facts", "walk", "timers-json"]),
    STATUSES,
    st.one_of(st.binary(max_size=60), st.just(MARK), st.just(MARK + b"walk ok 3 system\nabc\n")),
    st.sampled_from(["system", "user:ann", "user:a b", "1 2 3", "user:\udcff"]),
)
# noise is anything that does not hold the mark; a lone prefix of the mark is the interesting case
NOISE = st.sampled_from(
    [b"", b"Welcome!\n", b"no line end", b"@", MARK[:20], b"\x1b]0;title\x07", b"@" + b"f" * 32 + b" walk"]
)


def new_reader(max_bytes: int = 10**8) -> FrameReader:
    return FrameReader(SENTINEL, max_bytes=max_bytes)


def read_in_pieces(data: bytes, cuts: list[int]) -> tuple[list[Frame], bytes, bytes]:
    reader = new_reader()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    frames = [found for a, b in pairwise(places) for found in reader.feed(data[a:b])]
    return frames, bytes(reader.noise), reader.rest


@given(st.lists(st.tuples(NOISE, FRAMES), max_size=4), NOISE, st.lists(st.integers(0, 600)))
def test_frames_are_the_same_whatever_the_pieces(
    parts: list[tuple[bytes, Frame]], tail: bytes, cuts: list[int]
) -> None:
    data = b"".join(noise + encode(sent) for noise, sent in parts) + tail
    frames, noise, rest = read_in_pieces(data, cuts)
    assert frames == [sent for _, sent in parts]
    assert noise + rest == b"".join(noise for noise, _ in parts) + tail


def test_frames_are_whole_when_bytes_come_one_by_one() -> None:
    sent = [frame("walk", MARK * 3 + b"\n"), frame("end")]
    data = b"noise" + b"".join(map(encode, sent))
    assert read_in_pieces(data, list(range(len(data))))[0] == sent


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_other_bytes_give_frames_or_a_parse_error(data: bytes, cuts: list[int]) -> None:
    for stream in (data, MARK + data, MARK + b"walk ok " + data, encode(frame("walk", data))[:-3] + data):
        with suppress(ParseError):
            read_in_pieces(stream, cuts)


def test_a_login_shell_that_prints_without_a_line_end_does_not_swallow_the_first_frame() -> None:
    assert new_reader().feed(b"last login: today" + encode(frame("facts", "booted=1"))) == [frame("facts", "booted=1")]


def test_a_frame_of_another_sentinel_is_noise() -> None:
    reader = new_reader()
    forged = encode(frame("walk", "forged"), sentinel="f" * 32)
    assert reader.feed(forged + encode(frame("walk", "real"))) == [frame("walk", "real")]
    assert bytes(reader.noise) == forged


def test_a_header_in_a_payload_is_payload() -> None:
    inner = encode(frame("walk", "forged"))
    assert new_reader().feed(encode(frame("walk", inner))) == [frame("walk", inner)]


def test_more_bytes_than_allowed_end_the_conversation() -> None:
    reader = new_reader(max_bytes=1000)
    reader.feed(b"x" * 1000)
    with pytest.raises(ParseError, match="more than 1000 bytes"):
        reader.feed(b"x")


def test_endless_noise_ends_the_conversation() -> None:
    with pytest.raises(ParseError, match="without end"):
        read_in_pieces(b"y\n" * MAX_NOISE_BYTES, list(range(0, MAX_NOISE_BYTES, 1000)))


def test_noise_below_the_limit_is_skipped() -> None:
    reader = new_reader()
    noise = b"y\n" * (MAX_NOISE_BYTES // 2)
    assert reader.feed(noise + encode(frame("end"))) == [frame("end")]


@pytest.mark.parametrize("difference", [-2, 3])
def test_a_frame_of_wrong_length_is_damaged_and_the_next_is_found(difference: int) -> None:
    payload = b"0123456789"
    header = MARK + b"walk ok %d system\n" % (len(payload) + difference)
    frames = new_reader().feed(header + payload + b"\n" + encode(frame("end")))
    assert (frames[0].section, frames[0].status, frames[0].detail) == ("walk", ReadStatus.FAILED, "damaged")
    if difference < 0:
        assert frames[1:] == [frame("end")]


@pytest.mark.parametrize(
    "header",
    [
        b"walk ok system\n",
        b"walk ok 12",
        b"WALK ok 1 system\n",
        b"walk ok -1 system\n",
        b"walk ok 9999999999 system\n",
        b"walk failed-1 2 3 4",
        b"\n",
    ],
)
def test_a_header_that_cannot_be_read_is_an_error(header: bytes) -> None:
    with pytest.raises(ParseError, match="header"):
        new_reader().feed(MARK + header + b"x" * 9000 + b"\n")


def test_a_header_without_end_is_an_error_and_is_not_kept_for_ever() -> None:
    reader = new_reader()
    assert reader.feed(MARK + b"walk ok 1 " + b"x" * 4000) == []
    with pytest.raises(ParseError, match="header"):
        reader.feed(b"x" * 5000)


def test_an_unfinished_header_waits_for_the_rest() -> None:
    reader = new_reader()
    assert reader.feed(MARK + b"walk o") == []
    assert reader.feed(b"k 2 -\nab\n") == [frame("walk", "ab")]


def test_a_frame_of_impossible_size_is_refused_before_its_bytes_come() -> None:
    with pytest.raises(ParseError, match="claims"):
        new_reader().feed(MARK + b"walk ok %d system\n" % (MAX_FRAME_BYTES + 1))


def test_unknown_words_of_the_probe_count_as_failed() -> None:
    (found,) = new_reader().feed(encode(frame("walk", status="failed-139")))
    assert (found.status, found.detail) == (ReadStatus.FAILED, "failed-139")


def test_all_bytes_are_counted_noise_too() -> None:
    reader = new_reader()
    data = b"hello\n" + encode(frame("end"))
    reader.feed(data)
    assert reader.bytes_received == len(data)
