"""The runner: a small program that supervises one attempt of one run from its folder.

It is specified as bytes on disk (`docs/runner.md`), so that any scheduler that can write a folder and start a
process can use it. It decides how a command is started, watched, stopped and reported; which attempts there are and
when they run is the scheduler's. Standard library only: it starts in milliseconds.
"""
