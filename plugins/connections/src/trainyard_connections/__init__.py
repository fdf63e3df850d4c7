"""Kinds of connections that come with Trainyard: git, host_path, custom, database and registry."""
