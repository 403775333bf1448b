"""What is remembered of texts."""

import sys
from concurrent.futures import ThreadPoolExecutor

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import Sha256
from fleetscan.systemd.text_cache import TextCache


def parse(data: bytes, version: int) -> str:
    return f"{data.decode()} {version}"


def is_small(text: str) -> bool:
    return len(text) < 10


def lose(_sha256: Sha256) -> bytes | None:
    return None


def refuse(sha256: Sha256) -> bytes:
    raise AssertionError(sha256)


def test_a_text_is_asked_for_once_for_each_version() -> None:
    cache = TextCache(parse, 10, is_small)
    assert cache.read(digest_bytes(b"a"), 1, {digest_bytes(b"a"): b"a"}.get) == "a 1"
    assert cache.read(digest_bytes(b"a"), 1, refuse) == "a 1"
    assert cache.read(digest_bytes(b"a"), 2, {digest_bytes(b"a"): b"a"}.get) == "a 2"


def test_a_text_that_nobody_has_is_asked_for_again() -> None:
    cache = TextCache(parse, 10, is_small)
    assert cache.read(digest_bytes(b"a"), 1, lose) is None
    assert cache.read(digest_bytes(b"a"), 1, {digest_bytes(b"a"): b"a"}.get) == "a 1"


def test_the_oldest_texts_are_forgotten() -> None:
    blobs = {digest_bytes(data): data for data in (b"a", b"b", b"c")}
    cache = TextCache(parse, 2, is_small)
    for sha256 in blobs:
        cache.read(sha256, 0, blobs.get)
    assert len(cache) == 2
    assert cache.read(digest_bytes(b"c"), 0, refuse) == "c 0"
    assert cache.read(digest_bytes(b"a"), 0, lose) is None


def test_a_large_result_is_not_remembered() -> None:
    data = b"a" * 20
    cache = TextCache(parse, 10, is_small)
    assert cache.read(digest_bytes(data), 0, {digest_bytes(data): data}.get) == f"{data.decode()} 0"
    assert len(cache) == 0


def test_threads_that_read_at_one_time_are_not_in_each_others_way() -> None:
    cache = TextCache(parse, 8, is_small)
    blobs = {digest_bytes(bytes([number])): b"a" for number in range(37)}
    hashes = list(blobs)

    def read(step: int) -> int:
        return sum(cache.read(hashes[step * turn % 37], 0, blobs.get) == "a 0" for turn in range(20_000))

    interval = sys.getswitchinterval()
    with ThreadPoolExecutor(4) as threads:
        sys.setswitchinterval(1e-6)
        try:
            assert list(threads.map(read, (3, 5, 7, 11))) == [20_000] * 4
        finally:
            sys.setswitchinterval(interval)
