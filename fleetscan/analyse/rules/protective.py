"""Units that update a host or watch over it: to remove, mask or slow one down is a gain for an intruder."""

import re
from collections.abc import Iterable

_NAMES_TEXT = """
    aide aidecheck amazon-ssm-agent apparmor apport-autoreport apt-daily apt-daily-upgrade arpwatch audit-rules
    auditbeat auditd auoms aureport azuremonitoragent besclient cbagentd cbdaemon cfengine3 check-mk-agent
    chkrootkit clamav-clamonacc clamav-daemon clamav-freshclam clamav-freshclam-once clamonacc cloudwatch-agent
    crowdsec cylancesvc cyserver dailyaidecheck datadog-agent debsecan debsums dnf-automatic
    dnf-automatic-download dnf-automatic-install dnf-automatic-notifyonly dnf-makecache dnf5-automatic
    dnf5-makecache dragent ds_agent elastic-agent elastic-endpoint esm-cache fail2ban falco falcon-sensor
    filebeat firewalld fluent-bit fwupd-refresh ipsec iptables ir_agent kesl klnagent64 laurel limacharlie lynis
    maldet mdatp metricbeat nessusagent nftables node_exporter omi omsagent orchestrator osqueryd ossec
    ossec-hids packagekit-background packetbeat prometheus-node-exporter puppet qualys-cloud-agent rapid7-agent
    rkhunter rpm-ostreed-automatic rsyslog samhain sav-protect selinux-autorelabel sentinelagent sentinelone
    snapd.refresh snoopy sophos-spl splunkd splunkforwarder suricata sysdig-agent syslog syslog-ng sysmon
    systemd-journal-remote systemd-journal-upload systemd-journald systemd-timesyncd ta_agent tanium
    taniumclient td-agent tetragon transactional-update traps_pmd tripwire ua-timer ubuntu-advantage
    ubuntu-security-status ufw unattended-upgrades unbound-anchor update-notifier-download usbguard velociraptor
    velociraptor_client wazuh-agent xagt yast2-online-update yum-cron zabbix-agent zabbix-agent2 zypper-patch
"""
_NAMES = frozenset(_NAMES_TEXT.split())
_PATTERNS = re.compile(
    r"(?:^|[-_.])(?:aide|rkhunter|chkrootkit|clam(?:av|scan|d)?|freshclam|lynis|tripwire|osquery\w*|wazuh|ossec|auditd?|edr|"
    r"antivirus|malware|integrity|fim|security|unattended|patch(?:ing|es)?|updates?|upgrades?|autoupdate|vuln\w*|siem|"
    r"forensics?|ids|hids|fail2ban|falcon|crowdstrike|sentinel\w*|defender|endpoint|firewall|debsecan|debsums)(?:$|[-_.@])"
)


def is_protective_name(names: Iterable[str]) -> bool:
    """Tell whether one of the names of a unit is that of something which protects a host.

    Args:
        names: With or without suffix, instances too.
    """
    for name in names:
        stem = re.sub(r"\.(?:timer|service|socket|path|target|mount)$", "", name[:256]).partition("@")[0].lower()
        if stem in _NAMES or _PATTERNS.search(stem):
            return True
    return False
