"""Agentless systemd timer drift scanner (ATT&CK T1053.006)."""

__version__ = "0.1.0"
