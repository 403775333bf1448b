"""Files that administrators bring: known_hosts and fingerprints."""

import subprocess
from pathlib import Path

import pytest

from fleetscan.errors import ConfigError
from fleetscan.ssh.fingerprints import load_fingerprints
from fleetscan.ssh.hostkeys import HostKeyTable, KeyState, fingerprint
from fleetscan.ssh.known_hosts import load_known_hosts
from fleetscan.ssh.verify import encode_blob
from tests.ssh_servers import NOW, make_key


@pytest.fixture
def known_hosts(tmp_path: Path) -> Path:
    line = make_key("host").export_public_key().decode().strip()
    file = tmp_path / "known_hosts"
    file.write_text(
        f"# a comment\n\nweb-1 {line} a comment\n@cert-authority *.example.org {line}\n[web-2]:2222 {line}\n"
    )
    return file


def test_a_known_hosts_file_is_read_with_its_source(known_hosts: Path) -> None:
    keys = load_known_hosts(known_hosts, added_at=NOW)
    assert [key.pattern for key in keys] == ["web-1", "*.example.org", "[web-2]:2222"]
    assert {key.source for key in keys} == {str(known_hosts)}
    assert {key.added_at for key in keys} == {NOW}


def test_a_file_that_ssh_keygen_hashed_is_understood(known_hosts: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known_hosts)], check=True, capture_output=True)
    assert "web-2" not in known_hosts.read_text()
    table = HostKeyTable.of(load_known_hosts(known_hosts, added_at=NOW))
    blob = encode_blob(make_key("host"))
    assert table.verdict("web-2", 2222, "ssh-ed25519", blob).state is KeyState.ACCEPTED
    assert table.verdict("web-3", 2222, "ssh-ed25519", blob).state is KeyState.UNKNOWN


def test_every_bad_line_is_reported_by_number(known_hosts: Path) -> None:
    with known_hosts.open("ab") as file:
        file.write(b"web-3 ssh-ed25519 %%%\n@revoked\n\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"line 6: .*; line 7: .*; line 8: "):
        load_known_hosts(known_hosts, added_at=NOW)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_known_hosts(tmp_path / "absent", added_at=NOW)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_fingerprints(tmp_path / "absent")


def test_the_output_of_ssh_keygen_is_a_fingerprint_file(tmp_path: Path) -> None:
    public = tmp_path / "key.pub"
    public.write_text(make_key("host").export_public_key().decode().strip() + " root@web-1\n")
    said = subprocess.run(["ssh-keygen", "-lf", str(public)], check=True, capture_output=True, text=True).stdout
    file = tmp_path / "fingerprints"
    expected = fingerprint(encode_blob(make_key("host")))
    other = fingerprint(encode_blob(make_key("other")))
    file.write_text(f"# written down by hand\n{said}web-1 {other}\nweb-2 {other}\n")
    assert load_fingerprints(file) == {"web-1": frozenset({expected, other}), "web-2": frozenset({other})}


def test_a_fingerprint_file_with_bad_lines_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fingerprints"
    file.write_text("web-1 MD5:aa:bb\nnothing\n")
    with pytest.raises(ConfigError, match="2 lines that cannot be read, first: 1, 2"):
        load_fingerprints(file)
