"""Frozen values that all stages share. Nothing here does IO."""
