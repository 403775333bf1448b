"""Why a command of sudo matters, or that it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.model.grant import Reach
from fleetscan.probe.sudo_reach import find_reach


@pytest.mark.parametrize(
    ("command", "reach"),
    [
        ("ALL", Reach.ALL),
        ("sha256:00ff ALL", Reach.ALL),
        ("/usr/bin/", Reach.ALL),
        ("/usr/sbin/*", Reach.ALL),
        ("/usr/*/*", Reach.ALL),
        ("^/.*$", Reach.ALL),
        ("/usr/sbin/visudo", Reach.ALL),
        ("/bin/bash", Reach.SHELL),
        ('/bin/sh ""', Reach.SHELL),
        ("/bin/sh -c *", Reach.SHELL),
        ("/usr/bin/su - postgres", Reach.SHELL),
        ("/usr/sbin/usermod", Reach.SHELL),
        ("/usr/bin/env", Reach.SHELL),
        ("/usr/bin/less /var/log/syslog", Reach.ESCAPE),
        ("/usr/bin/vim.tiny /etc/motd", Reach.ESCAPE),
        ("/usr/bin/python3.11", Reach.ESCAPE),
        ("/usr/bin/find /var -name *", Reach.ESCAPE),
        ("/usr/bin/journalctl -u a", Reach.ESCAPE),
        ("/usr/bin/systemd-run", Reach.RUN),
        ("/usr/bin/sys*", Reach.RUN),
        ("/usr/bin/busctl call x", Reach.RUN),
        ("/usr/bin/systemctl restart a.service", Reach.SYSTEMCTL),
        ("/bin/systemctl", Reach.SYSTEMCTL),
        ("^/usr/bin/systemctl$ ^start [a-z]+$", Reach.SYSTEMCTL),
        ("/usr/sbin/service nginx restart", Reach.SYSTEMCTL),
        ("/usr/bin/tee /etc/systemd/system/a.service", Reach.EDIT),
        ("/usr/bin/tee", Reach.EDIT),
        ("/usr/bin/cp * /etc/*", Reach.EDIT),
        ("/opt/deploy /etc/systemd/system/a.timer", Reach.EDIT),
        ("sudoedit", Reach.EDIT),
        ("sudoedit /etc/systemd/system/a.service", Reach.EDIT),
        ("sudoedit /etc/*", Reach.EDIT),
        ("/usr/bin/dd of=/usr/lib/systemd/system/a.timer", Reach.EDIT),
    ],
)
def test_what_leads_to_units_is_told_with_its_way(command: str, reach: Reach) -> None:
    assert find_reach(command, is_noexec=False) is reach


@pytest.mark.parametrize(
    "command",
    [
        "/usr/bin/uptime",
        "/opt/app/*",
        "/opt/app/",
        "/bin/bash /opt/fixed.sh",
        "/usr/bin/python3 /opt/fixed.py",
        "/usr/bin/cp /opt/a /srv/a",
        "/usr/bin/find /var/tmp -delete",
        "/usr/bin/cat /etc/systemd/system/a.service",
        "sudoedit /etc/motd",
        "sudoedit /srv/www/*",
        'sha256:00 /usr/local/libexec/fleetscan-probe ""',
        "^/opt/[a-z]+$",
        "",
    ],
)
def test_what_leads_nowhere_is_not_told(command: str) -> None:
    assert find_reach(command, is_noexec=False) is None


def test_with_noexec_an_editor_still_edits_and_a_pager_does_nothing() -> None:
    assert find_reach("/usr/bin/vi", is_noexec=True) is Reach.EDIT
    assert find_reach("/usr/bin/less /var/log/syslog", is_noexec=True) is None
    assert find_reach("/bin/sh", is_noexec=True) is Reach.SHELL


@given(st.text(alphabet=st.sampled_from('/abinlsyctem*?[]^$.\\ "'), max_size=60))
def test_no_command_of_a_host_raises(command: str) -> None:
    find_reach(command, is_noexec=False)
