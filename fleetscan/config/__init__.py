"""Settings: flags > environment `FLEETSCAN_*` > fleetscan.toml > defaults; validated once, frozen."""

from fleetscan.config.layers import SettingOrigin
from fleetscan.config.loading import CONFIG_NAME, LoadedSettings, load_settings
from fleetscan.config.settings import Settings, SmtpSettings
from fleetscan.config.table import SettingInfo, find_setting, render_value, setting_table
from fleetscan.config.template import render_config_template

__all__ = [
    "CONFIG_NAME",
    "LoadedSettings",
    "SettingInfo",
    "SettingOrigin",
    "Settings",
    "SmtpSettings",
    "find_setting",
    "load_settings",
    "render_config_template",
    "render_value",
    "setting_table",
]
