"""Guards that hold for every test: nothing leaves this machine, nothing is skipped unseen, no setting leaks in."""

import ipaddress
import os
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
LIVE = "FLEETSCAN_LIVE"
SAMPLES = "FLEETSCAN_LAB_SAMPLES"
# What steers the tests themselves. Other variables of ours, and in the end these too where the program runs in this
# process, would be taken for a setting of the program.
_NASTY = ("FLEETSCAN_NASTY_CASES", "FLEETSCAN_NASTY_SEED")
_SUITES = ("FLEETSCAN_ATTACK_ONLY", "FLEETSCAN_ATTACK_TABLE", "FLEETSCAN_QUIET_TABLE")
_LIVE = (LIVE, "FLEETSCAN_LIVE_HOSTS", "FLEETSCAN_LIVE_RUNNING", "FLEETSCAN_LIVE_SUITES")
_KEPT = (*_LIVE, SAMPLES, *_NASTY, *_SUITES)
REQUIRE_ALL = "FLEETSCAN_REQUIRE_ALL"
_REQUIRED = "TESTS_REQUIRE_ALL"  # the same, under a name that is no setting; workers inherit it

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


class NetworkUseError(AssertionError):
    """A test reached for the network. Not an OSError, so that the code under test cannot take it for an outage."""


def pytest_configure() -> None:
    """Drop inherited settings and arm the network guard, before any test module is imported."""
    if os.environ.get(REQUIRE_ALL) == "1":
        os.environ[_REQUIRED] = "1"
    for name in list(os.environ):
        if name.startswith("FLEETSCAN_") and name not in _KEPT:
            del os.environ[name]
    sys.addaudithook(_refuse_network)
    # How long an example takes depends on what else this machine does; no test asserts absolute times.
    settings.register_profile("fleetscan", deadline=None, print_blob=True)
    settings.load_profile("fleetscan")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark everything under `live`, and leave it out (which is not a skip) unless it was asked for."""
    live = [item for item in items if item.path.is_relative_to(TESTS / "live")]
    for item in live:
        item.add_marker("live")
    if os.environ.get(LIVE) != "1" and live:
        config.hook.pytest_deselected(items=live)
        items[:] = [item for item in items if item.get_closest_marker("live") is None]


def pytest_collection_finish() -> None:
    """Drop what is only read while tests are collected."""
    os.environ.pop(SAMPLES, None)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long values by their argument: readable, and the same in every worker when a value is random (keys)."""
    return argname if isinstance(val, str | bytes) and len(val) > 60 else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is required (CI), a test that skips has failed."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips as a whole."""
    return _refuse_skip((yield))


def _refuse_skip(report: Report) -> Report:
    if report.skipped and os.environ.get(_REQUIRED) == "1" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason} ({REQUIRE_ALL}=1: nothing may be skipped)"
    return report


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    """Let sockets of Python go to loopback and unix sockets only.

    uvloop and other programs (sshd, Chromium) make their system calls below this; their tests name loopback addresses.
    """
    if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return
    sock, address = args[0], args[1]
    if sock.family in (socket.AF_INET, socket.AF_INET6) and address is not None and not _is_loopback(address[0]):
        raise NetworkUseError(f"a test reached for {address[0]!r}; only loopback is allowed")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
