"""The guards of the test run itself: each of them can fail."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NetworkUseError

ROOT = Path(__file__).parents[2]
# Of the run that runs these tests; the runs that they start are their own.
_HARNESS = ("FLEETSCAN_", "PYTEST_", "TESTS_REQUIRE_ALL")
SKIPPING = """
import pytest
def test_that_skips():
    pytest.skip("there is no chromium here")
"""
SKIPPING_MODULE = """
import pytest
pytest.skip("there is no sshd here", allow_module_level=True)
"""
EXPECTED_FAILURE = """
import pytest
@pytest.mark.xfail(reason="known", strict=True)
def test_that_fails():
    raise ValueError
"""
LEAKING = """
import os
def test_environment():
    assert [name for name in os.environ if name.startswith("FLEETSCAN_")] == []
"""


def run_pytest(folder: Path, source: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on one small module in a folder of its own, with this project's guards."""
    (folder / "test_sample.py").write_text(source)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_HARNESS)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfEs", "-p", "tests.conftest", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("source", "reason"), [(SKIPPING, "no chromium"), (SKIPPING_MODULE, "no sshd")])
def test_a_skip_fails_where_everything_is_required(tmp_path: Path, source: str, reason: str) -> None:
    required = run_pytest(tmp_path, source, FLEETSCAN_REQUIRE_ALL="1")
    assert required.returncode in (1, 2)
    assert reason in required.stdout
    assert "nothing may be skipped" in required.stdout
    assert "1 skipped" in run_pytest(tmp_path, source).stdout


def test_an_expected_failure_is_not_a_skip(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, EXPECTED_FAILURE, FLEETSCAN_REQUIRE_ALL="1")
    assert done.returncode == 0
    assert "1 xfailed" in done.stdout


def test_settings_of_the_surroundings_do_not_reach_a_test(tmp_path: Path) -> None:
    done = run_pytest(
        tmp_path, LEAKING, FLEETSCAN_CONCURRENCY="7", FLEETSCAN_REQUIRE_ALL="1", FLEETSCAN_LAB_SAMPLES="x"
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("address", ["192.0.2.1", "0.0.0.0"])  # noqa: S104 - nothing is bound
def test_a_test_cannot_reach_the_network(address: str) -> None:
    with socket.socket() as sock, pytest.raises(NetworkUseError):
        sock.connect((address, 9))
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkUseError):
        sock.sendto(b"x", (address, 9))


def test_a_test_can_reach_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as client:
        assert client.getpeername() == server.getsockname()


def test_live_tests_are_left_out_unless_they_are_asked_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/live"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(_HARNESS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
