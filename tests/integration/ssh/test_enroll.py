"""Fetching host keys without logging in."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fleetscan.errors import VisitError
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.enroll import fetch_host_keys
from fleetscan.ssh.hostkeys import fingerprint
from fleetscan.ssh.verify import encode_blob
from tests.ssh_servers import (
    NOW,
    free_port,
    known_key,
    make_host,
    make_key,
    make_transport,
    serve,
    serve_raw,
    serve_sshd,
    write_key,
)


async def test_all_key_types_of_a_host_are_fetched_without_a_login() -> None:
    keys = [make_key(f"many-{name}", name) for name in ("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519")]
    async with serve(host_keys=keys) as server:
        fetched = await fetch_host_keys(make_transport(), make_host(server.port), now=NOW, author="ann")
        assert [key.algorithm for key in fetched] == ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]
        assert {key.fingerprint for key in fetched} == {fingerprint(encode_blob(key)) for key in keys}
        assert {(key.pattern, key.added_by, key.source) for key in fetched} == {
            (f"[127.0.0.1]:{server.port}", "ann", "enroll")
        }
        assert server.logins == []


@pytest.mark.sshd
async def test_a_real_sshd_with_one_key_type_is_enrolled_and_then_visited(tmp_path: Path) -> None:
    async with serve_sshd(tmp_path / "sshd") as server:
        host = make_host(server.port, user=server.user, identity=server.identity)
        fetched = await fetch_host_keys(make_transport(), host, now=NOW, author="ann")
        assert [key.algorithm for key in fetched] == ["ssh-ed25519"]
        async with make_transport(*fetched).connect(host) as session:
            assert session.host_key == fetched[0].fingerprint


async def test_a_host_behind_a_verified_jump_host_is_enrolled(tmp_path: Path) -> None:
    identity = write_key(tmp_path, make_key("client"))
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        transport = make_transport(known_key(make_key("outer"), outer.port))
        host = replace(make_host(server.port), jump=make_host(outer.port, identity=identity, name="bastion"))
        fetched = await fetch_host_keys(transport, host, now=NOW, author="ann")
        assert [key.fingerprint for key in fetched] == [fingerprint(encode_blob(make_key("host")))]
        assert len(outer.connections) == 1


async def test_an_unknown_jump_host_is_not_used_for_enrolment(tmp_path: Path) -> None:
    identity = write_key(tmp_path, make_key("client"))
    async with serve(host_keys=[make_key("outer")]) as outer, serve() as server:
        host = replace(make_host(server.port), jump=make_host(outer.port, identity=identity, name="bastion"))
        with pytest.raises(VisitError, match="jump host bastion") as caught:
            await fetch_host_keys(make_transport(), host, now=NOW, author="ann")
        assert caught.value.kind is FailureKind.HOST_KEY_UNKNOWN
        assert server.connections == []


async def test_an_absent_host_cannot_be_enrolled() -> None:
    with pytest.raises(VisitError, match="connection refused") as caught:
        await fetch_host_keys(make_transport(), make_host(free_port()), now=NOW, author="ann")
    assert caught.value.kind is FailureKind.UNREACHABLE


async def test_a_silent_host_ends_enrolment_at_the_connect_timeout() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serve_raw(silent) as port:
        with pytest.raises(VisitError, match="no SSH banner") as caught:
            await fetch_host_keys(make_transport(), make_host(port, connect_timeout_s=0.3), now=NOW, author="ann")
        assert caught.value.kind is FailureKind.TIMEOUT
