"""Show and tell: the page, the digests and the mails. Everything that is counted is counted in `view`."""
