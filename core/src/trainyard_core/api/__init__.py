"""The HTTP API: one controller a noun, one shape of error, and no route without an authorization check."""
