import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.names import (
    canonical_path,
    expand_specifiers,
    is_template,
    is_unit_name,
    may_alias,
    normal_transient,
    prefix_names,
    resolve_template,
    split_instance,
    unescape_unit_name,
    unit_type,
)


@pytest.mark.parametrize(
    "name",
    [
        "a.timer",
        "foo@.service",
        "foo@bar.timer",
        "foo@a@b.timer",
        r"mnt-back\x2dup.mount",
        "a.b.c.service",
        "x" * 247 + ".service",
    ],
)
def test_names_that_systemd_loads_are_valid(name: str) -> None:
    assert is_unit_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "timer",
        ".timer",
        "@x.timer",
        "evil name.service",
        "x.timer~",
        "x.timer.bak",
        "x.conf",
        "é.timer",
        "a/b.timer",
        "a\n.timer",
        "x.timer\n",
        "x" * 248 + ".service",
    ],
)
def test_names_that_systemd_ignores_are_not_valid(name: str) -> None:
    assert not is_unit_name(name)


def test_an_instance_is_split_at_the_first_at_sign() -> None:
    assert split_instance("foo@a@b.timer") == ("foo@.timer", "a@b")
    assert split_instance("foo@.timer") == ("foo@.timer", None)
    assert split_instance("foo.timer") == (None, None)
    assert is_template("foo@.timer")
    assert not is_template("foo@a@.timer")
    assert not is_template("foo.timer")


def test_prefixes_go_from_long_to_short_and_keep_the_instance() -> None:
    assert prefix_names("foo-bar-baz.service") == ("foo-bar-.service", "foo-.service")
    assert prefix_names("foo-bar@x-y.service") == ("foo-@x-y.service",)
    assert prefix_names("foo-bar@.service") == ("foo-.service",)
    assert prefix_names("foo-.service") == ()
    assert prefix_names("-foo.service") == ()
    assert prefix_names("foo.service") == ()


@given(st.text(alphabet="a-@.", max_size=30))
def test_prefixes_always_end(text: str) -> None:
    assert len(prefix_names(text + ".service")) <= len(text)


@pytest.mark.parametrize(
    "name",
    [
        "run-1234.timer",
        "run-u12.timer",
        "run-u12-s3.timer",
        "run-r0123456789abcdef0123456789abcdef.timer",
        "run-p4711-i4712.timer",
    ],
)
def test_invented_names_of_all_versions_have_one_normal_form(name: str) -> None:
    assert normal_transient(name) == "run-*.timer"


@pytest.mark.parametrize(
    "name", ["run-backup.timer", "run-u12x.timer", "xrun-u12.timer", "run-r0123.timer", "run-u1.conf"]
)
def test_chosen_names_are_not_taken_for_invented_ones(name: str) -> None:
    assert normal_transient(name) is None


def test_an_alias_must_be_of_the_same_type_and_instance() -> None:
    assert may_alias("sshd.service", "ssh.service")
    assert may_alias("a@x.service", "b@x.service")
    assert may_alias("a@x.service", "b@.service")
    assert may_alias("a@.service", "b@.service")
    assert not may_alias("a.service", "a.timer")
    assert not may_alias("a@x.service", "b@y.service")
    assert not may_alias("a.service", "b@.service")
    assert not may_alias("a@.service", "b@x.service")
    assert not may_alias("a.mount", "b.mount")
    assert not may_alias("a.service", "b.conf")


def test_escapes_in_names_are_bytes() -> None:
    assert unescape_unit_name(r"mnt-back\x2dup") == "mnt/back-up"
    assert unescape_unit_name(r"\xc3\xa9") == "é"
    assert unescape_unit_name(r"\xff") == "\udcff"


@given(st.text())
def test_unescaping_raises_on_no_text(text: str) -> None:
    unescape_unit_name(text)


def test_specifiers_of_the_name_are_expanded_and_machine_specific_ones_stay() -> None:
    assert expand_specifiers("%p-%i-%j.service", "foo-bar@x.timer") == "foo-bar-x-bar.service"
    assert expand_specifiers("%n|%N|%%i|%H|%", "a@b.timer") == "a@b.timer|a@b|%i|%H|%"
    assert [expand_specifiers("%f", name) for name in ("a@b-c.service", "srv-x.service", "a@-.service")] == [
        "/b/c",
        "/srv/x",
        "/",
    ]


def test_a_reference_to_a_template_means_an_instance() -> None:
    assert resolve_template("copy@.service", "nightly.timer") == "copy@nightly.service"
    assert resolve_template("copy@.service", "at@night.timer") == "copy@night.service"
    assert resolve_template("copy@.service", "at@.timer") == "copy@.service"
    assert resolve_template("copy@x.service", "nightly.timer") == "copy@x.service"


def test_paths_have_one_spelling_on_hosts_with_merged_usr() -> None:
    assert canonical_path("/lib/systemd/system/a.timer", merged_usr=True) == "/usr/lib/systemd/system/a.timer"
    assert canonical_path("/bin", merged_usr=True) == "/usr/bin"
    assert canonical_path("/sbin/x", merged_usr=True) == "/usr/sbin/x"
    assert canonical_path("/library/x", merged_usr=True) == "/library/x"
    assert canonical_path("/lib/x", merged_usr=False) == "/lib/x"
    assert canonical_path("//etc/./systemd//../x/", merged_usr=True) == "/etc/x"
    assert canonical_path("/../../dev/null", merged_usr=True) == "/dev/null"
    assert canonical_path("relative", merged_usr=True) == "relative"


def test_the_type_is_the_suffix_and_nothing_else() -> None:
    assert unit_type("a.b.timer") == "timer"
    assert unit_type("a.Timer") is None
    assert unit_type("timer") is None
