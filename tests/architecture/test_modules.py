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

def imported(names):
    child = os.fork()
    if child == 0:
        try:
            for name in names:
                check(importlib.import_module(name))
            os._exit(0)
        except BaseException as error:
            os.write(1, f"{name}: {type(error).__name__}: {error}\\n".encode())
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0

def check(module):
    names = getattr(module, "__all__", [])
    missing = [each for each in names if not hasattr(module, each)]
    assert not missing and len(set(names)) == len(names), f"__all__ {missing or names}"

preload(%r)
broken = [names for names in %r if not imported(names)]
"""


def test_every_module_can_be_imported_alone_without_a_warning_and_has_the_names_that_it_lists(distribution, python):
    """What does not import itself through others is the same whoever imports it, so one process is enough for it."""
    modules = {distribution.module(source): source for source in distribution.sources() if source.name != "__main__.py"}
    around = in_circles({name: set(within(name, source, modules)) for name, source in modules.items()})
    straight = [name for name in modules if name not in around]
    assert python(ALONE % (foreign(distribution), [straight, *([name] for name in around)]), "-W", "error") == ""


def test_a_circle_of_imports_is_seen():
    assert in_circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == ["b", "c"]


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


def within(name, source, modules):
    """The modules of its own distribution that a module needs: those that it imports, and the packages of them all."""
    for needed in {name, *imports(source, names=True)}:
        parts = needed.split(".")
        yield from (found for n in range(1, len(parts) + 1) if (found := ".".join(parts[:n])) in modules)


def in_circles(needs):
    """The modules that need themselves through others."""
    found = []
    for name in needs:
        reached, left = set(), [each for each in needs[name] if each != name]
        while left:
            each = left.pop()
            if each not in reached:
                reached.add(each)
                left += needs[each] - {each}
        if name in reached:
            found.append(name)
    return found


def test_no_python_that_is_started_imports_from_the_folder_of_whoever_started_it(distribution):
    """`-m` and `-c` put the working directory before everything else, unless `-P` is said."""
    for source in distribution.sources():
        for command in (node for node in ast.walk(ast.parse(source.read_text("utf-8"))) if isinstance(node, ast.List)):
            words = [ast.unparse(each).strip("'") for each in command.elts]
            if words[:1] == ["sys.executable"] and {"-m", "-c"} & set(words):
                assert words[1] == "-P", f"{source}:{command.lineno}"
