"""What others build on, written down: the public names of every module and the OpenAPI document. A change to either is
seen in review: `make snapshots` writes them again.

Run as a program it writes them; `test_snapshots` compares.
"""

from __future__ import annotations

import ast
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # as a program it stands outside of its package

from workspace import Distribution, distributions

FOLDER = Path(__file__).with_name("snapshots")


def public_names() -> str:
    """Every name of every `__all__` outside of private packages, a line each, for the published distributions."""
    published = [each for each in distributions() if "alternates" not in each.folder.parts]
    return "\n".join(line for each in published for line in _lines(each)) + "\n"


def _lines(distribution: Distribution) -> Iterator[str]:
    for source in distribution.sources():
        module = distribution.module(source)
        for name in () if "._" in module else _listed(source):
            yield f"{module}.{name}"


def _listed(source: Path) -> list[str]:
    for node in ast.parse(source.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return sorted(ast.literal_eval(node.value))
    return []


def openapi() -> str:
    """The OpenAPI document of a server without plugins, a line for each operation and each schema."""
    from litestar.serialization import encode_json

    from trainyard_core.app import documented

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        document = json.loads(encode_json(documented()))
    return "".join(f"{line}\n" for line in _flat(document))


def _flat(document: dict[str, Any]) -> Iterator[str]:
    for path, item in sorted(document["paths"].items()):
        for method, operation in sorted(item.items()):
            yield f"{method.upper()} {path} {json.dumps(operation, sort_keys=True)}"
    for kind, found in sorted(document["components"].items()):
        for name, each in sorted(found.items()):
            yield f"{kind}.{name} {json.dumps(each, sort_keys=True)}"


SNAPSHOTS: dict[str, Callable[[], str]] = {"public_names.txt": public_names, "openapi.txt": openapi}

if __name__ == "__main__":
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, taken in SNAPSHOTS.items():
        (into / name).write_text(taken(), "utf-8")
