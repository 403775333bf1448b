"""How fetched keys stand to what is known, and which of them may be stored."""

import asyncio
from collections.abc import Mapping

import asyncssh
import pytest

from fleetscan.errors import VisitError
from fleetscan.model.host import Host
from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.model.outcome import FailureKind
from fleetscan.operations import enroll_hosts
from fleetscan.operations.enroll_hosts import FetchedKeys, KeyStanding, fetch_keys
from tests.ssh_servers import NOW, known_key, make_host, make_key, make_transport

PORT = 2201
ED = "ssh-ed25519"
EC = "ecdsa-sha2-nistp256"


def key(name: str, algorithm: str = ED, marker: KeyMarker = KeyMarker.NONE) -> KnownKey:
    made: asyncssh.SSHKey = make_key(f"{name}-{algorithm}", algorithm)
    return known_key(made, PORT, marker=marker)


def enroll(
    monkeypatch: pytest.MonkeyPatch,
    shown: tuple[KnownKey, ...] | VisitError,
    *,
    known: tuple[KnownKey, ...] = (),
    expected: Mapping[str, frozenset[str]] | None = None,
) -> FetchedKeys:
    """Enroll one host that shows these keys."""

    async def answer(transport: object, host: Host, **facts: object) -> tuple[KnownKey, ...]:
        await asyncio.sleep(0)
        if isinstance(shown, VisitError):
            raise shown
        return shown

    monkeypatch.setattr(enroll_hosts, "fetch_host_keys", answer)
    return fetch_keys([make_host(PORT)], make_transport(), known, expected=expected, author="ann", clock=lambda: NOW)


def standings(result: FetchedKeys) -> list[KeyStanding]:
    return [candidate.standing for candidate in result.candidates]


def test_a_key_of_a_host_that_is_not_known_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    result = enroll(monkeypatch, (key("a"),))
    assert standings(result) == [KeyStanding.NEW]
    assert result.acceptable(listed_only=False) == (key("a"),)
    assert result.acceptable(listed_only=True) == ()


def test_the_known_key_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    result = enroll(monkeypatch, (key("a"),), known=(key("a"),))
    assert standings(result) == [KeyStanding.KNOWN]
    assert (result.known_count, result.acceptable(listed_only=False)) == (1, ())


@pytest.mark.parametrize("algorithm", [ED, EC])
def test_an_impostor_is_changed_whatever_type_of_key_it_chooses(
    monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    impostor = key("b", algorithm)
    result = enroll(monkeypatch, (impostor,), known=(key("a"),), expected={"web-1": frozenset({impostor.fingerprint})})
    assert standings(result) == [KeyStanding.CHANGED]
    assert len(result.contradicted) == 1
    assert result.acceptable(listed_only=False) == result.acceptable(listed_only=True) == ()


def test_a_host_that_proves_itself_may_add_a_key_of_another_type(monkeypatch: pytest.MonkeyPatch) -> None:
    result = enroll(monkeypatch, (key("a"), key("a", EC)), known=(key("a"),))
    assert standings(result) == [KeyStanding.KNOWN, KeyStanding.NEW]


def test_a_second_key_of_a_known_type_is_changed_even_beside_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    result = enroll(monkeypatch, (key("a"), key("b", EC)), known=(key("a"), key("a", EC)))
    assert standings(result) == [KeyStanding.KNOWN, KeyStanding.CHANGED]


def test_a_revoked_key_is_never_acceptable(monkeypatch: pytest.MonkeyPatch) -> None:
    result = enroll(monkeypatch, (key("a"),), known=(key("a", marker=KeyMarker.REVOKED),))
    assert standings(result) == [KeyStanding.REVOKED]
    assert result.contradicted
    assert result.acceptable(listed_only=False) == ()


@pytest.mark.parametrize("name", ["web-1", "127.0.0.1"])
def test_a_list_may_name_the_host_or_its_address(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    result = enroll(monkeypatch, (key("a"),), expected={name: frozenset({key("a").fingerprint})})
    assert standings(result) == [KeyStanding.LISTED]
    assert result.acceptable(listed_only=True) == (key("a"),)
    assert not result.mismatched


def test_a_key_that_is_not_in_the_list_is_a_mismatch_unless_the_host_showed_one_that_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = {"web-1": frozenset({key("a").fingerprint})}
    assert enroll(monkeypatch, (key("b"),), expected=expected).mismatched
    both = enroll(monkeypatch, (key("a"), key("a", EC)), expected=expected)
    assert standings(both) == [KeyStanding.LISTED, KeyStanding.MISMATCH]
    assert not both.mismatched
    assert both.acceptable(listed_only=False) == (key("a"),)


def test_a_host_that_is_not_reached_is_a_failure_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    result = enroll(monkeypatch, VisitError(FailureKind.UNREACHABLE, "connection refused"))
    assert [(failure.host, failure.reason) for failure in result.failures] == [("web-1", "connection refused")]
    assert result.candidates == ()
