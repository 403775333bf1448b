"""Logins over real sockets."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetscan.errors import VisitError
from fleetscan.model.host import SecretKind, SecretRef
from fleetscan.model.outcome import FailureKind
from tests.ssh_servers import RealServer, known_key, make_host, make_key, make_transport, serve, serve_sshd, write_key

PASSWORD = SecretRef(SecretKind.ENV, "TEST_SSH_PASSWORD")


async def test_a_key_that_the_host_does_not_know_is_refused(tmp_path: Path) -> None:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        with pytest.raises(VisitError, match="refused the login of scanner") as caught:
            async with transport.connect(make_host(server.port, identity=write_key(tmp_path, make_key("stranger")))):
                pass
        assert caught.value.kind is FailureKind.AUTH_FAILED


async def test_an_unknown_user_is_refused(tmp_path: Path) -> None:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        host = make_host(server.port, user="nobody", identity=write_key(tmp_path, make_key("client")))
        with pytest.raises(VisitError, match="refused the login of nobody") as caught:
            async with transport.connect(host):
                pass
        assert caught.value.kind is FailureKind.AUTH_FAILED


async def test_a_host_without_credentials_is_told_so() -> None:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        with pytest.raises(VisitError) as caught:
            async with transport.connect(make_host(server.port)):
                pass
        assert "identity_file" in caught.value.hint


@pytest.mark.parametrize("kbdint", [False, True])
async def test_a_password_logs_in(kbdint: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SSH_PASSWORD", "open sesame")
    async with serve(client_keys=[], passwords={"scanner": "open sesame"}, kbdint=kbdint) as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        async with transport.connect(make_host(server.port, password=PASSWORD)) as session:
            assert session.host_key


async def test_a_wrong_password_is_refused_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SSH_PASSWORD", "hunter2")
    async with serve(client_keys=[], passwords={"scanner": "open sesame"}) as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        with pytest.raises(VisitError) as caught:
            async with transport.connect(make_host(server.port, password=PASSWORD)):
                pass
        assert caught.value.kind is FailureKind.AUTH_FAILED
        assert "hunter2" not in repr((caught.value, caught.value.evidence, vars(transport.dialer)))


async def test_a_password_is_never_sent_to_an_unverified_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SSH_PASSWORD", "open sesame")
    async with serve(client_keys=[], passwords={"scanner": "open sesame"}) as server:
        with pytest.raises(VisitError):
            async with make_transport().connect(make_host(server.port, password=PASSWORD)):
                pass
        assert server.logins == []


async def test_an_encrypted_key_logs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SSH_PASSPHRASE", "a b c")
    identity = write_key(tmp_path, make_key("client"), passphrase="a b c")
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        passphrase = SecretRef(SecretKind.ENV, "TEST_SSH_PASSPHRASE")
        async with transport.connect(make_host(server.port, identity=identity, passphrase=passphrase)) as session:
            assert session.host_key


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run an ssh-agent that holds the client key."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("needs ssh-agent: install the package openssh-client")
    said = subprocess.run(
        ["ssh-agent", "-s", "-a", str(tmp_path / "agent")], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"SSH_AGENT_PID=(\d+)", said)
    assert found is not None
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    try:
        key = write_key(tmp_path, make_key("client"), "in-agent")
        subprocess.run(["ssh-add", "-q", key], check=True, capture_output=True)
        yield
    finally:
        os.kill(int(found[1]), 15)


@pytest.mark.usefixtures("agent")
async def test_the_agent_logs_in_when_it_is_asked_for() -> None:
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        host = make_host(server.port, use_agent=True)
        transport.prepare([host])
        async with transport.connect(host) as session:
            assert session.host_key


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("has_key_file", [False, True])
async def test_the_agent_is_left_alone_when_it_is_not_asked_for(has_key_file: bool, tmp_path: Path) -> None:
    identity = write_key(tmp_path, make_key("stranger")) if has_key_file else None
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        with pytest.raises(VisitError) as caught:
            async with transport.connect(make_host(server.port, identity=identity)):
                pass
        assert caught.value.kind is FailureKind.AUTH_FAILED


async def test_keys_of_the_home_directory_are_not_used_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    write_key(tmp_path / ".ssh", make_key("client"), "id_ed25519")
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port))
        with pytest.raises(VisitError) as caught:
            async with transport.connect(make_host(server.port)):
                pass
        assert caught.value.kind is FailureKind.AUTH_FAILED


@pytest.mark.sshd
async def test_a_user_certificate_beside_the_key_logs_in_to_a_real_sshd(tmp_path: Path) -> None:
    authority, key = make_key("user-ca"), make_key("certified")
    authority.write_public_key(tmp_path / "ca.pub")
    async with serve_sshd(tmp_path / "sshd", f"TrustedUserCAKeys {tmp_path}/ca.pub") as server:
        identity = write_key(tmp_path, key, "certified")
        await refused(server, identity)
        certificate = authority.generate_user_certificate(key, "scanner", principals=[server.user])
        certificate.write_certificate(identity + "-cert.pub")
        transport = make_transport(known_key(server.host_key, server.port))
        async with transport.connect(make_host(server.port, user=server.user, identity=identity)) as session:
            assert session.host_key


async def refused(server: RealServer, identity: str) -> None:
    transport = make_transport(known_key(server.host_key, server.port))
    with pytest.raises(VisitError) as caught:
        async with transport.connect(make_host(server.port, user=server.user, identity=identity)):
            pass
    assert caught.value.kind is FailureKind.AUTH_FAILED
