"""The sinks of fleetscan.toml: what is accepted, and that no message repeats what may be a secret."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.config import load_settings, setting_table
from fleetscan.config.sinks import SinkSettings, parse_sinks
from fleetscan.errors import ConfigError
from fleetscan.model.drift import Severity
from fleetscan.model.host import SecretKind, SecretRef
from tests.unit.config.conftest import Write

HTTP = {"name": "grc", "kind": "http", "url": "https://grc.example.org/api", "template": "generic.json.j2"}
SECRET = "hunter2-0123456789"


def refuse(*sinks: object) -> str:
    with pytest.raises(ValueError, match=r"expected|sink|http") as caught:
        parse_sinks(list(sinks))
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_sinks_are_read_with_their_defaults(write: Write) -> None:
    path = write(
        """
        concurrency = 7
        [smtp]
        host = "mail.example.org"
        [[sinks]]
        name = "qradar"
        kind = "syslog"
        host = "siem.example.org"
        format = "leef"
        transport = "tls"
        port = 6514
        ca_file = "ca.pem"
        min_severity = "high"
        [[sinks]]
        name = "grc"
        kind = "http"
        url = "https://grc.example.org/api"
        template = "./mine.json.j2"
        token = "file:token.txt"
        [sinks.headers]
        X-Team = "blue"
        [sinks.secret_headers]
        X-Api-Key = "env:FLEETSCAN_SECRET_KEY"
        """
    )
    settings = load_settings({}, {}, path).settings
    syslog, http = settings.sinks
    assert (settings.concurrency, settings.smtp.host) == (7, "mail.example.org")
    assert (syslog.name, syslog.format, syslog.min_severity, syslog.batch_size) == (
        "qradar",
        "leef",
        Severity.HIGH,
        100,
    )
    assert syslog.ca_file == path.parent / "ca.pem"
    assert http.template == str(path.parent / "./mine.json.j2")
    assert http.token == SecretRef(SecretKind.FILE, str(path.parent / "token.txt"))
    assert http.secret_headers == {"X-Api-Key": SecretRef(SecretKind.ENV, "FLEETSCAN_SECRET_KEY")}
    assert (http.headers, http.batch_size, http.min_severity) == ({"X-Team": "blue"}, 1, Severity.LOW)


def test_a_url_may_be_a_pointer_and_a_shipped_template_stays_a_name() -> None:
    [sink] = parse_sinks([HTTP | {"url": "env:SLACK_URL", "template": "slack.json.j2"}])
    assert sink.url == SecretRef(SecretKind.ENV, "SLACK_URL")
    assert sink.template == "slack.json.j2"


def test_sinks_have_neither_flag_nor_variable() -> None:
    assert [info.name for info in setting_table() if info.name.startswith("sinks")] == []
    with pytest.raises(ConfigError, match="FLEETSCAN_SINKS: no setting"):
        load_settings({}, {"FLEETSCAN_SINKS": "[]"})
    with pytest.raises(ConfigError, match="no setting 'sinks'"):
        load_settings({"sinks": []}, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "Mine!"}, "sink number 1: name: expected a name"),
        ({"kind": "pigeon"}, "sink grc: kind: expected syslog, hec or http"),
        ({"url": f"ftp://{SECRET}"}, "sink grc: url: expected a URL"),
        ({"url": ""}, "sink grc: http needs url"),
        ({"template": ""}, "sink grc: http needs template"),
        ({"kind": "hec"}, "sink grc: hec needs token"),
        ({"kind": "syslog"}, "sink grc: syslog needs host"),
        ({"kind": "hec", "token": "env:X", "about": "hosts"}, "only http can be told of hosts"),
        ({"token": SECRET}, "sink grc: token: a secret in plain text is not accepted"),
        ({"secret_headers": {"X-Key": SECRET}}, "sink grc: secret_headers: a secret in plain text"),
        ({"headers": {"Authorization": SECRET}}, "Authorization goes into secret_headers"),
        ({"headers": {"X-Api-Key": SECRET}}, "X-Api-Key goes into secret_headers"),
        ({"headers": {"X-A": f"a\n{SECRET}"}}, "expected one line of ASCII text for X-A"),
        ({"headers": {"X A": SECRET}}, "expected a table of headers"),
        ({"headers": SECRET}, "expected a table of headers"),
        ({"token": "env:X", "secret_headers": {"authorization": "env:Y"}}, "the same"),
        ({"port": SECRET}, "sink grc: port: expected a whole number from 1 to 65535"),
        ({"timeout_s": 0}, "sink grc: timeout_s: expected a number above 0"),
        ({"min_severity": "loud"}, "sink grc: min_severity: expected one of info"),
        ({"batch": 501}, "sink grc: batch: expected a whole number from 1 to 500"),
        ({"method": "GET"}, "sink grc: method: expected POST, PUT or PATCH"),
        ({"password": SECRET}, "sink grc: password: unknown key"),
        ({"x\n\x1b[2J": SECRET}, r"x\n\x1b[2J: unknown key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_wrong_sink_is_refused_with_what_is_expected(change: dict[str, object], words: str) -> None:
    assert words in refuse(HTTP | change)


def test_all_faults_of_all_sinks_are_told_at_once() -> None:
    told = refuse(HTTP | {"port": 0, "batch": 0}, "x", HTTP | {"name": "two", "kind": 3}, HTTP, HTTP)
    for words in ("sink grc: port", "sink grc: batch", "sink number 2: expected a table", "sink two: kind"):
        assert words in told
    assert "two sinks are named grc" in told


def test_what_is_no_list_of_tables_is_refused(write: Write) -> None:
    for text in ("sinks = 3", f'sinks = "{SECRET}"', f'[sinks]\nname = "{SECRET}"'):
        with pytest.raises(ConfigError, match=r"expected tables \[\[sinks\]\]") as caught:
            load_settings({}, {}, write(text))
        assert SECRET not in str(caught.value)
    with pytest.raises(ValueError, match="at most 100"):
        parse_sinks([HTTP] * 101)


def test_a_fault_in_a_sink_names_the_file_and_its_line_and_no_value(write: Write) -> None:
    path = write(f'concurrency = 3\n[[sinks]]\nname = "siem"\nkind = "hec"\nurl = "https://h"\ntoken = "{SECRET}"\n')
    with pytest.raises(ConfigError) as caught:
        load_settings({}, {}, path)
    assert f"{path}:2: sinks: sink siem: token" in caught.value.message
    assert SECRET not in caught.value.message


def test_keys_of_sinks_are_not_taken_for_those_of_another_section(write: Write) -> None:
    text = '[smtp]\nuser = "a"\n[[sinks]]\nname = "s"\nkind = "syslog"\nhost = "h"\n'
    loaded = load_settings({}, {}, write(text))
    assert loaded.origins["smtp.host"].source == "default"
    assert loaded.settings.sinks[0].host == "h"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
_KEYS = st.sampled_from(sorted(SinkSettings.model_fields)) | st.text(max_size=5)


@given(st.lists(st.dictionaries(_KEYS, _VALUES, max_size=6) | _VALUES, max_size=3))
def test_anything_is_accepted_or_refused_in_one_line(value: list[object]) -> None:
    told = ""
    try:
        count = len(parse_sinks(value))
    except ValueError as error:
        told, count = str(error), len(value)
    assert told.isprintable()
    assert count == len(value)


def test_a_path_of_the_users_home_is_kept(write: Write) -> None:
    text = '[[sinks]]\nname = "s"\nkind = "http"\nurl = "https://h"\ntemplate = "~/x/y.j2"\nca_file = "~/ca.pem"\n'
    [sink] = load_settings({}, {}, write(text)).settings.sinks
    assert sink.template == "~/x/y.j2"
    assert sink.ca_file == Path("~/ca.pem").expanduser()
