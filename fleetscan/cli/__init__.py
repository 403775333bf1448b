"""Typer commands: words in, exit codes out; no logic."""
