import re
import tomllib

from fleetscan.config import (
    LoadedSettings,
    Settings,
    find_setting,
    load_settings,
    render_config_template,
    render_value,
    setting_table,
)
from fleetscan.model.host import SecretKind, SecretRef
from tests.unit.config.conftest import Write


def _uncomment(template: str) -> str:
    return "\n".join(re.sub(r"^#(?! )", "", line) for line in template.splitlines())


def test_every_setting_has_its_own_flag_variable_type_and_help() -> None:
    table = setting_table()
    assert len({info.flag for info in table}) == len({info.env for info in table}) == len(table)
    for info in table:
        assert re.fullmatch(r"--[a-z]+(-[a-z]+)*", info.flag)
        assert re.fullmatch(r"FLEETSCAN_[A-Z_]+", info.env)
        assert info.type
        assert info.help.endswith(".")


def test_flags_and_variables_follow_from_the_name() -> None:
    rows = {info.name: info for info in setting_table()}
    assert (rows["smtp.host"].flag, rows["smtp.host"].env) == ("--smtp-host", "FLEETSCAN_SMTP_HOST")
    assert rows["connect_timeout_s"].flag == "--connect-timeout"
    assert rows["visit_timeout_s"].flag == "--timeout"
    assert (rows["fail_on"].default, rows["fail_on"].type) == ('"medium"', "info|low|medium|high|critical")
    assert rows["color"].type == "auto|always|never"


def test_template_is_all_comments_and_loads_as_nothing(write: Write) -> None:
    template = render_config_template()
    assert all(not line or line.startswith("#") for line in template.splitlines())
    assert max(len(line) for line in template.splitlines()) <= 120
    assert load_settings({}, {}, write(template)).settings == Settings()


def test_template_with_all_lines_uncommented_says_the_defaults(write: Write) -> None:
    text = _uncomment(render_config_template())
    data = tomllib.loads(text)
    names = [key for key, value in data.items() if not isinstance(value, dict)]
    names += [f"{section}.{key}" for section, inner in data.items() if isinstance(inner, dict) for key in inner]
    assert names == [info.name for info in setting_table()]
    path = write(text)
    loaded = load_settings({}, {}, path)
    assert _relative_to(path.parent.as_posix(), loaded) == {
        info.name: render_value(find_setting(Settings(), info.name)) for info in setting_table()
    }
    assert {origin.source for origin in loaded.origins.values()} == {"file"}


def _relative_to(folder: str, loaded: LoadedSettings) -> dict[str, str]:
    """Write all values as they would be had the file been in the current folder."""
    return {
        info.name: render_value(find_setting(loaded.settings, info.name)).replace(f"{folder}/", "")
        for info in setting_table()
    }


def test_values_are_shown_as_the_file_has_them_and_without_passwords() -> None:
    assert render_value(SecretRef(SecretKind.COMMAND, "pass show x")) == '"command:pass show x"'
    assert render_value("postgresql://u:hunter2@db.example.org/fleet") == '"postgresql://…@db.example.org/fleet"'
    assert render_value("postgresql://h/x?password=hunter2") == '"postgresql://…@h/x"'
    assert render_value('say "hi"') == r'"say \"hi\""'
    assert render_value(("a", "b")) == '["a", "b"]'
    assert render_value(None) == '""'
