"""Writes `constraints/`: for each layer of `bootstrap.py` the versions that pip takes today, in the form of pip's own
constraints files, so that every later installation takes the same ones.

Each Python of `PYTHONS` that is on this machine resolves everything at once, so that the layers fit together; what the
packages say of each other then tells which layer brings them. What a version of Python does not share with the others
carries a marker. For a Python that is not here the lines stay as they are. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import browser
from bootstrap import BUILD, CONSTRAINTS, LAYERS, ROOT

PYTHONS = ("3.11", "3.12", "3.13")
"""Oldest first; the newest stands for those after it too."""

Versions = dict[str, str]
"""Of packages, by name."""
Pins = dict[str, Versions]
"""By version of Python."""

_LINE = re.compile(r"(?P<name>[^=\s]+)==(?P<version>[^;\s]+)(?: ; (?P<marker>.+))?")
_CLAUSE = re.compile(r'python_version (?P<sign>>=|<) "(?P<python>[\d.]+)"')
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[(?P<extras>[^]]*)\])?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_ACCELERATOR = re.compile(r"(cuda|nvidia)-.*|triton")
"""What a build of torch for GPUs brings. torch names the versions itself, and a CPU build brings none."""


@dataclass(frozen=True)
class Package:
    """What pip would install."""

    version: str
    requires: tuple[str, ...]
    is_ours: bool


def main() -> int:
    """Write all files again. Returns 1 when no Python could be asked."""
    asked = {version: python for version in PYTHONS if (python := interpreter(version))}
    for version in PYTHONS:
        print(f"Python {version}: {asked.get(version, 'not on this machine, its lines stay')}", flush=True)
    found = {version: resolve(python) for version, python in asked.items()}
    for layer, file in CONSTRAINTS.items():
        pins = read(file.read_text()) if file.exists() else {}
        pins |= {version: layers[layer] for version, layers in found.items()}
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in lines(pins)))
    browser.pin()
    return 0 if asked else 1


def interpreter(version: str) -> Path | None:
    """A Python of this version: from PATH, or of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = shutil.which(f"python{version}")
    for python in [*([Path(named)] if named else []), *sorted(pyenv.glob(f"{version}.*/bin/python"))]:
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return python
    return None


def resolve(python: Path) -> dict[str, Versions]:
    """For each layer what it brings for this Python, without what a layer above it brings already."""
    calls = {"build": BUILD, **{layer: [word for call in calls for word in call] for layer, calls in LAYERS.items()}}
    packages = resolved(python, [word for words in calls.values() for word in words])
    layers: dict[str, Versions] = {}
    for layer, words in calls.items():
        known = {name for above in layers.values() for name in above}
        layers[layer] = {
            name: packages[name].version
            for name in needed(packages, requirements(words)) - known
            if not packages[name].is_ours and not _ACCELERATOR.fullmatch(name)
        }
    return layers


def resolved(python: Path, words: Iterable[str]) -> dict[str, Package]:
    """What `pip install` with these words would bring into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
        subprocess.run([*pip, *BUILD], check=True)  # for the workspace's own folders
        options = ["--dry-run", "--ignore-installed", "--only-binary", ":all:", "--report", f"{folder}/report.json"]
        subprocess.run([*pip, *options, *words], cwd=ROOT, check=True)
        items = json.loads(Path(folder, "report.json").read_text())["install"]
    return {
        plain(item["metadata"]["name"]): Package(
            version=item["metadata"]["version"].partition("+")[0],
            requires=tuple(item["metadata"].get("requires_dist", ())),
            is_ours="dir_info" in item["download_info"],
        )
        for item in items
    }


def requirements(words: Iterable[str]) -> Iterator[str]:
    """The requirements among pip's arguments: as they are, those of a file, and the name of a folder of ours."""
    for word in words:
        if word.startswith("./"):
            folder, bracket, extra = word.partition("[")
            yield (
                tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]
                + bracket
                + extra
            )
        elif word.endswith(".txt"):
            yield from requirements(word for line in (ROOT / word).read_text().splitlines() for word in line.split())
        elif re.match("[A-Za-z]", word):
            yield word


def needed(packages: Mapping[str, Package], texts: Iterable[str]) -> set[str]:
    """The packages that these requirements lead to. A marker is not read but for the extra in it: what is not for this
    Python or system is not among the packages."""
    seen: set[tuple[str, str]] = set()
    waiting = [pair for text in texts for pair in wanted(text)]
    while waiting:
        name, extra = waiting.pop()
        if name in packages and (name, extra) not in seen:
            seen.add((name, extra))
            own = [text for text in packages[name].requires if extra in (_EXTRA.findall(text) or [""])]
            waiting += [pair for text in own for pair in wanted(text)]
    return {name for name, _ in seen}


def wanted(text: str) -> Iterator[tuple[str, str]]:
    """The package that a requirement names, by itself and with each of its extras."""
    found = _REQUIREMENT.match(text)
    assert found is not None, f"{text!r} is no requirement"
    for extra in ["", *re.findall(r"[\w.-]+", found["extras"] or "")]:
        yield plain(found["name"]), extra


def plain(name: str) -> str:
    """A package's name in the one spelling that the index knows it by."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lines(pins: Pins) -> Iterator[str]:
    """The lines of a file, sorted by name: one for each version of a package, with the Pythons that it is for."""
    for name in sorted({name for versions in pins.values() for name in versions}):
        taken = [(python, pins.get(python, {}).get(name)) for python in PYTHONS]
        for version, group in groupby(taken, key=lambda each: each[1]):
            marker = " and ".join(clauses([python for python, _ in group]))
            if version is not None:
                yield f"{name}=={version}" + (f" ; {marker}" if marker else "")


def clauses(pythons: list[str]) -> Iterator[str]:
    """What is true of these Pythons only; nothing when they are all there are."""
    if pythons[0] != PYTHONS[0]:
        yield f'python_version >= "{pythons[0]}"'
    if pythons[-1] != PYTHONS[-1]:
        yield f'python_version < "{PYTHONS[PYTHONS.index(pythons[-1]) + 1]}"'


def read(text: str) -> Pins:
    """The pins of a file that `lines` wrote."""
    pins: Pins = {python: {} for python in PYTHONS}
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        assert found is not None, f"{line!r} is not a line of ours: write the files again with `make pins`"
        for python in PYTHONS:
            if applies(found["marker"] or "", python):
                pins[python][found["name"]] = found["version"]
    return pins


def applies(marker: str, python: str) -> bool:
    """Whether a marker of ours is true of this Python."""
    at = PYTHONS.index(python)
    limits = [(found["sign"], PYTHONS.index(found["python"])) for found in _CLAUSE.finditer(marker)]
    return all(at >= limit if sign == ">=" else at < limit for sign, limit in limits)


if __name__ == "__main__":
    sys.exit(main())
