"""Distributions as pip leaves them behind: a package and its metadata in a folder of the path."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent


def install(site: Path, name: str, source: str, *, distribution: str = "", module: str = "") -> None:
    """A plugin `name` whose module has this source; `site` is a folder of the path."""
    module, distribution = module or f"{name}_plugin", distribution or f"dist-{name.replace('_', '-')}"
    site.mkdir(parents=True, exist_ok=True)
    (site / f"{module}.py").write_text(dedent(source))
    metadata = site / f"{distribution.replace('-', '_')}-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
    (metadata / "entry_points.txt").write_text(f"[trainyard]\n{name} = {module}\n")
