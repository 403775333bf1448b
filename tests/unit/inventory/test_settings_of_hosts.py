"""How settings of host, groups and defaults come together."""

from pathlib import Path

import pytest

from fleetscan.model.host import Host, Owner, SecretKind, SecretRef
from tests.unit.inventory.conftest import DEFAULTS, Load


def _by_name(hosts: tuple[Host, ...]) -> dict[str, Host]:
    return {str(host.name): host for host in hosts}


def test_hosts_stay_in_declared_order(load: Load) -> None:
    hosts = load(DEFAULTS + "hosts: {zeta: , 'web[2:3]': , alpha: }").hosts
    assert [host.name for host in hosts] == ["zeta", "web2", "web3", "alpha"]


def test_hosts_may_be_a_list(load: Load) -> None:
    hosts = load(DEFAULTS + "hosts:\n- plain\n- {name: full, port: 2200}\n- r[1:2]\n").hosts
    assert [(host.name, host.connection.port) for host in hosts] == [
        ("plain", 22),
        ("full", 2200),
        ("r1", 22),
        ("r2", 22),
    ]


def test_host_beats_its_groups_beat_groups_above_beat_defaults(load: Load) -> None:
    text = """
        defaults: {user: d, port: 1, zone: d, visit_timeout: 1, owner: {name: N, email: n@example.org}}
        groups:
          above: {groups: [near, late], user: above, port: 2, zone: above}
          near: {user: near, port: 3}
          late: {user: late, port: 33, failure_domain: late}
        hosts:
          h: {user: own, groups: [near, late]}
    """
    host = load(text).hosts[0]
    assert host.connection.user == "own"
    assert host.connection.port == 3
    assert host.failure_domain == "late"
    assert host.zone == "above"
    assert host.connection.visit_timeout_s == 1


def test_a_later_group_of_the_host_beats_the_parent_of_an_earlier_one(load: Load) -> None:
    text = DEFAULTS + "groups: {up: {groups: [a], zone: up}, a: , b: {zone: b}}\nhosts: {h: {groups: [a, b]}}"
    assert load(text).hosts[0].zone == "b"


def test_groups_are_nearest_first_each_followed_by_its_ancestors(load: Load) -> None:
    text = (
        DEFAULTS
        + """
groups:
  top: {groups: [mid]}
  mid: {groups: [web]}
  web:
  debian: {hosts: [h]}
  site: {groups: [web, debian]}
hosts:
  h: {groups: [web]}
"""
    )
    inventory = load(text)
    assert inventory.hosts[0].groups == ("web", "mid", "top", "site", "debian")
    assert inventory.hosts[0].role == "web"
    assert all(inventory.groups[group] == ("h",) for group in inventory.hosts[0].groups)


def test_a_group_has_the_hosts_of_nested_groups_and_may_be_empty(load: Load) -> None:
    text = (
        DEFAULTS
        + "groups: {all: {groups: [a, b]}, a: {hosts: ['x[1:2]']}, b: , none: }\nhosts: {'x[1:3]': {groups: [b]}}"
    )
    assert dict(load(text).groups) == {
        "all": ("x1", "x2", "x3"),
        "a": ("x1", "x2"),
        "b": ("x1", "x2", "x3"),
        "none": (),
    }


def test_tags_of_all_levels_add_up(load: Load) -> None:
    text = """
        defaults: {user: u, tags: [a], owner: {name: N, email: n@example.org}}
        groups: {g: {tags: [b]}}
        hosts: {h: {groups: [g], tags: [c]}, alone: }
    """
    hosts = _by_name(load(text).hosts)
    assert hosts["h"].tags == {"a", "b", "c"}
    assert hosts["alone"].tags == {"a"}


def test_null_takes_back_what_an_outer_level_set(load: Load) -> None:
    text = (
        DEFAULTS
        + """
groups: {g: {passphrase: {env: P}, zone: z, jump_host: b}}
hosts: {b: , h: {groups: [g], passphrase: null, zone: ~, jump_host: }}
"""
    )
    host = _by_name(load(text).hosts)["h"]
    assert (host.connection.passphrase, host.zone, host.jump) == (None, "default", None)


def test_owner_is_an_id_or_stands_in_place(load: Load) -> None:
    text = """
        defaults: {user: u, owner: ops}
        owners: {ops: {name: Ops, email: ops@example.org}}
        hosts: {a: , b: {owner: {name: Bo, email: bo@example.org}}}
    """
    hosts = load(text).hosts
    assert [host.owner for host in hosts] == [Owner("Ops", "ops@example.org"), Owner("Bo", "bo@example.org")]


def test_address_defaults_to_the_name_and_may_be_made_from_it(load: Load) -> None:
    text = (
        DEFAULTS
        + """
hosts:
  a:
  b[1:2]: {address: '{name}.example.org'}
  c: {address: "2001:DB8::1"}
  2001:db8::2:
  d: {address: fe80::1%eth0}
"""
    )
    addresses = [host.address for host in load(text).hosts]
    assert addresses == ["a", "b1.example.org", "b2.example.org", "2001:db8::1", "2001:db8::2", "fe80::1%eth0"]


def test_relative_paths_start_at_the_inventory_and_tilde_is_home(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    text = DEFAULTS + "hosts: {h: {identity_file: [keys/id, ~/id, /abs], ssh_config: cfg, password: {file: pw}}}"
    connection = load(text).hosts[0].connection
    assert connection.identity_files == (f"{tmp_path}/keys/id", "/home/me/id", "/abs")
    assert connection.ssh_config == f"{tmp_path}/cfg"
    assert connection.password == SecretRef(SecretKind.FILE, f"{tmp_path}/pw")


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("{env: NAME}", SecretRef(SecretKind.ENV, "NAME")),
        ("env:NAME", SecretRef(SecretKind.ENV, "NAME")),
        ("{command: pass show x}", SecretRef(SecretKind.COMMAND, "pass show x")),
    ],
)
def test_secrets_are_pointers(load: Load, pointer: str, expected: SecretRef) -> None:
    assert load(DEFAULTS + f"hosts: {{h: {{passphrase: {pointer}}}}}").hosts[0].connection.passphrase == expected


def test_every_connection_setting_arrives(load: Load) -> None:
    text = DEFAULTS + "hosts: {h: {user: x, port: 2222, agent: yes, sudo: on, connect_timeout: 2.5, visit_timeout: 90}}"
    connection = load(text).hosts[0].connection
    assert (connection.user, connection.port, connection.use_agent, connection.sudo) == ("x", 2222, True, True)
    assert (connection.connect_timeout_s, connection.visit_timeout_s) == (2.5, 90)


def test_text_that_yaml_would_read_as_something_else_stays_text(load: Load) -> None:
    text = DEFAULTS + "groups: {no: , 1: }\nhosts: {on: {groups: [no, 1], zone: 1_0}}"
    host = load(text).hosts[0]
    assert (host.name, host.groups, host.zone) == ("on", ("no", "1"), "1_0")


def test_jump_hosts_form_a_chain_of_shared_hosts(load: Load) -> None:
    text = DEFAULTS + "hosts: {inner: {jump_host: outer}, outer: {port: 2222}, 'h[1:2]': {jump_host: inner}}"
    hosts = _by_name(load(text).hosts)
    jump = hosts["h1"].jump
    assert jump is not None
    assert jump is hosts["inner"]
    assert jump.jump is hosts["outer"]
    assert hosts["h2"].jump is jump


def test_a_jump_host_does_not_go_through_itself_when_its_group_says_so(load: Load) -> None:
    hosts = _by_name(load(DEFAULTS + "groups: {g: {jump_host: b, hosts: [b, h]}}\nhosts: {h: , b: }").hosts)
    assert hosts["b"].jump is None
    assert hosts["h"].jump is hosts["b"]


def test_anchors_and_aliases_of_values_are_read(load: Load) -> None:
    text = DEFAULTS + "hosts:\n  a: &web {port: 2200, tags: [x]}\n  b: *web\n"
    assert [host.connection.port for host in load(text).hosts] == [2200, 2200]
