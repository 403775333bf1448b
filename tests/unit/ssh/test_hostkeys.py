"""Host patterns and the table of accepted keys."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.hostkey import KnownKey
from fleetscan.ssh.hostkeys import HostKeyTable, KeyState, fingerprint
from fleetscan.ssh.hostpattern import enrolment_pattern, parse_pattern
from fleetscan.ssh.known_hosts import parse_known_hosts_line
from fleetscan.ssh.verify import wanted_algorithms
from tests.ssh_servers import NOW

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 40 + "BCD"
ECDSA = base64.b64encode(b"\0\0\0\x13ecdsa-sha2-nistp256" + b"x" * 20).decode()


def key(pattern: str, blob: str = ED25519, marker: str = "") -> KnownKey:
    algorithm = "ecdsa-sha2-nistp256" if blob == ECDSA else "ssh-ed25519"
    return parse_known_hosts_line(f"{marker} {pattern} {algorithm} {blob}".strip(), source="test", added_at=NOW)


def state(table: HostKeyTable, address: str, port: int = 22, blob: str = ED25519) -> KeyState:
    algorithm = "ecdsa-sha2-nistp256" if blob == ECDSA else "ssh-ed25519"
    return table.verdict(address, port, algorithm, blob).state


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("pattern", "address", "port", "expected"),
    [
        ("web-1", "web-1", 22, KeyState.ACCEPTED),
        ("web-1", "WEB-1", 22, KeyState.ACCEPTED),
        ("web-1,10.0.0.1", "10.0.0.1", 22, KeyState.ACCEPTED),
        ("web-1", "web-10", 22, KeyState.UNKNOWN),
        ("[web-1]:2222", "web-1", 2222, KeyState.ACCEPTED),
        ("[web-1]:2222", "web-1", 22, KeyState.UNKNOWN),
        ("[web-1]:2222", "web-1", 2223, KeyState.UNKNOWN),
        ("web-1", "web-1", 2222, KeyState.ACCEPTED),
        ("*.example.org", "a.example.org", 22, KeyState.ACCEPTED),
        ("*.example.org", "example.org", 22, KeyState.UNKNOWN),
        ("web-?", "web-1", 22, KeyState.ACCEPTED),
        ("web-?", "web-12", 22, KeyState.UNKNOWN),
        ("web-*,!web-9", "web-1", 22, KeyState.ACCEPTED),
        ("web-*,!web-9", "web-9", 22, KeyState.UNKNOWN),
        ("!web-9,web-*", "web-9", 22, KeyState.UNKNOWN),
        ("[*]:2222", "web-1", 2222, KeyState.ACCEPTED),
        ("web.1", "webx1", 22, KeyState.UNKNOWN),
        ("fe80::1", "fe80::1", 22, KeyState.ACCEPTED),
        (hashed("web-1"), "web-1", 22, KeyState.ACCEPTED),
        (hashed("web-1"), "web-2", 22, KeyState.UNKNOWN),
        (hashed("[web-1]:2222"), "web-1", 2222, KeyState.ACCEPTED),
    ],
)
def test_a_pattern_speaks_for_exactly_its_hosts(pattern: str, address: str, port: int, expected: KeyState) -> None:
    assert state(HostKeyTable.of([key(pattern)]), address, port) is expected


def test_another_key_of_an_enrolled_host_is_changed_and_names_both() -> None:
    verdict = HostKeyTable.of([key("web-1", OTHER)]).verdict("web-1", 22, "ssh-ed25519", ED25519)
    assert verdict.state is KeyState.CHANGED
    assert verdict.presented == fingerprint(ED25519)
    assert verdict.expected == (f"{fingerprint(OTHER)} (ssh-ed25519)",)


def test_another_type_of_key_of_an_enrolled_host_is_changed() -> None:
    assert state(HostKeyTable.of([key("web-1", ECDSA)]), "web-1") is KeyState.CHANGED


def test_any_of_several_enrolled_keys_is_accepted() -> None:
    table = HostKeyTable.of([key("web-1", OTHER), key("web-1", ECDSA), key("web-1")])
    assert state(table, "web-1") is KeyState.ACCEPTED
    assert table.algorithms("web-1", 22) == ("ecdsa-sha2-nistp256", "ssh-ed25519")


def test_a_different_key_on_the_bare_address_says_nothing_of_another_port() -> None:
    assert state(HostKeyTable.of([key("web-1", OTHER)]), "web-1", 2222) is KeyState.UNKNOWN


@pytest.mark.parametrize("pattern", ["web-1", "*", "[web-1]:2222"])
def test_a_revoked_key_is_refused_whatever_else_accepts_it(pattern: str) -> None:
    table = HostKeyTable.of([key("[web-1]:2222"), key(pattern, marker="@revoked")])
    assert state(table, "web-1", 2222) is KeyState.REVOKED


def test_an_authority_is_no_host_key_and_a_host_key_no_authority() -> None:
    table = HostKeyTable.of([key("web-1", marker="@cert-authority"), key("web-2")])
    assert state(table, "web-1") is KeyState.UNKNOWN
    assert table.authority_verdict("web-1", 22, "ssh-ed25519", ED25519).state is KeyState.ACCEPTED
    assert table.authority_verdict("web-2", 22, "ssh-ed25519", ED25519).state is KeyState.UNKNOWN
    assert table.has_authority("web-1", 22)
    assert not table.has_authority("web-2", 22)


def test_known_key_types_are_asked_for_first_and_certificates_before_them() -> None:
    table = HostKeyTable.of([key("web-1", ECDSA), key("web-2", marker="@cert-authority")])
    assert wanted_algorithms(table, "web-1", 22)[:2] == ("ecdsa-sha2-nistp256", "ssh-ed25519")
    assert wanted_algorithms(table, "web-2", 22)[0] == "ssh-ed25519-cert-v01@openssh.com"
    assert not any("cert" in name for name in wanted_algorithms(table, "web-1", 22))


def test_sha1_signatures_are_never_asked_for() -> None:
    assert "ssh-rsa" not in wanted_algorithms(HostKeyTable.of(()), "web-1", 22)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("web-1 ssh-ed25519", "expected host names"),
        ("web-1 1024 35 1234567890", "not base64|cut off"),
        (f"@trusted web-1 ssh-ed25519 {ED25519}", "unknown marker"),
        ("web-1 ssh-ed25519 %%%%", "not base64"),
        (f"web-1 ssh-rsa {ED25519}", "not of the type"),
        ("web-1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "cut off"),
        (f"!web-1 ssh-ed25519 {ED25519}", "never match"),
        (f"web-1,,web-2 ssh-ed25519 {ED25519}", "empty host name"),
        (f"|1|abc ssh-ed25519 {ED25519}", "hashed"),
        (f"|2|YWJj|YWJj ssh-ed25519 {ED25519}", "hashed"),
        (f"|1|YWJj|YWJj ssh-ed25519 {ED25519}", "hashed"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_known_hosts_line(line, source="test", added_at=NOW)


@given(st.text(min_size=1).filter(lambda text: bool(text.split())))
def test_any_line_is_a_key_or_a_value_error(text: str) -> None:
    try:
        parsed = parse_known_hosts_line(text, source="test", added_at=NOW)
    except ValueError:
        return
    assert parsed.fingerprint == fingerprint(parsed.blob)


@given(st.text(alphabet="abW*?!|,[]:.1-", min_size=1, max_size=30))
def test_any_pattern_compiles_or_is_a_value_error(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except ValueError:
        return
    assert pattern.matches("web-1") in {True, False}


@given(st.from_regex(r"[a-z0-9.-]{1,20}|[0-9a-f:]{2,20}", fullmatch=True), st.integers(1, 65535))
def test_an_enrolled_host_is_found_under_its_own_pattern(address: str, port: int) -> None:
    assert state(HostKeyTable.of([key(enrolment_pattern(address, port))]), address, port) is KeyState.ACCEPTED
