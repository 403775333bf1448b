"""Pure knowledge of systemd: syntax, precedence, timers, jobs."""
