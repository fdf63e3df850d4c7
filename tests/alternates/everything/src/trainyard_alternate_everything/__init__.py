"""A foreign plugin for tests: it brings one of everything that a plugin can bring."""
