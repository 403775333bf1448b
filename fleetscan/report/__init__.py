"""Show and tell: HTML reports and mail."""
