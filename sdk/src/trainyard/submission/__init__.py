"""Runs that are created from a program or a command line: what is sent to create them, and a handle on each."""
