"""The lower bounds that distributions declare, as constraints for pip, which has no way to resolve to the lowest."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[^]]*\])?[^;]*?>=\s*(?P<bound>[\w.]+)")


def lower_bounds(projects: Iterable[Path]) -> list[str]:
    """A line for each package that one of these `pyproject.toml` bounds from below: the highest of its bounds."""
    bounds: dict[str, str] = {}
    for project in projects:
        for name, bound in _declared(project):
            bounds[name] = max(bound, bounds.get(name, bound), key=_order)
    return [f"{name}=={bound}" for name, bound in sorted(bounds.items())]


def _declared(project: Path) -> Iterator[tuple[str, str]]:
    table = tomllib.loads(project.read_text("utf-8"))["project"]
    extras = table.get("optional-dependencies", {}).values()
    for text in [*table["dependencies"], *(text for extra in extras for text in extra)]:
        if found := _REQUIREMENT.match(text):
            yield re.sub(r"[-_.]+", "-", found["name"]).lower(), found["bound"]


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
