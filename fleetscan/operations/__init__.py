"""One file per thing a user asks for; composes stages."""
