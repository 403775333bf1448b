"""The public half of a key: from the file beside it, and never from the private one."""

from pathlib import Path

from fleetscan.ssh.public_key import load_public_key
from tests.ssh_servers import make_key, write_key


def public_line(name: str) -> str:
    return " ".join(make_key(name).export_public_key("openssh").decode().split()[:2])


def test_the_key_stands_beside_the_private_file_without_its_comment(tmp_path: Path) -> None:
    name = write_key(tmp_path, make_key("a"))
    Path(name + ".pub").write_text(f"{public_line('a')} ann@laptop\n")
    assert load_public_key([name]) == public_line("a")


def test_the_first_file_that_has_one_counts(tmp_path: Path) -> None:
    bare, full = write_key(tmp_path, make_key("a"), "a"), write_key(tmp_path, make_key("b"), "b")
    Path(full + ".pub").write_text(public_line("b"))
    assert load_public_key([bare, str(tmp_path / "none"), full]) == public_line("b")


def test_there_is_none_without_a_public_file(tmp_path: Path) -> None:
    assert load_public_key([]) is None
    assert load_public_key([write_key(tmp_path, make_key("a"))]) is None


def test_what_is_no_public_key_is_not_printed(tmp_path: Path) -> None:
    name = write_key(tmp_path, make_key("a"))
    for text in ("no key", "", "ssh-ed25519 AAAA\n", "x" * 100_000):
        Path(name + ".pub").write_text(text)
        assert load_public_key([name]) is None
    Path(name + ".pub").unlink()
    Path(name + ".pub").mkdir()
    assert load_public_key([name]) is None


def test_of_a_private_key_in_the_wrong_file_only_the_public_half_is_told(tmp_path: Path) -> None:
    name = write_key(tmp_path, make_key("a"))
    Path(name + ".pub").write_bytes(make_key("a").export_private_key("openssh"))
    assert load_public_key([name]) in (None, public_line("a"))
