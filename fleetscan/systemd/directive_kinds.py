"""How systemd treats a repeated or empty assignment, key by key. What is not listed is a scalar: the last one wins.

Source: load-fragment-gperf.gperf.in and the parsers it names; systemd.unit(5), systemd.exec(5), systemd.timer(5).
"""

TRIGGER_KEYS = (
    "OnActiveSec",
    "OnBootSec",
    "OnCalendar",
    "OnStartupSec",
    "OnUnitActiveSec",
    "OnUnitInactiveSec",
)
"""The [Timer] directives that make a timer elapse. An empty one of them takes back all of them."""

EXEC_KEYS = (
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecReload",
    "ExecReloadPost",
    "ExecStop",
    "ExecStopPost",
)
"""The [Service] directives that run something, in the order in which systemd would come to them."""

DEPENDENCY_KEYS = frozenset(
    {
        "After",
        "Before",
        "BindTo",
        "BindsTo",
        "Conflicts",
        "JoinsNamespaceOf",
        "OnFailure",
        "OnSuccess",
        "PartOf",
        "PropagatesReloadTo",
        "PropagatesStopTo",
        "ReloadPropagatedFrom",
        "Requires",
        "RequiresMountsFor",
        "Requisite",
        "Sockets",
        "StopPropagatedFrom",
        "Upholds",
        "Wants",
        "WantsMountsFor",
    }
)
"""Lists that an empty assignment does not clear: dependencies can only be added."""

_LIST_KEYS = frozenset(
    {
        # [Unit] and [Install]
        "Alias",
        "Also",
        "Documentation",
        "RequiredBy",
        "UpheldBy",
        "WantedBy",
        # what is executed, and with which environment and rights
        *EXEC_KEYS,
        "ExecStopPre",
        "AmbientCapabilities",
        "BPFProgram",
        "BindPaths",
        "BindReadOnlyPaths",
        "CacheDirectory",
        "CapabilityBoundingSet",
        "ConfigurationDirectory",
        "CPUAffinity",
        "DeviceAllow",
        "DisableControllers",
        "Environment",
        "EnvironmentFile",
        "ExecPaths",
        "ExecSearchPath",
        "ExtensionDirectories",
        "ExtensionImages",
        "IPAddressAllow",
        "IPAddressDeny",
        "IPEgressFilterPath",
        "IPIngressFilterPath",
        "ImportCredential",
        "InaccessibleDirectories",
        "InaccessiblePaths",
        "LoadCredential",
        "LoadCredentialEncrypted",
        "LogExtraFields",
        "LogFilterPatterns",
        "LogsDirectory",
        "MountImages",
        "NFTSet",
        "NoExecPaths",
        "OpenFile",
        "PassEnvironment",
        "ReadOnlyDirectories",
        "ReadOnlyPaths",
        "ReadWriteDirectories",
        "ReadWritePaths",
        "RestartForceExitStatus",
        "RestartPreventExitStatus",
        "RestrictAddressFamilies",
        "RestrictFileSystems",
        "RestrictNamespaces",
        "RestrictNetworkInterfaces",
        "RootImageOptions",
        "RuntimeDirectory",
        "SecureBits",
        "SetCredential",
        "SetCredentialEncrypted",
        "SocketBindAllow",
        "SocketBindDeny",
        "StateDirectory",
        "SuccessExitStatus",
        "SupplementaryGroups",
        "SystemCallArchitectures",
        "SystemCallFilter",
        "SystemCallLog",
        "TemporaryFileSystem",
        "UnsetEnvironment",
        # [Socket]
        "ListenDatagram",
        "ListenFIFO",
        "ListenMessageQueue",
        "ListenNetlink",
        "ListenSequentialPacket",
        "ListenSpecial",
        "ListenStream",
        "ListenUSBFunction",
        "Symlinks",
    }
)

_RESET_TOGETHER = {
    **{("Timer", key): "triggers" for key in TRIGGER_KEYS},
    **{
        ("Path", key): "paths"
        for key in ("DirectoryNotEmpty", "PathChanged", "PathExists", "PathExistsGlob", "PathModified")
    },
    **{("Service", key): "standard input" for key in ("StandardInputText", "StandardInputData")},
}

FIRST_WINS = frozenset({("Path", "Unit"), ("Timer", "Unit")})
"""Directives of which the first valid assignment counts and all others are ignored."""

SAME_TYPE_SINCE = 238
"""Since when they may name a unit of the same type: a timer that starts a timer. Not in 237, in 239."""

BOOLEAN_KEYS = frozenset(
    {
        ("Service", "RemainAfterExit"),
        ("Timer", "DeferReactivation"),
        ("Timer", "FixedRandomDelay"),
        ("Timer", "OnClockChange"),
        ("Timer", "OnTimezoneChange"),
        ("Timer", "Persistent"),
        ("Timer", "RemainAfterElapse"),
        ("Timer", "WakeSystem"),
    }
)
"""Booleans whose invalid assignments are ignored here; an empty one is invalid."""

SPAN_KEYS = frozenset({("Timer", "AccuracySec"), ("Timer", "RandomizedDelaySec"), ("Timer", "RandomizedOffsetSec")})
"""Time spans whose invalid assignments are ignored here; an empty one is invalid."""

WORD_KEYS = {
    ("Service", "KillMode"): frozenset({"control-group", "mixed", "none", "process"}),
    ("Service", "Restart"): frozenset(
        {"always", "no", "on-abnormal", "on-abort", "on-failure", "on-success", "on-watchdog"}
    ),
    ("Service", "Type"): frozenset({"dbus", "exec", "forking", "idle", "notify", "notify-reload", "oneshot", "simple"}),
}
"""All values of directives that know a few words only. Any other one is ignored, the empty one too."""

_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})
_FALSE = frozenset({"0", "no", "n", "false", "f", "off"})


def list_group(section: str, key: str) -> str | None:
    """Give the name of the group of lists that an empty assignment of this key clears, None for a scalar."""
    if section == "Unit" and key.startswith(("Condition", "Assert")):
        return "conditions" if key.startswith("Condition") else "assertions"
    group = _RESET_TOGETHER.get((section, key))
    if group is not None:
        return group
    return key if key in _LIST_KEYS or key in DEPENDENCY_KEYS else None


def parse_boolean(text: str) -> bool | None:
    """Read a boolean as systemd does, None when it is none.

    Source: parse_boolean(); systemd.syntax(7).
    """
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else None
