import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.systemd.partial_text import HOLE
from fleetscan.systemd.references import MAX_REFERENCES, parse_references, resolve_name


def found(text: str, version: int = 252) -> list[tuple[str, str, int]]:
    return [(r.key, r.name, r.line) for r in parse_references(text.encode(), version).found]


def test_directives_that_start_units_are_found_with_their_line() -> None:
    text = "[Unit]\nDescription=x\nWants=a.service  b.service\nOnFailure='c.service'\n[Service]\nSockets=d.socket\n"
    assert found(text) == [
        ("Wants", "a.service", 3),
        ("Wants", "b.service", 3),
        ("OnFailure", "c.service", 4),
        ("Sockets", "d.socket", 6),
    ]


@pytest.mark.parametrize(
    "line",
    ["Requisite=a.service", "PartOf=a.service", "After=a.service", "WantsMountsFor=/x", "PropagatesStopTo=a.service"],
)
def test_directives_that_start_nothing_are_not(line: str) -> None:
    assert found(f"[Unit]\n{line}\n") == []


def test_a_directive_counts_in_its_own_section_only() -> None:
    assert found("[Install]\nWants=a.service\n[Service]\nUnit=a.service\n[unit]\nWants=a.service\n") == []


def test_the_key_may_stand_before_a_continued_line() -> None:
    assert found("[Unit]\nWants\\\n=a.service\n") == [("Wants", "a.service", 2)]


@pytest.mark.parametrize("key", ["OnSuccess", "Upholds"])
def test_newer_directives_do_nothing_on_older_versions(key: str) -> None:
    text = f"[Unit]\n{key}=a.service\n"
    assert found(text, 248) == []
    assert found(text, 249) == found(text, 0) == [(key, "a.service", 2)]


def test_a_refused_text_is_told() -> None:
    assert parse_references(b"[Unit]\nWants=a.service\n[Broken\n", 252).refused
    assert parse_references(b"[Unit\nWants=", 252).refused
    assert not parse_references(b"[Unit]\nWants=a.service\n", 252).refused


def test_names_are_bounded() -> None:
    assert len(found("[Unit]\nWants=" + "a.service " * 5000)) == MAX_REFERENCES


@pytest.mark.parametrize(
    ("name", "owner", "expected"),
    [
        ("a.service", "b.service", "a.service"),
        ("a@%i.service", "b@x.service", "a@x.service"),
        ("a@%i.service", "b@.service", f"a@{HOLE}.service"),
        ("a@%n.service", "b.service", "a@b.service.service"),
        ("%p-x.service", "b@.service", "b-x.service"),
        ("a@.service", "b.service", "a@b.service"),
        ("a@.service", "b@x.service", "a@x.service"),
        ("a@.service", "b@.service", f"a@{HOLE}.service"),
        ("a@.service", "b-.service", f"a@{HOLE}.service"),
        ("fail-%N.service", "service.d", f"fail-{HOLE}.service"),
        ("a-%H.service", "b.service", f"a-{HOLE}.service"),
        ("%H.service", "b.service", None),
        ("@.service", "b@.service", None),
        ("a", "b.service", None),
        ("a" * 300 + ".service", "b.service", None),
    ],
)
def test_a_name_means_what_it_means_for_its_owner(name: str, owner: str, expected: str | None) -> None:
    assert resolve_name(name, owner) == expected


@given(st.binary(max_size=300), st.integers(0, 262))
def test_no_bytes_raise(data: bytes, version: int) -> None:
    for prefix in (b"", b"[Unit]\nWants=", b"[Path]\nUnit="):
        for reference in parse_references(prefix + data, version).found:
            resolve_name(reference.name, "a@b.service")
