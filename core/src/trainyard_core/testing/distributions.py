"""Installs plugins for tests as pip would: a module and the metadata of a distribution in a folder of `sys.path`."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

__all__ = ["VERSION", "install"]

VERSION = "1.2"


def install(site: Path, name: str, source: str, *, distribution: str = "", module: str = "") -> None:
    """Install a plugin `name` whose module has this source. `site` is a folder that is on `sys.path`, or will be."""
    module = module or f"{name}_plugin"
    distribution = distribution or f"dist_{name}"
    metadata = site / f"{distribution.replace('-', '_')}-{VERSION}.dist-info"
    metadata.mkdir(parents=True)
    (site / f"{module}.py").write_text(dedent(source))
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {VERSION}\n")
    (metadata / "entry_points.txt").write_text(f"[trainyard]\n{name} = {module}\n")
