"""The embedded fleet of make demo."""
