"""The Pythons that run the programs of these tests, and how most of the programs begin."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src"

WANTED = [(3, 11), (3, 12), (3, 13), (3, 14)]

BEGIN = "import sys\nimport trainyard\nrun = trainyard.init(name='n', params={'lr': 0.1})\n"

LOGGED = BEGIN + "trainyard.log({'loss': 1.0}, step=0)\n"


def pythons():
    """Interpreters by their version: this one, those on PATH and those of pyenv. Tracking needs nothing installed."""
    candidates = [Path(sys.executable)]
    for folder in os.environ["PATH"].split(os.pathsep):
        candidates += [Path(folder, f"python{major}.{minor}") for major, minor in WANTED]
    candidates += sorted(Path("~/.pyenv/versions").expanduser().glob("3.*/bin/python"), reverse=True)
    found = {}
    for path in candidates:
        if path.exists() and len(found) < len(WANTED):
            done = subprocess.run(
                [path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
            )
            version = tuple(map(int, done.stdout.split())) if done.returncode == 0 else ()
            if version >= WANTED[0]:
                found.setdefault(version, path)
    missing = [".".join(map(str, version)) for version in WANTED if version not in found]
    if missing:
        warnings.warn(f"programs of users are not run on Python {', '.join(missing)}: not found", stacklevel=1)
    return {".".join(map(str, version)): path for version, path in sorted(found.items())}


with warnings.catch_warnings():
    warnings.simplefilter("default")
    PYTHONS = pythons()
