"""A probe is confined to the host's tree, whatever the pieces it arrives in; other input passes as it is."""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.demo.relay import ProbeMismatchError, ProbeStream, confine_script
from fleetscan.probe.script import load_probe

ROOT = Path("/srv/demo fleet/web-01")
SCRIPT = b"PATH=/usr/bin:/bin\nexport PATH\ncd / || exit 125\ncat etc/hostname\n"
ENTER = b"PATH='/srv/demo fleet/web-01/.shim':$PATH; export PATH; cd '/srv/demo fleet/web-01' || exit 125\n"


def probe_input(script: bytes = SCRIPT) -> bytes:
    return b"FLEETSCAN 1 " + b"ab" * 16 + b" %d sudo=0\n" % len(script) + script


def relay(*pieces: bytes) -> bytes:
    stream = ProbeStream(ROOT)
    return b"".join(stream.feed(piece) for piece in pieces) + stream.finish()


def test_only_the_line_that_enters_the_root_is_replaced() -> None:
    confined = confine_script(SCRIPT, ROOT)
    assert confined == b"PATH=/usr/bin:/bin\nexport PATH\n" + ENTER + b"cat etc/hostname\n"


def test_the_header_gets_the_new_length_and_keeps_the_rest() -> None:
    header, _, script = relay(probe_input()).partition(b"\n")
    assert header == b"FLEETSCAN 1 " + b"ab" * 16 + b" %d sudo=0" % len(script)


def test_requests_behind_the_script_pass_unchanged() -> None:
    assert relay(probe_input() + b"fetch 1\n", b"cd / quit\n").endswith(b"cat etc/hostname\nfetch 1\ncd / quit\n")


@given(st.lists(st.integers(0, 250)))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    data = probe_input() + b"fetch 1 2\n"
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert relay(*(data[a:b] for a, b in pairwise(places))) == relay(data)


@given(st.binary(max_size=200).filter(lambda data: not data.startswith(b"FLEETSCAN ")), st.integers(0, 200))
def test_other_input_passes_unchanged(data: bytes, cut: int) -> None:
    assert relay(data[:cut], data[cut:]) == data


@pytest.mark.parametrize("script", [b"echo hello\n", b"cd / || exit\ncd / || exit\n", b" cd / || exit\n"])
def test_a_probe_that_cannot_be_confined_does_not_run(script: bytes) -> None:
    with pytest.raises(ProbeMismatchError, match="'cd / '"):
        relay(probe_input(script))


@pytest.mark.parametrize(
    "header",
    [b"FLEETSCAN 1\n", b"FLEETSCAN 1 ab many x\n", b"FLEETSCAN 1 ab 99999999 x\n", b"FLEETSCAN " + b"x" * 5000],
)
def test_a_header_without_a_usable_length_is_refused(header: bytes) -> None:
    with pytest.raises(ProbeMismatchError):
        relay(header)


def test_the_published_probe_can_be_confined() -> None:
    confined = confine_script(load_probe().text, ROOT)
    assert confined.count(b"/srv/demo fleet/web-01") == 2


def test_a_confined_script_runs_in_the_tree(tmp_path: Path) -> None:
    root = tmp_path / "it's a $HOME"
    (root / "etc").mkdir(parents=True)
    (root / ".shim").mkdir()
    (root / "etc/hostname").write_text("web-99\n")
    shutil.copy("/bin/true", root / ".shim/only-here")
    script = confine_script(b"cd / || exit 125\ncat etc/hostname\nonly-here && echo found\n", root)
    done = subprocess.run(["/bin/sh"], input=script, capture_output=True, check=True)
    assert done.stdout == b"web-99\nfound\n"
