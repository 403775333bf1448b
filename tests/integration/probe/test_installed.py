"""The published probe as a file on a host, started by the real shells; it reads its own header line."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.relay import confine_script
from fleetscan.demo.tree import HostTree
from fleetscan.errors import VisitError
from fleetscan.model.host import Connection, ProbeStart
from fleetscan.model.ids import Sha256
from fleetscan.probe.contents import DONE
from fleetscan.probe.launch import plan_launch
from fleetscan.probe.script import ProbeScript, Terms, load_probe
from fleetscan.probe.wire import Frame, FrameReader
from tests.integration.probe.probe_runs import HANGS_AFTER_S, SENTINEL

LAUNCH = plan_launch(load_probe(), Connection(user="scan", probe=ProbeStart.INSTALLED), SENTINEL, Terms())


def run_file(
    shell: Sequence[str], file: Path, given: bytes, *arguments: str
) -> tuple[list[Frame], "subprocess.CompletedProcess[bytes]"]:
    done = subprocess.run(
        [*shell, str(file), *arguments], input=given, capture_output=True, timeout=HANGS_AFTER_S, check=False
    )
    return FrameReader(SENTINEL, max_bytes=10**8).feed(done.stdout), done


@pytest.fixture
def file(root: Path, tree: HostTree) -> Path:
    """Install the probe in a tree; only the line that enters / is another, as in all tests of the probe."""
    tree.write(root)
    path = root / "fleetscan-probe"
    path.write_bytes(confine_script(load_probe().text, root))
    path.chmod(0o755)
    return path


def test_an_installed_probe_collects_and_tells_its_own_hash(shell: Sequence[str], file: Path) -> None:
    frames, done = run_file(shell, file, LAUNCH.first_input + DONE)
    assert (done.returncode, frames[-1].section) == (0, "end")
    assert {"facts", "walk", "hashes", "ready"} <= {frame.section for frame in frames}

    with pytest.raises(VisitError, match="not the one of this version"):
        LAUNCH.verify(frames)  # its line that enters / is another
    own = ProbeScript(file.read_bytes(), _hash(file))
    plan_launch(own, Connection(user="scan", probe=ProbeStart.INSTALLED), SENTINEL, Terms()).verify(frames)


def test_an_installed_probe_of_root_that_a_group_may_change_is_refused(file: Path) -> None:
    own = ProbeScript(file.read_bytes(), _hash(file))
    launch = plan_launch(own, Connection(user="scan", probe=ProbeStart.INSTALLED), SENTINEL, Terms())
    frames, _ = run_file(("sh",), file, LAUNCH.first_input + DONE)
    is_root = b"uid=0" in next(frame.payload for frame in frames if frame.section == "probe")
    file.chmod(0o775)
    frames, _ = run_file(("sh",), file, LAUNCH.first_input + DONE)
    assert b"mode=775" in next(frame.payload for frame in frames if frame.section == "probe")
    if is_root:
        with pytest.raises(VisitError, match="others than root may change"):
            launch.verify(frames)
    else:
        launch.verify(frames)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"id\n",
        b"FLEETSCAN 1\n",
        f"FLEETSCAN 2 {SENTINEL} 0 sudo=0\n".encode(),
        f"FLEETSCAN 1 {SENTINEL} 20 sudo=0\ntouch was-here\n     ".encode(),
        b"FLEETSCAN 1 " + b"%p" * 16 + b" 0 sudo=0\n",
        f"FLEETSCAN 1 {SENTINEL}0 0 sudo=0\n".encode(),
        f"FLEETSCAN 1 {SENTINEL.upper()} 0 sudo=0\n".encode(),
        f"FLEETSCAN 1 {SENTINEL} 0{' a' * 20}\n".encode(),
        b"FLEETSCAN 1 $(touch was-here) 0 sudo=0\n",
    ],
)
def test_an_installed_probe_runs_nothing_without_its_own_header(
    shell: Sequence[str], file: Path, header: bytes
) -> None:
    _, done = run_file(shell, file, header + b"fetch 1\ndone\n")
    assert (done.returncode, done.stdout) == (64, b"")
    assert b"no header that it understands" in done.stderr
    assert not list(file.parent.glob("**/was-here"))


def test_arguments_are_no_other_way_in(shell: Sequence[str], file: Path) -> None:
    _, done = run_file(shell, file, b"", "FLEETSCAN", "1", "%p" * 16, "0")
    assert (done.returncode, done.stdout) == (64, b"")


def _hash(file: Path) -> Sha256:
    return Sha256(hashlib.sha256(file.read_bytes()).hexdigest())
