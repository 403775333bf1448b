"""The commented fleetscan.toml that a new user starts from."""

import textwrap

from fleetscan.config.table import setting_table

_HEAD = """\
# Settings of fleetscan. All of them stand here with their defaults: take the '#' away from a line to change it.
# Each has a flag and an environment variable too; flags win over variables, variables over this file.
# `fleetscan config show` tells which one won. Relative paths start at the folder of this file.
"""
_WIDTH = 118


def render_config_template() -> str:
    """Write fleetscan.toml with every setting commented out.

    Setting lines and section lines begin with `#` and no space, all other comments with `# `; so taking one `#` from
    the former gives a file that says what the defaults say.
    """
    lines = [_HEAD]
    section = ""
    for info in setting_table():
        own_section, _, key = info.name.rpartition(".")
        if own_section != section:
            section = own_section
            lines += [f"#[{section}]", ""]
        lines += textwrap.wrap(info.help, _WIDTH, initial_indent="# ", subsequent_indent="# ")
        lines += [f"# {info.flag}, {info.env}: {info.type}", f"#{key} = {info.default}", ""]
    return "\n".join(lines).rstrip() + "\n"
