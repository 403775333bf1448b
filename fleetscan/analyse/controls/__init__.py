"""The detections and mitigations of ATT&CK T1053.006 as controls, one module for each group."""
