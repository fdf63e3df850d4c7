"""Generates the synchronous client (`trainyard/client/_sync`) from the asynchronous one (`_async`): `sync_client.py`
writes the files, `sync_client.py --check` fails when they are not what it would write.

Only names are replaced, token by token (https://pypi.org/project/unasync/). Where the two clients differ in more than
names, the code is in `concurrency.py`, which is written by hand in both packages.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import unasync  # type: ignore[import-untyped]  # it has no types

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "sdk/src/trainyard/client"
HEADER = "# Generated from `_async/{name}` by tools/sync_client.py: change that file and run `make format`.\n"
BY_HAND = {"__init__.py", "concurrency.py"}
NAMES = {
    "_async": "_sync",
    "aclose": "close",
    "aclosing": "closing",
    "aiter_bytes": "iter_bytes",
    "anext": "next",
    "aread": "read",
}
"""What is replaced beside `async`, `await`, the names of the language, and the prefix `Async` of classes."""


def main(words: list[str]) -> int:
    """Returns 1 when the files are to be checked and one of them is not what would be written."""
    expected = generate()
    target = CLIENT / "_sync"
    stale = [path for path in target.glob("*.py") if path.name not in {*expected, *BY_HAND}]
    changed = [target / name for name, text in expected.items() if read(target / name) != text]
    if words == ["--check"]:
        for path in sorted([*changed, *stale]):
            print(f"{path.relative_to(CLIENT)} is not what `_async` gives: run `make format`")
        return 1 if changed or stale else 0
    for path in changed:
        path.write_text(expected[path.name], "utf-8")
    for path in stale:
        path.unlink()
    return 0


def generate() -> dict[str, str]:
    """The text of each module of the synchronous client, by file name."""
    sources = [path for path in sorted((CLIENT / "_async").glob("*.py")) if path.name not in BY_HAND]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "sync_client")
        unasync.unasync_files([str(path) for path in sources], [rule(sources, target)])
        for path in target.iterdir():
            path.write_text(HEADER.format(name=path.name) + path.read_text("utf-8"), "utf-8")
        tidy(target)
        return {path.name: path.read_text("utf-8") for path in target.iterdir()}


def rule(sources: list[Path], target: Path) -> unasync.Rule:
    """The replacements, and where the files go. A class `AsyncX` becomes `X`."""
    classes = {name for path in sources for name in re.findall(r"\bAsync[A-Z]\w*", path.read_text("utf-8"))}
    names = {name: name.removeprefix("Async") for name in classes}
    return unasync.Rule(str(CLIENT / "_async"), str(target), additional_replacements=names | NAMES)


def tidy(folder: Path) -> None:
    """Sort imports again, as their names have changed, and wrap lines again, as they are shorter."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    options = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", "--quiet", str(folder)]
    subprocess.run([ruff, "check", "--fix", "--unsafe-fixes", "--exit-zero", *options], check=True)
    subprocess.run([ruff, "format", *options], check=True)


def read(path: Path) -> str:
    """The text of a file; empty when there is none."""
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
