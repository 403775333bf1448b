"""Random nasty units: what our code makes of their bytes is what the systemd of each release makes of them.

A run prints its seed. To see a case again, or to look further than the seed that everybody runs:

    FLEETSCAN_NASTY_SEED=7 FLEETSCAN_NASTY_CASES=20000 make live    # another seed (or `random`), more cases

The seed that everybody runs is a fixed one, so that nobody's change fails for what somebody else's systemd does.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.live.conftest import Lab
from tests.live.nasty.bus import ask_manager, find_version
from tests.live.nasty.judgement import compare, is_loaded, read_cases
from tests.live.nasty.shrink import shrink
from tests.live.nasty.units import NastyCase, draw_cases, pick_seed

SEED = pick_seed(os.environ.get("FLEETSCAN_NASTY_SEED", "1"))
BATCH = 100
BATCHES = -(-int(os.environ.get("FLEETSCAN_NASTY_CASES", "2000")) // BATCH)
LEAST_SHARE_LOADED = 0.25
MAX_SHRUNK = 2
MAX_BYTES_SHOWN = 1500


@dataclass(frozen=True, slots=True)
class Oracle:
    """One host that is asked, and the version that it runs."""

    lab: Lab
    host: str
    version: int

    def judge(self, cases: Sequence[NastyCase]) -> list[list[str]]:
        """Give the differences of each case."""
        return self.ask(cases)[0]

    def ask(self, cases: Sequence[NastyCase]) -> tuple[list[list[str]], int]:
        """Give the differences of each case, and how many units the manager loaded."""
        answers = ask_manager(self.lab, self.host, cases)
        readings = read_cases(cases, self.version)
        loaded = sum(is_loaded(unit) for answer in answers for unit in (answer.timer, answer.service))
        return [
            compare(case, reading, answer, self.version)
            for case, reading, answer in zip(cases, readings, answers, strict=True)
        ], loaded


@dataclass(frozen=True, slots=True)
class Tally:
    """What some batches gave: how many cases and loaded units, and the cases that differ."""

    cases: int
    loaded: int
    differing: tuple[NastyCase, ...]


@pytest.fixture(scope="module")
def oracles(lab: Lab) -> list[Oracle]:
    """One host of each release."""
    names = {host.suite: host.name for host in reversed(lab.hosts)}
    return [Oracle(lab, name, find_version(lab, name)) for _suite, name in sorted(names.items())]


def ask_batches(oracle: Oracle, batches: range) -> Tally:
    cases = loaded = 0
    differing: list[NastyCase] = []
    for batch in batches:
        drawn = draw_cases(SEED, BATCH, batch)
        differences, loaded_units = oracle.ask(drawn)
        cases += len(drawn)
        loaded += loaded_units
        differing += [case for case, found in zip(drawn, differences, strict=True) if found]
    return Tally(cases, loaded, tuple(differing))


def describe(oracle: Oracle, case: NastyCase) -> str:
    """Tell of a case in its smallest form; the bytes stand as Python writes them, so that they can be used again."""
    small, differences = shrink(case, oracle.judge)
    files = [f"    {path}: {data[:MAX_BYTES_SHOWN]!r} ({len(data)} bytes)" for path, data in small.paths().items()]
    title = f"{oracle.host} (systemd {oracle.version}), seed {SEED}, case {case.number}:"
    return "\n".join([title, *(f"  {text}" for text in differences), *files])


def test_every_nasty_unit_means_to_us_what_it_means_to_systemd(oracles: list[Oracle]) -> None:
    count = len(oracles)
    with ThreadPoolExecutor(count) as pool:
        shares = [range(start, BATCHES, count) for start in range(count)]
        tallies = [*pool.map(ask_batches, oracles, shares)]
    for oracle, tally in zip(oracles, tallies, strict=True):
        sys.stderr.write(
            f"systemd {oracle.version}: {tally.cases} cases of seed {SEED}, {tally.loaded} of {2 * tally.cases} units "
            f"loaded, {len(tally.differing)} cases differ\n"
        )
    reports = [
        describe(oracle, case)
        for oracle, tally in zip(oracles, tallies, strict=True)
        for case in tally.differing[:MAX_SHRUNK]
    ]
    assert not reports, "\n\n".join(reports)
    assert sum(tally.cases for tally in tallies) == BATCHES * BATCH
    # Were nearly all units refused, agreeing about them would be no proof.
    assert all(tally.loaded >= LEAST_SHARE_LOADED * 2 * tally.cases for tally in tallies if tally.cases)


def test_a_wrong_reading_is_found_and_shrunk(oracles: list[Oracle]) -> None:
    """The guard of this file: a version that splits lines differently is caught, and little is left of its case."""
    service = b"[Service]\n# a comment\nType=oneshot\nExecStart=/bin/true a\\\n# inside\nb\nRemainAfterExit=yes\n"
    case = NastyCase(8_000_000, "", (("timer", b"[Timer]\nOnCalendar=daily\n"), ("service", service)))
    oracle = oracles[-1]
    assert oracle.judge([case]) == [[]]
    wrong = Oracle(oracle.lab, oracle.host, 242)  # up to 242 a comment inside a continued line is a part of it
    small, differences = shrink(case, wrong.judge)
    assert any("ExecStart" in text for text in differences)
    assert len(small.files[1][1]) < len(service)
