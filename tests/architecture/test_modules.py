"""Modules: each can be imported alone, says what it is for, lists its public names, and is no drawer."""

from __future__ import annotations

import ast

from .workspace import imports

MOST_LINES = 400

ALONE = """
import importlib, os, sys, warnings

def preload(names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            importlib.import_module(name)

def imported(name):
    child = os.fork()
    if child == 0:
        try:
            module = importlib.import_module(name)
            names = getattr(module, "__all__", [])
            missing = [each for each in names if not hasattr(module, each)]
            assert not missing and len(set(names)) == len(names), f"__all__ {missing or names}"
            os._exit(0)
        except BaseException as error:
            os.write(1, f"{name}: {type(error).__name__}: {error}\\n".encode())
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0

preload(%r)
broken = [name for name in %r if not imported(name)]
"""


def test_every_module_can_be_imported_alone_without_a_warning_and_has_the_names_that_it_lists(distribution, python):
    modules = [distribution.module(source) for source in distribution.sources() if source.name != "__main__.py"]
    assert python(ALONE % (foreign(distribution), modules), "-W", "error") == ""


def test_every_module_says_what_it_is_for(distribution):
    silent = [
        source
        for source in distribution.sources()
        if source.read_text("utf-8").strip() and ast.get_docstring(ast.parse(source.read_text("utf-8"))) is None
    ]
    assert silent == []


def test_no_module_is_a_drawer(distribution):
    long = {source: n for source in distribution.sources() if (n := len(source.read_text("utf-8").splitlines())) > 400}
    assert long == {}, f"more than {MOST_LINES} lines: split it by idea"


def foreign(distribution):
    """What its modules import of others: loaded once, before the children that import one module each are forked."""
    names = {name for source in distribution.sources() for name in imports(source)}
    return sorted(name for name in names if not name.startswith("trainyard"))
