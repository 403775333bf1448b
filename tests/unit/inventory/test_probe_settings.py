"""Where the probe comes from, as the inventory says it."""

import pytest

from fleetscan.model.host import DEFAULT_PROBE_PATH, ProbeStart
from tests.unit.inventory.conftest import DEFAULTS, Faults, Load


def test_the_probe_is_sent_unless_the_inventory_says_otherwise(load: Load) -> None:
    connection = load(DEFAULTS + "hosts: {h: }").hosts[0].connection
    assert (connection.probe, connection.probe_path) == (ProbeStart.SENT, DEFAULT_PROBE_PATH)


def test_a_group_may_have_it_installed_and_a_host_may_take_that_back(load: Load) -> None:
    text = (
        DEFAULTS
        + "groups: {g: {probe: installed, probe_path: /opt/fleetscan/probe-1.2}}\n"
        + "hosts: {a: {groups: [g]}, b: {groups: [g], probe: sent}, c: {groups: [g], probe: null, probe_path: null}}"
    )
    found = [(host.connection.probe, host.connection.probe_path) for host in load(text).hosts]
    assert found == [
        (ProbeStart.INSTALLED, "/opt/fleetscan/probe-1.2"),
        (ProbeStart.SENT, "/opt/fleetscan/probe-1.2"),
        (ProbeStart.SENT, DEFAULT_PROBE_PATH),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "probe",
        "/",
        "/usr/",
        "/usr//x",
        "/usr/../x",
        "/usr/./x",
        "/usr/x y",
        "/x;id",
        "/x*",
        '/x"',
        "/$HOME",
        "/x,y",
        "/ä",
        "/" + "x" * 200,
    ],
)
def test_a_path_that_would_have_to_be_quoted_somewhere_is_refused(faults: Faults, path: str) -> None:
    (fault,) = faults(DEFAULTS + f"hosts:\n  h:\n    probe_path: '{path}'\n")
    assert "hosts.h.probe_path" in fault
    assert "absolute path" in fault


def test_another_word_is_refused(faults: Faults) -> None:
    assert faults(DEFAULTS + "hosts: {h: {probe: copied}}") == [
        "inventory.yaml:2: hosts.h.probe: 'copied': expected sent or installed"
    ]
