"""The pages for people who change the code: every file and every name in a file that they mention exists, and no
package is left out."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from .workspace import ROOT, distributions

PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"]
WORD = re.compile(r"`([^`\n]+)`|^    .*?(\S+\.py\S*)", re.MULTILINE)
"""What stands in backticks, and the Python file in a line of commands."""
REFERENCE = re.compile(r"(?P<path>[\w.-]+(?:/[\w.-]+)*/?)(?:::(?P<name>[\w.]+))?")
PACKAGES = {each.package.name: each.package for each in distributions()}


def references(page):
    """The files, folders and names in files that a page mentions."""
    for word in ("".join(found) for found in WORD.findall(page.read_text("utf-8"))):
        match = REFERENCE.fullmatch(word)
        if match and is_place(match["path"], match["name"]):
            yield word, located(match["path"]), match["name"]


def is_place(path, name):
    """Whether a word of a page means a file, a folder or a name in a file; one with a placeholder such as NAME means
    none."""
    head, *rest = path.split("/")
    is_known = bool(rest) and (head in PACKAGES or (ROOT / head).exists())
    return (is_known or path.endswith(".py") or bool(name)) and not re.search(r"[A-Z]{4}", path)


def located(path):
    head, _, rest = path.partition("/")
    return (PACKAGES[head] if head in PACKAGES else ROOT / head) / rest


def exists(path, name):
    if name is None or not path.exists():
        return path.exists()
    return name in names_in(path)


@cache
def names_in(source):
    """Functions, classes and variables of a module, and `Class.member` for what its classes hold."""
    return {name for node in ast.parse(source.read_text("utf-8")).body for name in named(node)}


def named(node):
    match node:
        case ast.ClassDef():
            return [node.name, *(f"{node.name}.{name}" for child in node.body for name in named(child))]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [node.name]
        case ast.Assign():
            return [each.id for each in node.targets if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name()):
            return [node.target.id]
    return []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_page_mentions_exists(page):
    found = list(references(page))
    assert len(found) > 50
    assert [word for word, path, name in found if not exists(path, name)] == []


@pytest.mark.parametrize("distribution", ["sdk", "core"])
def test_every_package_is_explained(distribution):
    package = next(each.package for each in distributions() if each.folder == ROOT / distribution)
    folders = {source.parent for source in package.rglob("*.py")}
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    words = {folder: f"`{folder.relative_to(package.parent).as_posix()}/`" for folder in folders if folder != package}
    assert [word for word in words.values() if word not in text] == []


def test_every_module_of_core_is_listed_once_with_its_package():
    """What stands there of each is generated; `cog --check` compares it with the code."""
    package = PACKAGES["trainyard_core"]
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("\n## Modules of core\n")[2]
    sections = [each.partition("/`\n") for each in text.split("\n### `trainyard_core")[1:]]
    listed = [
        (package / folder.removeprefix("/") / f"{name}.py")
        for folder, _, tables in sections
        for name in re.findall(r"^\| `(\w+)` \| \S", tables, re.MULTILINE)
    ]
    assert sorted(listed) == sorted(source for source in package.rglob("*.py") if source.read_text("utf-8").strip())


def test_every_distribution_is_explained():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    folders = [each.folder for each in distributions() if "alternates" not in each.folder.parts]
    assert [folder for folder in folders if f"`{folder.relative_to(ROOT).as_posix()}/`" not in text] == []


@pytest.mark.parametrize(
    "text",
    [
        "`sdk/nothing.py`",
        "`nothing/at_all.py`",
        "    python core/tests/nothing.py",
        "`trainyard_core/auth.py::nothing`",
        "`trainyard_core/auth.py::Actor.nothing`",
    ],
)
def test_a_page_that_mentions_what_is_gone_is_seen(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text)
    ((_, path, name),) = references(page)
    assert not exists(path, name)
