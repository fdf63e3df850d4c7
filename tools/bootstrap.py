"""Makes `.venv` and installs the workspace in it: `bootstrap.py LAYER...`, each layer only when something it depends on
has changed. It decides what is installed and keeps two runs at once apart; what is done with it is the Makefile's.

A layer's stamp holds a digest of its commands and of the files that they read, so a second call costs milliseconds and
needs no network. Standard library only: it runs in whatever Python 3.11 or newer `make PYTHON=...` names.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DISTRIBUTIONS = ("sdk", "core", "plugins/optimizer_search", "plugins/scheduler_process", "plugins/tracker_folder")
ALTERNATES = (
    "tests/alternates/forwarding_tracker",
    "tests/alternates/late_scheduler",
    "tests/alternates/pipe_optimizer",
)
BUILD = ["hatchling>=1.27,<2", "editables>=0.5,<1"]
HEAVY = ("plugins/optimizer_ax",)
"""Installed for the tests only: with torch it is larger than all the others together."""
DEMO = "deploy/examples/digits/requirements.txt"
DEV = "requirements-dev.txt"
TORCH = ["torch==2.13.0"]
"""Before Ax, which would take the newest; on the ordinary index that build brings gigabytes of CUDA on Linux."""


def editable(*folders: str, extra: str = "") -> list[str]:
    """Pip's arguments for these folders, installed in place with the build tools of the environment."""
    return ["--no-build-isolation", *(word for folder in folders for word in ("-e", f"./{folder}{extra}"))]


LAYERS: dict[str, list[list[str]]] = {
    "product": [BUILD, editable(*DISTRIBUTIONS)],
    "test": [[*editable(*DISTRIBUTIONS, extra="[test]"), *editable(*ALTERNATES)[1:], "-r", DEV]],
    "ax": [TORCH, editable(*HEAVY, extra="[test]")],
    "demo": [["-r", DEMO]],
}
"""For each layer the calls of `pip install`, in order. Every layer needs `product`."""
WARM = {
    "product": "import trainyard.cli.app, trainyard_core.server",
    "ax": "import trainyard_optimizer_ax.model",
}
"""What compiles the modules of a layer that are used. Pip would compile all of them, which takes longer than to install
them: of torch and what Ax brings, three of four are never imported."""


def main(layers: list[str]) -> int:
    """Install the layers. Returns the exit code of the first call that failed."""
    if sys.version_info < (3, 11):
        print(f"Trainyard needs Python 3.11 or newer, this is {sys.version.split()[0]}: make PYTHON=python3.12 ...")
        return 2
    with locked(ROOT / ".venv.lock"):
        create()
        for layer in layers:
            if code := install(layer):
                return code
    return 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one run at a time; the others wait, and then find the work done."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def create() -> None:
    """The environment, made again when it is broken, as it is when its Python has gone."""
    if not PYTHON.exists():
        print(f"creating {VENV.name} with Python {sys.version.split()[0]}", flush=True)
        venv.create(VENV, with_pip=True, clear=VENV.exists(), symlinks=True)


def install(layer: str) -> int:
    """Bring one layer up to date. Returns the exit code of what failed."""
    stamp = VENV / f".{layer}.stamp"
    wanted = digest(LAYERS[layer])
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    stamp.unlink(missing_ok=True)
    print(f"installing {layer}", flush=True)
    for arguments in LAYERS[layer]:
        if arguments == TORCH and torch_build():
            continue
        if code := pip(arguments):
            return code
        if arguments == TORCH:
            torch_build()
    if layer in WARM and (code := compiled(WARM[layer])):
        return code
    stamp.write_text(wanted)
    return 0


def pip(arguments: list[str]) -> int:
    """One `pip install` from the ordinary package index."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--no-compile", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def compiled(imports: str) -> int:
    """Have these imports, and all that they import, compiled. Returns Python's exit code."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [str(PYTHON), "-c", imports], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    return done.returncode


def torch_build() -> str:
    """The build of torch that is installed and will be used, empty when there is none."""
    code = "from importlib.metadata import version; print(version('torch'))"
    asked = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=False)
    if asked.returncode == 0:
        print(f"torch is {asked.stdout.strip()}", flush=True)
    return asked.stdout.strip()


def digest(calls: list[list[str]]) -> str:
    """Of the calls, where they happen, and all that they read."""
    sources = [ROOT / word for call in calls for word in call if (ROOT / word).is_file()]
    folders = [word.removeprefix("./").split("[")[0] for call in calls for word in call if word.startswith("./")]
    sources += [ROOT / folder / "pyproject.toml" for folder in folders]
    state = hashlib.sha256(repr((calls, str(ROOT))).encode())
    for source in sources:
        state.update(source.read_bytes())
    return state.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
