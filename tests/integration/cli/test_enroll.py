"""Accepting host keys: nothing is stored that a person, or a list a person made, did not accept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.console import Console, Site, assert_one_clear_line, open_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("enroll"), enrolled=False) as site:
        yield site


@pytest.fixture(autouse=True)
def _forget_all(site: Site) -> None:
    for key in site.console.read("hosts", "keys"):
        assert site.console("hosts", "forget", key["pattern"]).code == 0
    assert site.console.read("hosts", "keys") == []


def fingerprint_of(site: Site, host: str) -> str:
    return next(
        key.fingerprint for key in site.fleet.known_keys() if key.pattern == f"[127.0.0.1]:{site.fleet.port_of(host)}"
    )


def outcomes(site: Site) -> dict[str, str]:
    return {visit["host"]: visit["outcome"] for visit in site.console.read("sweeps", "show")}


def write_list(site: Site, lines: dict[str, str]) -> str:
    path = site.console.folder / "list.txt"
    path.write_text("".join(f"{host} {print_}\n" for host, print_ in lines.items()))
    return str(path)


@pytest.mark.parametrize("answer_text", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_accepted(site: Site, answer_text: str) -> None:
    answer = site.console("hosts", "enroll", "--limit", "web-01", stdin=answer_text)
    assert answer.code == 3
    assert fingerprint_of(site, "web-01") in answer.out
    assert "nothing accepted" in answer.err
    assert "Traceback" not in answer.err
    assert site.console.read("hosts", "keys") == []


def test_fingerprints_stay_in_one_piece_on_a_narrow_terminal(site: Site) -> None:
    narrow = {"COLUMNS": "80"}
    answer = site.console("hosts", "enroll", "--limit", "web-01", stdin="y\n", env=narrow)
    assert fingerprint_of(site, "web-01") in answer.out
    assert fingerprint_of(site, "web-01") in site.console("hosts", "keys", env=narrow).out


def test_a_yes_stores_the_keys_with_who_and_when(site: Site) -> None:
    answer = site.console("hosts", "enroll", "--limit", "web-0[12]", "--author", "ann@desk", stdin="y\n")
    assert answer.code == 0
    assert "2 keys accepted" in answer.err
    keys = site.console.read("hosts", "keys")
    assert {key["fingerprint"] for key in keys} == {fingerprint_of(site, "web-01"), fingerprint_of(site, "web-02")}
    assert {key["added_by"] for key in keys} == {"ann@desk"}
    assert all(key["added_at"] for key in keys)


def test_yes_without_a_list_is_a_usage_error_before_any_packet(site: Site) -> None:
    answer = site.console("hosts", "enroll", "--yes")
    assert answer.code == 2
    assert_one_clear_line(answer, "--fingerprints")
    assert answer.out == ""


def test_yes_with_the_right_list_accepts_without_a_question(site: Site) -> None:
    path = write_list(site, {host: fingerprint_of(site, host) for host in ("db-01", "db-02")})
    answer = site.console("hosts", "enroll", "--limit", "db-01,db-02", "--yes", "--fingerprints", path)
    assert answer.code == 0
    assert "2 keys accepted" in answer.err


def test_yes_with_a_wrong_list_accepts_only_what_stands_there(site: Site) -> None:
    path = write_list(
        site,
        {"db-01": fingerprint_of(site, "db-01"), "db-02": fingerprint_of(site, "db-01"), "db-04": "SHA256:" + "A" * 43},
    )
    answer = site.console("hosts", "enroll", "--limit", "db-0[123]", "--yes", "--fingerprints", path)
    assert answer.code == 3
    assert answer.out.count("NOT IN THE LIST") == 2
    assert [key["fingerprint"] for key in site.console.read("hosts", "keys")] == [fingerprint_of(site, "db-01")]


def test_a_list_beside_a_question_keeps_the_mismatch_out(site: Site) -> None:
    path = write_list(site, {"db-01": "SHA256:" + "A" * 43})
    answer = site.console("hosts", "enroll", "--limit", "db-01", "--fingerprints", path, stdin="y\n")
    assert answer.code == 3
    assert site.console.read("hosts", "keys") == []


@pytest.mark.parametrize("text", [None, "web-01 MD5:00:11\n"])
def test_a_list_that_cannot_be_read_is_a_usage_error(site: Site, text: str | None) -> None:
    path = site.console.folder / "bad.txt"
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)
    answer = site.console("hosts", "enroll", "--yes", "--fingerprints", str(path))
    assert answer.code == 2
    assert_one_clear_line(answer, "bad.txt")


def test_known_keys_ask_nothing(site: Site) -> None:
    site.console("hosts", "enroll", "--limit", "web-01", stdin="y\n")
    answer = site.console("hosts", "enroll", "--limit", "web-01")
    assert answer.code == 0
    assert "0 keys accepted, 1 known before, 0 hosts not reached" in answer.err


def write_known_hosts(site: Site, host: str, *, key_of: str) -> str:
    """Write a known_hosts file that gives one host the key of another."""
    lines = {line.split()[0]: line for line in site.fleet.known_hosts().splitlines()}
    pattern, other = (f"[127.0.0.1]:{site.fleet.port_of(name)}" for name in (host, key_of))
    path = site.console.folder / "known_hosts"
    path.write_text(lines[other].replace(other, pattern) + "\n")
    return str(path)


def test_a_key_that_stands_in_a_known_hosts_file_is_known(site: Site) -> None:
    path = write_known_hosts(site, "web-01", key_of="web-01")
    answer = site.console("--known-hosts", path, "hosts", "enroll", "--limit", "web-01")
    assert answer.code == 0
    assert "1 known before" in answer.err
    site.console("--known-hosts", path, "sweep", "--limit", "web-01")
    assert outcomes(site) == {"web-01": "complete"}


def test_a_key_that_a_known_hosts_file_contradicts_is_changed_and_not_accepted(site: Site) -> None:
    path = write_known_hosts(site, "web-01", key_of="web-02")
    answer = site.console("--known-hosts", path, "hosts", "enroll", "--limit", "web-01", stdin="y\n")
    assert answer.code == 3
    assert "CHANGED" in answer.out
    assert site.console.read("hosts", "keys") == []


def test_an_unknown_key_stops_the_visit_and_says_what_to_do(site: Site) -> None:
    answer = site.console("sweep", "--limit", "web-01")
    assert answer.code == 1  # a key that nobody enrolled is a finding
    assert "web-01: host key unknown" in answer.err
    visit = site.console.read("sweeps", "show")[0]
    assert (visit["outcome"], visit["os"]) == ("host key unknown", "")
    assert "enroll" in visit["hint"]


def test_forgetting_what_is_not_there_is_a_usage_error(site: Site) -> None:
    answer = site.console("hosts", "forget", "192.0.2.1")
    assert answer.code == 2
    assert_one_clear_line(answer, "192.0.2.1")


def test_a_changed_key_is_shown_and_never_accepted(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        before = site.console.read("hosts", "keys")
        site.running.plant()  # web-02 comes back with another key, db-05 refuses connections
        answer = site.console("hosts", "enroll", "--limit", "web-02,db-05", stdin="y\n")
        assert answer.code == 3
        assert "CHANGED" in answer.out
        assert "db-05: connection refused" in answer.err
        assert "hosts forget" in answer.err
        assert site.console.read("hosts", "keys") == before
        assert forget_and_enroll(site.console, site.fleet.port_of("web-02")) == 0
        site.console("sweep", "--limit", "web-02")
        assert outcomes(site) == {"web-02": "complete"}


def forget_and_enroll(console: Console, port: int) -> int:
    assert console("hosts", "forget", f"[127.0.0.1]:{port}").code == 0
    return console("hosts", "enroll", "--limit", "web-02", stdin="y\n").code
