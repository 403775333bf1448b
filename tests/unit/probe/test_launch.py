"""How a host's probe is started, and which installed texts are refused."""

import shlex

import pytest

from fleetscan.errors import VisitError
from fleetscan.model.host import DEFAULT_PROBE_PATH, Connection, ProbeStart
from fleetscan.model.ids import Sha256
from fleetscan.model.outcome import FailureKind
from fleetscan.probe.launch import Launch, plan_launch
from fleetscan.probe.script import ProbeScript, Terms, build_input, remote_command
from fleetscan.probe.wire import Frame
from tests.unit.probe.frames import SENTINEL, frame

SCRIPT = ProbeScript(b"# a probe\n", Sha256("ab" * 32))


def installed(*, sudo: bool = False, path: str = DEFAULT_PROBE_PATH) -> Launch:
    connection = Connection(user="scan", probe=ProbeStart.INSTALLED, probe_path=path, sudo=sudo)
    return plan_launch(SCRIPT, connection, SENTINEL, Terms(sudo=sudo))


def told(sha256: str = SCRIPT.sha256, *, uid: str = "0", owner: str = "0", mode: str = "755") -> list[Frame]:
    return [frame("probe", f"uid={uid}\nsha256={sha256}\nowner={owner}\nmode={mode}"), frame("ready")]


@pytest.mark.parametrize("sudo", [False, True])
def test_a_probe_is_sent_unless_the_inventory_says_that_it_lies_there(sudo: bool) -> None:
    launch = plan_launch(SCRIPT, Connection(user="scan"), SENTINEL, Terms(sudo=sudo))
    assert (launch.command, launch.first_input) == (
        remote_command(sudo=sudo),
        build_input(SCRIPT, SENTINEL, Terms(sudo=sudo)),
    )
    launch.verify([])


def test_an_installed_probe_gets_a_header_and_no_text() -> None:
    launch = installed(path="/opt/x")
    assert launch.command == "exec /opt/x"
    assert launch.first_input == f"FLEETSCAN 1 {SENTINEL} 0 sudo=0 seconds=45\n".encode()


def test_sudo_starts_the_file_itself_and_no_shell() -> None:
    launch = installed(sudo=True, path="/opt/x")
    words = shlex.split(launch.command)
    assert words[:3] == ["exec", "/bin/sh", "-c"]
    assert words[3].startswith("sudo -n /opt/x; ")
    assert launch.first_input.endswith(b" 0 sudo=1 seconds=45\n")


@pytest.mark.parametrize("frames", [told(), told(mode="555"), told(uid="1000", owner="1000", mode="777")])
def test_the_published_text_is_accepted(frames: list[Frame]) -> None:
    installed().verify(frames)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([frame("ready")], "does not say which text it is"),
        (told("cd" * 32), "not the one of this version"),
        (told(""), "not the one of this version"),
        (told(owner="1000"), "others than root may change"),
        (told(mode="775"), "others than root may change"),
        (told(mode="757"), "others than root may change"),
        (told(mode=""), "others than root may change"),
        (told(mode="9" * 50), "others than root may change"),
        (told(mode="-1"), "others than root may change"),
        (told(mode="²"), "others than root may change"),
    ],
)
def test_any_other_text_and_a_text_that_others_may_change_end_the_visit(frames: list[Frame], words: str) -> None:
    with pytest.raises(VisitError, match=words) as caught:
        installed().verify(frames)
    assert caught.value.kind is FailureKind.PROTOCOL_ERROR
    assert caught.value.hint


def test_both_hashes_are_told_when_they_differ() -> None:
    with pytest.raises(VisitError) as caught:
        installed().verify(told("cd" * 32))
    assert caught.value.evidence == (f"there: sha256 {'cd' * 32}", f"here: sha256 {SCRIPT.sha256}")
