"""Every way in which an inventory can be wrong gives a line that says where, what, and what to do."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetscan.errors import InventoryError
from fleetscan.inventory.reader import load_inventory
from tests.unit.inventory.conftest import DEFAULTS, Faults


def _host(settings_text: str) -> str:
    return DEFAULTS + "hosts:\n  h:\n    " + settings_text + "\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (_host("port: abc"), "inventory.yaml:4: hosts.h.port: 'abc': expected a whole number from 1 to 65535"),
        (_host("port: 70000"), "inventory.yaml:4: hosts.h.port: '70000': expected a whole number from 1 to 65535"),
        (_host("prot: 22"), "inventory.yaml:4: hosts.h.prot: unknown key; did you mean 'port'?"),
        (_host("sudo: maybe"), "inventory.yaml:4: hosts.h.sudo: 'maybe': expected true or false"),
        (
            _host("visit_timeout: 0"),
            "inventory.yaml:4: hosts.h.visit_timeout: '0': expected seconds as a plain number above 0, at most 86400",
        ),
        (
            _host("groups: [wbe]") + "groups: {web: }\n",
            "inventory.yaml:4: hosts.h.groups: 'wbe': there is no such group; did you mean 'web'?",
        ),
        (
            _host("owner: pos") + "owners: {ops: {name: O, email: o@example.org}}\n",
            "inventory.yaml:4: hosts.h.owner: 'pos': there is no such owner; did you mean 'ops'?",
        ),
        (
            _host("jump_host: bastoin") + "  bastion:\n",
            "inventory.yaml:4: hosts.h.jump_host: 'bastoin': there is no such host; did you mean 'bastion'?",
        ),
        (
            _host("owner: {name: O, email: nobody}"),
            "inventory.yaml:4: hosts.h.owner.email: 'nobody': expected one e-mail address such as team@example.org",
        ),
        (
            _host("owner: {name: O}"),
            "inventory.yaml:4: hosts.h.owner.email: is missing; an owner needs a name and an email",
        ),
        (
            _host("address: 192.0.2.1:22"),
            "inventory.yaml:4: hosts.h.address: '192.0.2.1:22': write the port as a key of its own: port: N",
        ),
        (
            _host("address: '[2001:db8::1]'"),
            (
                "inventory.yaml:4: hosts.h.address: '[2001:db8::1]': write an IPv6 address without brackets, "
                "and the port as a key of its own"
            ),
        ),
        (
            _host("address: 300.1.1.1"),
            (
                "inventory.yaml:4: hosts.h.address: '300.1.1.1': expected a DNS name (non-ASCII names in "
                "their xn-- form) or an IP address"
            ),
        ),
        (
            DEFAULTS + "hosts:\n  w[1:2]:\n    address: 192.0.2.1\n",
            (
                "inventory.yaml:4: hosts.w[1:2].address: '192.0.2.1': would be the address of 2 hosts; write "
                "{name} in it, or declare the hosts one by one"
            ),
        ),
        (
            DEFAULTS + "hosts:\n  a:\n  a:\n",
            "inventory.yaml:4: hosts.a: stands here twice; remove one",
        ),
        (_host("port: 1\n    port: 2"), "inventory.yaml:5: hosts.h.port: stands here twice; remove one"),
        (
            DEFAULTS + "hosts:\n  web02:\n  web[01:03]:\n",
            "inventory.yaml:4: hosts.web[01:03]: declares web02 again (first on line 3); remove one",
        ),
        (
            DEFAULTS + "hosts:\n- a\n- {name: a}\n",
            "inventory.yaml:4: hosts[2]: declares a again (first on line 3); remove one",
        ),
        (
            DEFAULTS + "hosts:\n  web[3:1]:\n",
            (
                "inventory.yaml:3: hosts.web[3:1]: 'web[3:1]': the range ends before it begins; write the smaller end "
                "first"
            ),
        ),
        (
            DEFAULTS + "hosts:\n- {name: a, port: x}\n",
            "inventory.yaml:3: hosts[1].port: 'x': expected a whole number from 1 to 65535",
        ),
        (
            DEFAULTS + "groups: []\nhosts: {h: }\n",
            "inventory.yaml:2: groups: expected a mapping (indented 'name: …' lines)",
        ),
        (
            DEFAULTS + "groups:\n  a/b:\nhosts: {h: }\n",
            (
                "inventory.yaml:3: groups.a/b: expected a name: at most 64 of A-Z a-z 0-9 . _ -, not beginning with "
                ". or -"
            ),
        ),
        (_host("owner: [ops]"), "inventory.yaml:4: hosts.h.owner: expected text"),
        (_host("user: a b"), "inventory.yaml:4: hosts.h.user: 'a b': expected an account name"),
        (
            _host("zone: -x"),
            (
                "inventory.yaml:4: hosts.h.zone: '-x': expected a name: at most 64 of A-Z a-z 0-9 . _ -, not beginning "
                "with . or -"
            ),
        ),
        (
            _host("address: root@192.0.2.1"),
            "inventory.yaml:4: hosts.h.address: 'root@192.0.2.1': write the account as a key of its own: user: NAME",
        ),
        (
            _host("address: -oProxyCommand=x"),
            (
                "inventory.yaml:4: hosts.h.address: '-oProxyCommand=x': expected a DNS name (non-ASCII names in their "
                "xn-- form) or an IP address"
            ),
        ),
        (
            _host("identity_file: ~nobody-of-that-name/id"),
            (
                "inventory.yaml:4: hosts.h.identity_file: '~nobody-of-that-name/id': expected a path; the home "
                "directory of that user is not known"
            ),
        ),
        (DEFAULTS + "hosts: {}\n", "inventory.yaml:2: hosts: there are no hosts; write at least one"),
        (DEFAULTS, "inventory.yaml:1: hosts: there are no hosts; write at least one"),
        (
            DEFAULTS + "hosts: all\n",
            "inventory.yaml:2: hosts: 'all': expected a mapping (name: settings) or a list of hosts",
        ),
        (
            DEFAULTS + "hosts:\n- {port: 22}\n",
            "inventory.yaml:3: hosts[1]: expected a host name, or a mapping with the key 'name'",
        ),
        (
            DEFAULTS + "hosts: {h: 22}\n",
            "inventory.yaml:2: hosts.h: '22': expected a mapping (indented 'key: value' lines)",
        ),
        (DEFAULTS + "host: {h: }\nhosts: {h: }", "inventory.yaml:2: host: unknown key; did you mean 'hosts'?"),
        (
            "defaults: {user: u}\nhosts:\n  h:\n",
            "inventory.yaml:3: hosts.h: has no owner; set 'owner' here, on a group or under 'defaults:'",
        ),
        (
            "defaults: {owner: {name: N, email: n@example.org}}\nhosts:\n  h:\n",
            "inventory.yaml:3: hosts.h: has no user to log in as; set 'user' here, on a group or under 'defaults:'",
        ),
        (
            DEFAULTS + "groups:\n  a: {groups: [b]}\n  b: {groups: [a]}\nhosts: {h: }\n",
            "inventory.yaml:4: groups.b.groups: 'a': groups hold each other: a → b → a; remove one link",
        ),
        (
            DEFAULTS + "groups:\n  a: {groups: [a]}\nhosts: {h: }\n",
            "inventory.yaml:3: groups.a.groups: 'a': groups hold each other: a → a; remove one link",
        ),
        (
            DEFAULTS + "groups:\n  a: {groups: [bb], hosts: []}\n  cc:\nhosts: {h: }\n",
            "inventory.yaml:3: groups.a.groups: 'bb': there is no such group; declare it under 'groups:'",
        ),
        (
            DEFAULTS + "groups:\n  a: {hosts: [hh]}\nhosts: {h: }\n",
            "inventory.yaml:3: groups.a.hosts: 'hh': there is no such host; did you mean 'h'?",
        ),
        (
            DEFAULTS + "hosts:\n  a: {jump_host: b}\n  b: {jump_host: a}\n",
            (
                "inventory.yaml:3: hosts.a.jump_host: 'b': jump hosts go in a circle: a → b → a; set "
                "'jump_host: null' on the first"
            ),
        ),
        (
            DEFAULTS + "hosts:\n  a: {jump_host: a}\n",
            (
                "inventory.yaml:3: hosts.a.jump_host: 'a': jump hosts go in a circle: a → a; set 'jump_host: "
                "null' on the first"
            ),
        ),
        (
            DEFAULTS + "hosts:\n  a: {<<: {port: 1}}\n",
            "inventory.yaml:3: hosts.a.<<: merge keys are not supported; put what hosts share in a group",
        ),
        (
            _host("port: !!int 22"),
            "inventory.yaml:4: hosts.h.port: the tag 'tag:yaml.org,2002:int' is not supported; remove it",
        ),
        (_host("[a]: 22"), "inventory.yaml:4: hosts.h: a key must be text; quote it when it begins with [ or {"),
        (
            DEFAULTS + "hosts:\n  'bad name':\n",
            (
                "inventory.yaml:3: hosts.bad name: 'bad name': expected a host name: at most 253 of A-Z a-z "
                "0-9 . _ - :, not beginning with . or -"
            ),
        ),
        (
            _host('tags: ["a\\e[31mb"]'),
            "inventory.yaml:4: hosts.h.tags: expected a list of names (A-Z a-z 0-9 . _ -); 'a\\x1b[31mb' is not one",
        ),
    ],
)
def test_a_fault_names_file_line_key_value_and_fix(faults: Faults, text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_all_faults_are_told_at_once_in_the_order_of_the_file(faults: Faults) -> None:
    found = faults(
        """\
defaults: {user: u, zoen: x}
owners: {ops: {name: Ops, email: no}}
groups: {web: {groups: [nope]}}
hosts:
  a: {port: x, owner: nobody, groups: [wbe]}
  b: {owner: ops}
  c:
  c:
"""
    )
    assert [fault.split(": ")[:2] for fault in found] == [
        ["inventory.yaml:1", "defaults.zoen"],
        ["inventory.yaml:2", "owners.ops.email"],
        ["inventory.yaml:3", "groups.web.groups"],
        ["inventory.yaml:5", "hosts.a.groups"],
        ["inventory.yaml:5", "hosts.a.owner"],
        ["inventory.yaml:5", "hosts.a.port"],
        ["inventory.yaml:7", "hosts.c"],
        ["inventory.yaml:8", "hosts.c"],
    ]


def test_a_wrong_owner_is_not_reported_as_a_missing_one(faults: Faults) -> None:
    text = "defaults: {user: u, owner: {name: O, email: x}}\nhosts: {a: , b: }\n"
    assert len(faults(text)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "password: hunter2",
        "passphrase: hunter2",
        "pasword: hunter2",
        "password: {plain: hunter2}",
        "password: [hunter2]",
    ],
)
def test_a_secret_in_plain_text_is_refused_and_never_repeated(faults: Faults, line: str) -> None:
    found = faults(_host(line))
    assert len(found) == 1
    assert "hunter2" not in found[0]
    assert "{env: NAME}" in found[0] or "did you mean 'password'" in found[0]


def test_a_value_with_line_breaks_cannot_reach_a_mail_header(faults: Faults) -> None:
    found = faults(_host('owner: {name: "A\\nBcc: x", email: "a@example.org\\nBcc: x"}'))
    assert [fault.split(": ")[1] for fault in found] == ["hosts.h.owner.email", "hosts.h.owner.name"]
    assert not any("\n" in fault for fault in found)


def test_a_long_chain_of_jump_hosts_is_refused(faults: Faults) -> None:
    chain = "".join(f"  h{n}: {{jump_host: h{n + 1}}}\n" for n in range(9))
    [fault] = faults(DEFAULTS + "hosts:\n" + chain + "  h9:\n")
    assert "more than 8 jump hosts in a row" in fault


def test_groups_nested_too_deep_are_refused(faults: Faults) -> None:
    nest = "".join(f"  g{n}: {{groups: [g{n + 1}]}}\n" for n in range(40))
    assert any(
        "nest more than 32 deep" in fault for fault in faults(DEFAULTS + "groups:\n" + nest + "  g40:\nhosts: {h: }\n")
    )


def test_thousands_of_faults_are_cut_and_counted(faults: Faults) -> None:
    found = faults(DEFAULTS + "hosts:\n" + "".join(f"  h{n}: {{port: x}}\n" for n in range(1200)))
    assert len(found) == 1001
    assert found[-1] == "inventory.yaml: and 200 more faults"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"- a\n- b\n", "must be a mapping"),
        (b"just text", "must be a mapping"),
        (b"hosts:\n\ta: b\n", "inventory.yaml:2: is not valid YAML"),
        (b"hosts: [a\n", "is not valid YAML"),
        (b"hosts: *x\n", "inventory.yaml:1: is not valid YAML: found undefined alias"),
        (b"hosts: {a: }\n---\nhosts: {b: }\n", "inventory.yaml:2: is not valid YAML"),
        (b"hosts:\n  a\xff: b\n", "inventory.yaml:2: is not text"),
        (b"\x7fELF\x00\x00", "is not text"),
        (b"hosts: &x [*x]\n", "inventory.yaml:1: an alias points at a value that holds it"),
        (b"hosts: " + b"[" * 500_000, "nested more than 32 deep"),
        (b"hosts: " + b"{a: " * 500_000, "nested more than 32 deep"),
    ],
)
def test_a_file_that_cannot_be_parsed_gives_one_fault(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_bytes(data)
    with pytest.raises(InventoryError) as caught:
        load_inventory(path)
    assert len(caught.value.faults) == 1
    assert words in caught.value.faults[0]


def test_an_alias_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InventoryError, match="aliases written out"):
        load_inventory(path)


def test_ranges_that_add_up_to_a_flood_are_refused(faults: Faults) -> None:
    listed = ", ".join(f"'x{n}[1:200000]'" for n in range(12))
    text = DEFAULTS + f"groups: {{g: {{hosts: [{listed}]}}}}\nhosts: {{h: }}\n"
    found = faults(text)
    assert sum("there is no such host (and 199999 more of " in fault for fault in found) == 9
    assert sum("give 2000000 names or more together" in fault for fault in found) == 3


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="there is no such file") as caught:
        load_inventory(tmp_path / "nope.yaml")
    assert "fleetscan init" in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_folder_is_not_an_inventory(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="cannot be read"):
        load_inventory(tmp_path)


def test_a_file_above_the_limit_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleetscan.inventory.document.MAX_FILE_BYTES", 1024 * 1024)
    path = tmp_path / "inventory.yaml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(InventoryError, match="larger than 1 MiB"):
        load_inventory(path)


_YAML_WORDS = (
    "hosts groups defaults owners owner user - { } [ ] a *a &a !x ' "
    "null ~ 22 [1:3] web jump_host name email a@b.c # | << ?"
)
_YAML_PIECES = st.sampled_from([*_YAML_WORDS.split(), ": ", ":\n  ", "\n", "- ", ", ", '"', "? ", "password"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=200) | st.lists(_YAML_PIECES, max_size=60).map(lambda pieces: "".join(pieces).encode()))
def test_the_loader_raises_nothing_but_inventory_errors_on_any_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_bytes(data)
    caught = None
    try:
        load_inventory(path)
    except InventoryError as error:
        caught = error
    if caught:
        assert caught.faults
        assert all(fault.startswith(str(path)) and fault.isprintable() for fault in caught.faults)
