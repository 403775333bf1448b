from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetscan.config import SettingOrigin, Settings, load_settings, setting_table
from fleetscan.errors import ConfigError
from fleetscan.model.drift import Severity
from fleetscan.model.host import SecretKind, SecretRef
from tests.unit.config.conftest import Write, load, refuse


def test_without_anything_the_defaults_hold() -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert loaded.config_path is None
    assert set(loaded.origins) == {info.name for info in setting_table()}
    assert set(loaded.origins.values()) == {SettingOrigin("default", "")}


def test_flag_beats_variable_beats_file_beats_default(write: Write) -> None:
    path = write("concurrency = 1\nhandshakes = 1\nlocale = 'en'\n\n[smtp]\nport = 1\n")
    environ = {"FLEETSCAN_CONCURRENCY": "2", "FLEETSCAN_HANDSHAKES": "2", "FLEETSCAN_SMTP_HOST": "mail.example.org"}
    loaded = load({"concurrency": 3}, environ, path)
    assert loaded.settings.concurrency == 3
    assert loaded.settings.handshakes == 2
    assert loaded.settings.smtp.port == 1
    assert loaded.settings.smtp.host == "mail.example.org"
    origins = {name: str(origin) for name, origin in loaded.origins.items()}
    assert origins["concurrency"] == "--concurrency"
    assert origins["handshakes"] == "FLEETSCAN_HANDSHAKES"
    assert origins["smtp.port"] == f"{path}:6"
    assert origins["smtp.host"] == "FLEETSCAN_SMTP_HOST"
    assert origins["locale"] == f"{path}:3"
    assert origins["color"] == "default"


def test_flags_that_were_not_given_do_not_count() -> None:
    loaded = load({"concurrency": None, "known_hosts": [], "ciphers": ()}, {"FLEETSCAN_KNOWN_HOSTS": "a,b"})
    assert loaded.settings.concurrency == Settings().concurrency
    assert loaded.settings.known_hosts == (Path("a"), Path("b"))


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(environ={"FLEETSCAN_CONCURRENCY": ""}).origins["concurrency"].source == "default"


def test_file_in_the_current_folder_is_found_and_named_ones_come_first(folder: Path, write: Write) -> None:
    (folder / "fleetscan.toml").write_text("concurrency = 7\n", encoding="utf-8")
    named = write("concurrency = 8\n")
    other = folder / "other.toml"
    other.write_text("concurrency = 9\n", encoding="utf-8")
    environ = {"FLEETSCAN_CONFIG": str(named)}
    assert load().settings.concurrency == 7
    assert load(environ=environ).settings.concurrency == 8
    assert load(environ=environ, path=other).settings.concurrency == 9


def test_values_of_every_type_are_read_from_each_layer(write: Write) -> None:
    path = write('fail_on = "high"\nmin_prevalence = 1\nciphers = ["aes128-gcm@openssh.com"]\nvisit_timeout_s = 2.5\n')
    from_file = load(path=path).settings
    assert (from_file.fail_on, from_file.min_prevalence, from_file.visit_timeout_s) == (Severity.HIGH, 1.0, 2.5)
    assert from_file.ciphers == ("aes128-gcm@openssh.com",)
    environ = {"FLEETSCAN_FAIL_ON": "low", "FLEETSCAN_MIN_PREVALENCE": "0.25", "FLEETSCAN_CIPHERS": "a, b"}
    from_environment = load(environ=environ).settings
    assert (from_environment.fail_on, from_environment.min_prevalence) == (Severity.LOW, 0.25)
    assert from_environment.ciphers == ("a", "b")
    from_flags = load({"fail_on": Severity.INFO, "inventory": Path("x.yaml"), "ciphers": ["a", "b"]}).settings
    assert (from_flags.fail_on, from_flags.inventory, from_flags.ciphers) == (Severity.INFO, Path("x.yaml"), ("a", "b"))


def test_relative_paths_in_the_file_start_at_its_folder(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    path = write(
        """
inventory = "hosts.yaml"
database = "sqlite:///data/fleet.db?timeout=5"
known_hosts = ["known", "/etc/known", "~/known"]
report_dir = "../out"
[smtp]
ca_file = "ca.pem"
password = "file:secret"
"""
    )
    found = load(path=path).settings
    here = path.parent
    assert found.inventory == here / "hosts.yaml"
    assert found.database == f"sqlite:///{here}/data/fleet.db?timeout=5"
    assert found.known_hosts == (here / "known", Path("/etc/known"), Path("/home/me/known"))
    assert found.report_dir == here / "../out"
    assert found.smtp.ca_file == here / "ca.pem"
    assert found.smtp.password == SecretRef(SecretKind.FILE, str(here / "secret"))


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:////var/x.db", "postgresql://u@h/x", "sqlite://"])
def test_databases_without_a_relative_file_stay_as_they_are(write: Write, url: str) -> None:
    assert load(path=write(f'database = "{url}"')).settings.database == url


def test_all_faults_are_told_with_their_origin(write: Write) -> None:
    path = write('concurency = 5\nlog_level = "loud"\n\n[smtp]\nport = "abc"\nprot = 1\n')
    message = refuse(
        {"min_prevalence": 2},
        {"FLEETSCAN_HANDSHAKES": "many", "FLEETSCAN_COLOUR": "never", "FLEETSCAN_COLOR": "red"},
        path,
    )
    assert message == "8 settings are wrong: " + "; ".join(
        [
            f"{path}:1: concurency: unknown key; did you mean 'concurrency'?",
            f"{path}:6: smtp.prot: unknown key; did you mean 'smtp.port'?",
            "FLEETSCAN_COLOUR: no setting has this environment variable; did you mean 'FLEETSCAN_COLOR'?",
            "FLEETSCAN_HANDSHAKES: 'many': expected a whole number from 1 to 10000",
            "--min-prevalence: 2: expected a number above 0, at most 1",
            f"{path}:2: log_level: 'loud': expected debug, info, warning or error",
            "FLEETSCAN_COLOR: 'red': expected auto, always or never",
            f"{path}:5: smtp.port: 'abc': expected a whole number from 1 to 65535",
        ]
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("concurrency", True, "expected a whole number"),
        ("concurrency", 0, "expected a whole number"),
        ("concurrency", 1.5, "expected a whole number"),
        ("max_output_bytes", 5, "expected a whole number from 65536"),
        ("visit_timeout_s", -1, "expected a number above 0"),
        ("visit_timeout_s", float("nan"), "expected a number above 0"),
        ("visit_timeout_s", True, "expected a number above 0"),
        ("fail_on", "never", "expected one of info, low, medium, high, critical"),
        ("fail_on", 2, "expected one of info"),
        ("database", "mysql://u@h/x", "expected sqlite:///FILE or postgresql://"),
        ("database", 5, "expected one line of text"),
        ("known_hosts", 5, "expected a list"),
        ("ciphers", ["AES 128"], "expected a list of cipher names"),
        ("inventory", "", "expected a path"),
        ("smtp.host", "a\nb", "expected one line of text"),
        ("smtp.sender", "Evil\r\nBcc: x <a@example.org>", "expected one line of text"),
        ("smtp.sender", "nobody", "expected an address"),
        ("smtp.list_domain", "a b", "expected a domain"),
        ("smtp.report_url", "javascript:alert(1)", "expected a URL"),
        ("smtp.report_url", "https://u:p@example.org/", "expected a URL"),
        ("smtp.security", "ssl", "expected none, starttls or tls"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_expected(name: str, value: object, words: str) -> None:
    assert words in refuse({name: value})


@pytest.mark.parametrize("sender", ["scan@example.org", "Fleet scan <scan@example.org>"])
def test_sender_is_an_address_with_or_without_a_name(sender: str) -> None:
    assert load({"smtp.sender": sender}).settings.smtp.sender == sender


def test_unknown_flags_are_refused() -> None:
    assert "there is no setting 'concurency'; did you mean 'concurrency'?" in refuse({"concurency": 1})


def test_variables_for_secrets_of_the_user_are_left_alone() -> None:
    loaded = load(environ={"FLEETSCAN_SECRET_SMTP": "x", "FLEETSCAN_SMTP_PASSWORD": "env:FLEETSCAN_SECRET_SMTP"})
    assert loaded.settings.smtp.password == SecretRef(SecretKind.ENV, "FLEETSCAN_SECRET_SMTP")


@pytest.mark.parametrize("value", ["hunter2", "env:", "env:hunter2!", "hunter2:env", 12345])
def test_a_password_in_plain_text_is_refused_and_never_repeated(value: object) -> None:
    message = refuse({"smtp.password": value})
    assert "env:NAME" in message
    assert "hunter2" not in message
    assert "12345" not in message


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@h/x", "postgresql://h/x?user=u&password=hunter2"])
def test_a_password_in_the_database_url_is_for_the_environment_only(write: Write, url: str) -> None:
    for message in (refuse({"database": url}), refuse(path=write(f'database = "{url}"'))):
        assert "must not stand here" in message
        assert "hunter2" not in message
    loaded = load(environ={"FLEETSCAN_DATABASE": url})
    assert loaded.settings.database == url
    assert "hunter2" not in repr(loaded)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"concurrency = \n", "not valid TOML"),
        (b"a = 1\na = 2\n", "not valid TOML"),
        (b"x = " + b"[" * 100_000, "not valid TOML"),
        (b"\n# \xff\n", ":2: not UTF-8 text"),
        (b"#" * (1024 * 1024 + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_not_toml_is_refused(folder: Path, data: bytes, words: str) -> None:
    path = folder / "fleetscan.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=words):
        load()


def test_a_named_file_that_is_missing_is_refused(folder: Path) -> None:
    assert "cannot be read: No such file" in refuse(path=folder / "nope.toml")
    assert "cannot be read: No such file" in refuse(environ={"FLEETSCAN_CONFIG": "nope.toml"})


def test_a_section_that_is_no_table_is_refused(write: Write) -> None:
    assert "smtp: expected a table, [smtp]" in refuse(path=write('smtp = "mail.example.org"\n'))


_TOML_WORDS = (
    "concurrency smtp [smtp] smtp.port database fail_on known_hosts = [ ] { } , 1 true 'x' \"sqlite:///y\" 1.5 # ."
)
_TOML_PIECES = st.sampled_from([*_TOML_WORDS.split(), "\n", " = "])


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=100) | st.lists(_TOML_PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode()))
def test_loading_raises_nothing_but_config_errors_on_any_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(data)
    caught = None
    try:
        load_settings({}, {}, path)
    except ConfigError as error:
        caught = error
    if caught:
        assert caught.message.isprintable()
