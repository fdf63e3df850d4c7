"""Benchmarks: a module each, run by `run.py`. Each measures a subject and its floor in turn, in the same layout."""
