"""Keys and secrets on disk, in the environment and behind commands."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from fleetscan.errors import ConfigError
from fleetscan.model.host import Connection, SecretKind, SecretRef
from fleetscan.ssh import credentials as credentials_module
from fleetscan.ssh.credentials import Credentials
from fleetscan.ssh.keyfile import load_client_key
from fleetscan.ssh.secret import Secret, fetch_secret
from tests.ssh_servers import make_key, write_key

SECRET = "correct horse"


def command(line: str) -> SecretRef:
    return SecretRef(SecretKind.COMMAND, line)


def passphrase() -> Secret:
    return Secret(SECRET)


def test_a_secret_comes_from_the_environment_a_file_or_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SECRET", SECRET)
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    assert fetch_secret(SecretRef(SecretKind.ENV, "TEST_SECRET")).reveal() == SECRET
    assert fetch_secret(SecretRef(SecretKind.FILE, str(file))).reveal() == SECRET
    assert fetch_secret(command(f"echo '{SECRET}'")).reveal() == SECRET


def test_a_secret_does_not_show_in_its_repr() -> None:
    assert SECRET not in repr(Secret(SECRET))
    assert SECRET not in str(Secret(SECRET))


def test_a_command_is_not_run_by_a_shell() -> None:
    assert fetch_secret(command("echo $HOME;id")).reveal() == "$HOME;id"


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        (SecretRef(SecretKind.ENV, "TEST_MISSING_SECRET"), "is not set"),
        (SecretRef(SecretKind.FILE, "/nonexistent/secret"), "No such file"),
        (SecretRef(SecretKind.FILE, "/dev/null"), "not a regular file"),
        (command(""), "is empty"),
        (command("echo 'open"), "split into words"),
        (command("/nonexistent/program --token=hunter2"), "cannot be started"),
        (command("sh -c 'echo hunter2; exit 4'"), "ended with status 4"),
        (command("true"), "is empty"),
        (command("printf '\\377'"), "not UTF-8"),
        (command("head -c 100000 /dev/zero"), "more than 64 KiB"),
        (command("yes"), "more than 64 KiB"),
    ],
)
def test_a_secret_that_cannot_be_fetched_says_where_and_never_what(ref: SecretRef, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        fetch_secret(ref)
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_command_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleetscan.ssh.secret._COMMAND_TIMEOUT_S", 0.2)
    with pytest.raises(ConfigError, match="did not end"):
        fetch_secret(command("sleep 60"))


def test_a_secret_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="read by everybody"):
        fetch_secret(SecretRef(SecretKind.FILE, str(file)))


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
def test_keys_of_the_common_types_are_loaded(algorithm: str, tmp_path: Path) -> None:
    key = make_key(f"client-{algorithm}", algorithm)
    assert load_client_key(write_key(tmp_path, key), None).key.public_data == key.public_data


def test_a_passphrase_is_fetched_only_for_an_encrypted_key(tmp_path: Path) -> None:
    def never() -> Secret:
        pytest.fail("the key has no passphrase")

    assert load_client_key(write_key(tmp_path, make_key("client")), never).certificate is None


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    encrypted = write_key(tmp_path, make_key("client"), passphrase=SECRET)
    assert load_client_key(encrypted, passphrase).key.public_data == make_key("client").public_data
    with pytest.raises(ConfigError, match="has a passphrase and none is configured"):
        load_client_key(encrypted, None)
    with pytest.raises(ConfigError, match="wrong passphrase") as caught:
        load_client_key(encrypted, lambda: Secret("hunter2"))
    assert caught.value.__cause__ is None


def test_a_key_that_ssh_keygen_encrypted_is_loaded_or_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", SECRET, "-f", str(path)], check=True)
    if find_spec("bcrypt") is None:
        with pytest.raises(ConfigError, match="bcrypt"):
            load_client_key(str(path), passphrase)
        return
    assert load_client_key(str(path), passphrase).certificate is None
    with pytest.raises(ConfigError, match="wrong passphrase"):
        load_client_key(str(path), lambda: Secret("hunter2"))


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_client_key(str(tmp_path / "absent"), None)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = write_key(tmp_path, make_key("client"))
    Path(path).chmod(0o640)
    with pytest.raises(ConfigError, match="read by others") as caught:
        load_client_key(path, None)
    assert caught.value.hint == f"chmod 600 {path}"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (make_key("client").export_public_key(), "is a public key"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "is a PuTTY key"),
        (b"hello\n", "is not a private key"),
        (b"", "is not a private key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "cannot be read"),
    ],
    ids=["public", "putty", "text", "empty", "cut-off"],
)
def test_a_file_that_is_no_private_key_says_what_it_is(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "id"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=words):
        load_client_key(str(path), None)


def test_a_key_file_is_read_once_for_all_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def count(name: str, _passphrase: object) -> object:
        loaded.append(name)
        return load_client_key(name, None)

    monkeypatch.setattr(credentials_module, "load_client_key", count)
    path = write_key(tmp_path, make_key("client"))
    credentials = Credentials()
    credentials.prepare(Connection(user=f"u{n}", identity_files=(path,)) for n in range(5))
    assert loaded == [path]


def test_an_agent_that_is_asked_for_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asks = [Connection(user="u", use_agent=True)]
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(ConfigError, match="SSH_AUTH_SOCK is not set"):
        Credentials().prepare(asks)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match="cannot be reached"):
        Credentials().prepare(asks)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path))
    with pytest.raises(ConfigError, match="no socket"):
        Credentials().prepare(asks)
