"""The workspace as the tests see it: its distributions, their modules and what those import."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT_ALONE = ("tests/alternates/everything",)
"""Distributions that are installed by their tests only, as wheels: they would be in the way of all others."""


@dataclass(frozen=True)
class Distribution:
    """One distribution of the workspace."""

    folder: Path

    @property
    def project(self):
        return tomllib.loads((self.folder / "pyproject.toml").read_text("utf-8"))["project"]

    @property
    def package(self) -> Path:
        (package,) = (path.parent for path in self.folder.glob("src/*/__init__.py"))
        return package

    def sources(self) -> Iterator[Path]:
        return iter(sorted(self.package.rglob("*.py")))

    def module(self, source: Path) -> str:
        parts = source.relative_to(self.package.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def distributions() -> list[Distribution]:
    folders = [ROOT / "sdk", ROOT / "core", *sorted((ROOT / "plugins").iterdir())]
    folders += sorted((ROOT / "tests" / "alternates").iterdir())
    return [Distribution(folder) for folder in folders if (folder / "pyproject.toml").exists()]


def imports(source: Path, *, names: bool = False) -> set[str]:
    """The modules that a source imports anywhere in it, but for those that only a type checker sees. With `names` also
    what it imports from them, which may be modules as well."""
    tree = ast.parse(source.read_text("utf-8"))
    hidden = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for child in block.body
        for node in ast.walk(child)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if names}
    return found
