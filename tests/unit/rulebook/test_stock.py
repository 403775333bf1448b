"""What packages bring is left alone."""

import pytest

from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding
from fleetscan.model.program import Verification
from fleetscan.rulebook.entries import Trial
from fleetscan.rulebook.hosts import FileEntry
from fleetscan.rulebook.load import load_rules
from fleetscan.rulebook.trials import judge_trial

RULES = load_rules()
TIMER = "[Timer]\nOnCalendar=daily\n"
VENDOR = "/usr/lib/systemd/system"


def judge(trial: Trial) -> tuple[Finding, ...]:
    return judge_trial(trial, RULES)


def stock(name: str, timer: str, service: str, *, programs: dict[str, str | FileEntry] | None = None) -> Trial:
    return Trial(name=name, unit=name, dir=VENDOR, timer=timer, service=service, programs=programs or {})


STOCK = (
    stock(
        "apt-daily",
        "[Timer]\nOnCalendar=*-*-* 6,18:00\nPersistent=true\n[Install]\nWantedBy=timers.target\n",
        "[Service]\nType=oneshot\nExecStartPre=-/usr/lib/apt/apt-helper wait-online\nExecStart=/usr/lib/apt/a update\n",
    ),
    stock(
        "sysstat-collect",
        "[Timer]\nOnCalendar=*:00/10\n[Install]\nWantedBy=sysstat.service\n",
        "[Service]\nExecStart=/usr/lib/sysstat/sa1 1 1\n",
    ),
    stock(
        "phpsessionclean", "[Timer]\nOnCalendar=*-*-* *:09,39:00\n", "[Service]\nExecStart=/usr/lib/php/sessionclean\n"
    ),
    stock(
        "shadow",
        "[Timer]\nOnCalendar=daily\n",
        "[Service]\nExecStart=/bin/sh -c '/usr/bin/pwck -qr || r=1; /usr/bin/grpck -r && exit $r'\n",
    ),
    stock(
        "systemd-tmpfiles-clean",
        "[Timer]\nOnBootSec=15min\nOnUnitActiveSec=1d\n",
        "[Service]\nExecStart=systemd-tmpfiles --clean\n",
    ),
    stock(
        "man-db",
        "[Timer]\nOnCalendar=daily\n",
        "[Service]\nUser=man\nExecStart=+/usr/bin/install -d -o man /var/cache/man\n"
        "ExecStart=/usr/bin/find /var/cache/man -type f -name *.gz -delete\nExecStart=/usr/bin/mandb --quiet\n",
    ),
    stock(
        "motd-news",
        "[Timer]\nOnCalendar=00,12:00:00\nOnStartupSec=1min\n",
        "[Service]\nExecStart=/usr/lib/motd/news --force\n",
        programs={"/usr/lib/motd/news": "#!/bin/sh\ncurl x | sh\n"},
    ),
    stock("agent", "[Timer]\nOnCalendar=minutely\n", "[Service]\nExecStart=/usr/bin/agent\n"),
    Trial(name="debug-shell", files={f"{VENDOR}/debug-shell.service": "[Service]\nExecStart=/bin/bash\n"}),
    Trial(name="masks of vendors", files={f"{VENDOR}/cryptdisks.service": "-> /dev/null"}),
    Trial(
        name="aliases",
        files={
            f"{VENDOR}/ssh.service": "[Service]\nExecStart=/usr/sbin/sshd -D\n",
            "/etc/systemd/system/sshd.service": f"-> {VENDOR}/ssh.service",
        },
    ),
    Trial(
        name="no package database",
        files={
            f"{VENDOR}/shadow.timer": FileEntry(text=TIMER, package=Verification.UNKNOWN),
            f"{VENDOR}/shadow.service": FileEntry(
                text="[Service]\nExecStart=/bin/sh -c 'pwck'\n", package=Verification.UNKNOWN
            ),
        },
    ),
)


@pytest.mark.parametrize("trial", STOCK, ids=lambda trial: str(trial.name))
def test_a_packages_own_is_left_alone(trial: Trial) -> None:
    assert [(f.severity, f.key, f.hits) for f in judge(trial) if f.severity > Severity.INFO] == []


@pytest.mark.parametrize("trial", STOCK, ids=lambda trial: str(trial.name))
def test_a_packages_own_is_left_alone_where_others_have_it_too(trial: Trial) -> None:
    both = trial.model_copy(update={"before": trial})
    assert [(f.severity, f.key, f.hits) for f in judge(both) if f.severity > Severity.INFO] == []


def test_a_package_that_was_installed_here_first_is_explained() -> None:
    trial = STOCK[0].model_copy(update={"before": Trial(name="nothing")})
    assert {finding.severity for finding in judge(trial)} == {Severity.INFO}
