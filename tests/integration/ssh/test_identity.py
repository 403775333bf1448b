"""Host keys over real sockets: nothing is accepted that was not enrolled."""

from pathlib import Path

import asyncssh
import pytest

from fleetscan.errors import ConfigError, VisitError
from fleetscan.model.hostkey import KeyMarker, KnownKey
from fleetscan.model.outcome import FailureKind
from fleetscan.ssh.hostkeys import fingerprint
from fleetscan.ssh.verify import encode_blob
from tests.ssh_servers import known_key, make_host, make_key, make_transport, serve, write_key

DAY_S = 86400


@pytest.fixture
def identity(tmp_path: Path) -> str:
    return write_key(tmp_path, make_key("client"))


async def failure_of(port: int, identity: str, *keys: KnownKey) -> VisitError:
    transport = make_transport(*keys)
    with pytest.raises(VisitError) as caught:
        async with transport.connect(make_host(port, identity=identity)):
            pass
    return caught.value


async def test_an_unknown_key_is_told_with_its_fingerprint(identity: str) -> None:
    async with serve() as server:
        error = await failure_of(server.port, identity)
        assert error.kind is FailureKind.HOST_KEY_UNKNOWN
        assert fingerprint(encode_blob(make_key("host"))) in error.message
        assert server.logins == []


async def test_a_changed_key_is_told_with_both_fingerprints(identity: str) -> None:
    async with serve() as server:
        error = await failure_of(server.port, identity, known_key(make_key("other"), server.port))
        assert error.kind is FailureKind.HOST_KEY_CHANGED
        assert fingerprint(encode_blob(make_key("host"))) in error.message
        assert fingerprint(encode_blob(make_key("other"))) in error.message
        assert len(error.evidence) == 2
        assert server.logins == []


async def test_a_key_of_another_type_than_the_enrolled_is_a_changed_key(identity: str) -> None:
    async with serve(host_keys=[make_key("ecdsa", "ecdsa-sha2-nistp256")]) as server:
        error = await failure_of(server.port, identity, known_key(make_key("host"), server.port))
        assert error.kind is FailureKind.HOST_KEY_CHANGED


async def test_a_revoked_key_stops_the_visit_even_when_it_is_enrolled(identity: str) -> None:
    key = make_key("host")
    async with serve() as server:
        enrolled, revoked = known_key(key, server.port), known_key(key, server.port, marker=KeyMarker.REVOKED)
        error = await failure_of(server.port, identity, enrolled, revoked)
        assert error.kind is FailureKind.HOST_KEY_CHANGED
        assert "revoked" in error.message
        assert server.logins == []


@pytest.mark.parametrize("enrolled", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_the_server_is_asked_for_the_key_type_that_is_enrolled(enrolled: str, identity: str) -> None:
    keys = {name: make_key(f"many-{name}", name) for name in ("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519")}
    async with serve(host_keys=keys.values()) as server:
        transport = make_transport(known_key(keys[enrolled], server.port))
        async with transport.connect(make_host(server.port, identity=identity)) as session:
            assert session.host_key == fingerprint(encode_blob(keys[enrolled]))


def host_certificate(*, valid_before: str = "+1d", principals: list[str] | None = None) -> asyncssh.SSHCertificate:
    return make_key("ca").generate_host_certificate(
        make_key("host"), "web-1", principals=principals or ["127.0.0.1"], valid_after="-2d", valid_before=valid_before
    )


async def test_a_host_certificate_of_an_enrolled_authority_is_accepted(identity: str) -> None:
    async with serve(certificates=[host_certificate()]) as server:
        authority = known_key(make_key("ca"), server.port, marker=KeyMarker.CERT_AUTHORITY, pattern="127.0.0.*")
        async with make_transport(authority).connect(make_host(server.port, identity=identity)) as session:
            assert session.host_key == fingerprint(encode_blob(make_key("host")))


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (host_certificate(valid_before="-1d"), "expired"),
        (host_certificate(principals=["web-2"]), "principal"),
    ],
    ids=["expired", "other-names"],
)
async def test_an_invalid_host_certificate_is_refused(
    certificate: asyncssh.SSHCertificate, reason: str, identity: str
) -> None:
    async with serve(certificates=[certificate]) as server:
        authority = known_key(make_key("ca"), server.port, marker=KeyMarker.CERT_AUTHORITY)
        error = await failure_of(server.port, identity, authority)
        assert error.kind is FailureKind.HOST_KEY_UNKNOWN
        assert reason in error.message
        assert server.logins == []


async def test_a_certificate_of_a_foreign_authority_is_refused(identity: str) -> None:
    async with serve(certificates=[host_certificate()]) as server:
        authority = known_key(make_key("other"), server.port, marker=KeyMarker.CERT_AUTHORITY)
        error = await failure_of(server.port, identity, authority)
        assert error.kind is FailureKind.HOST_KEY_CHANGED
        assert server.logins == []


async def test_a_revoked_key_inside_a_valid_certificate_is_refused(identity: str) -> None:
    async with serve(certificates=[host_certificate()]) as server:
        authority = known_key(make_key("ca"), server.port, marker=KeyMarker.CERT_AUTHORITY)
        revoked = known_key(make_key("host"), server.port, marker=KeyMarker.REVOKED)
        error = await failure_of(server.port, identity, authority, revoked)
        assert error.kind is FailureKind.HOST_KEY_CHANGED
        assert "revoked" in error.message


async def test_an_ssh_config_cannot_relax_host_keys(identity: str, tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text("Host *\nStrictHostKeyChecking no\nUserKnownHostsFile none\nHostKeyAlias elsewhere\n")
    async with serve() as server:
        transport = make_transport()
        host = make_host(server.port, identity=identity, ssh_config=str(config))
        transport.prepare([host])
        with pytest.raises(VisitError) as caught:
            async with transport.connect(host):
                pass
        assert caught.value.kind is FailureKind.HOST_KEY_UNKNOWN
        assert server.logins == []


async def test_an_ssh_config_gives_the_address_and_the_inventory_the_key(identity: str, tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text("Host web-1\nHostName 127.0.0.1\n")
    async with serve() as server:
        transport = make_transport(known_key(make_key("host"), server.port, pattern=f"[web-1]:{server.port}"))
        host = make_host(server.port, identity=identity, ssh_config=str(config), address="web-1")
        transport.prepare([host])
        async with transport.connect(host) as session:
            assert session.host_key


async def test_a_certificate_is_checked_for_the_name_in_the_inventory(identity: str, tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text("Host web-1\nHostName 127.0.0.1\nHostKeyAlias elsewhere\n")
    async with serve(certificates=[host_certificate(principals=["web-1"])]) as server:
        authority = known_key(make_key("ca"), server.port, marker=KeyMarker.CERT_AUTHORITY, pattern="web-*")
        host = make_host(server.port, identity=identity, ssh_config=str(config), address="web-1")
        async with make_transport(authority).connect(host) as session:
            assert session.host_key


@pytest.mark.parametrize("text", ["Host *\nProxyJump bastion\n", "Port nonsense\n"])
def test_an_unusable_ssh_config_stops_before_any_packet(text: str, identity: str, tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text(text)
    with pytest.raises(ConfigError, match="ssh_config"):
        make_transport().prepare([make_host(22, identity=identity, ssh_config=str(config))])
