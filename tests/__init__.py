"""The tests: one file per module, and `hub`, a local Hub server."""
