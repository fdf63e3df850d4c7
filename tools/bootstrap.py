"""Makes `.venv` and installs the workspace in it: `bootstrap.py [--latest | --lowest | --core] LAYER...`, each layer
only when something it depends on has changed. It decides what is installed and keeps two runs at once apart; what is
done with it is the Makefile's.

The versions are those of `constraints/`, with which the workspace was tested. `--latest` takes the newest that the
distributions allow, into `.venv-latest`, and `--lowest` the lowest that they declare, into `.venv-lowest`. `--core` is
for the layer `core` alone, in `.venv-core`.

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
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = (
    "sdk",
    "core",
    "plugins/api_docs",
    "plugins/connections",
    "plugins/notify",
    "plugins/optimizer_search",
    "plugins/registry",
    "plugins/scheduler_process",
    "plugins/sweeps",
    "plugins/tracker_folder",
)
ALTERNATES = (
    "tests/alternates/forwarding_tracker",
    "tests/alternates/late_scheduler",
    "tests/alternates/pipe_optimizer",
)
CORE = ("sdk", "core", "plugins/scheduler_process", "plugins/tracker_folder")
"""What core's tests need: of plugins the scheduler and the tracker that the settings choose unless told otherwise. A
test of core that needs another one brings its own, or is a test of that plugin."""
BUILD = ["hatchling>=1.27,<2", "editables>=0.5,<1"]
HEAVY = ("plugins/optimizer_ax",)
"""Installed for the tests only: with torch it is larger than all the others together."""
DEMO = "deploy/examples/digits/requirements.txt"
DEV = "requirements-dev.txt"
TORCH = "torch==2.13.0"
"""Beside Ax, which would take the newest; on the ordinary index that build brings gigabytes of CUDA on Linux."""


SERVER = {"core": "[server]"}
"""What a distribution is installed with, besides what an agent needs of it."""


def editable(*folders: str, extra: str = "") -> list[str]:
    """Pip's arguments for these folders, installed in place with the build tools of the environment."""
    paths = [f"./{folder}{extra or SERVER.get(folder, '')}" for folder in folders]
    return ["--no-build-isolation", *(word for path in paths for word in ("-e", path))]


LAYERS: dict[str, list[list[str]]] = {
    "product": [BUILD, editable(*DISTRIBUTIONS)],
    "demo": [["-r", DEMO]],
    "test": [[*editable(*DISTRIBUTIONS, extra="[test]"), *editable(*ALTERNATES)[1:], "-r", DEV]],
    "ax": [[TORCH, *editable(*HEAVY, extra="[test]")]],
    "core": [BUILD, [*editable(*CORE[:1]), *editable(*CORE[1:], extra="[test]")[1:], "pytest-timeout", "pytest-xdist"]],
}
"""For each layer the calls of `pip install`, in order. Every layer needs `product`, but for `core`: it is all that the
tests of core need, in an environment of its own."""
CONSTRAINTS = {layer: ROOT / "constraints" / f"{layer}.txt" for layer in ("build", *LAYERS) if layer != "core"}
"""The versions of what each layer brings, but for what a layer above it brings already. `pins.py` writes them. All that
`core` brings is among them."""
WARM = {
    "product": "import trainyard.cli.app, trainyard_core.server",
    "ax": "import trainyard_optimizer_ax.model, torch; print('torch is', torch.__version__)",
    "core": "import trainyard_core.testing.server, trainyard_core.testing.databases",
}
"""What compiles the modules of a layer that are used. Pip would compile all of them, which takes longer than to install
them: of torch and what Ax brings, three of four are never imported."""


def main(words: list[str]) -> int:
    """Install the layers. Returns the exit code of the first call that failed."""
    if sys.version_info < (3, 11):
        print(f"Trainyard needs Python 3.11 or newer, this is {sys.version.split()[0]}: make PYTHON=python3.12 ...")
        return 2
    choice, layers = (words[0], words[1:]) if words[0] in CHOICES else ("", words)
    place = CHOICES.get(choice, tested)()
    with locked(ROOT / f"{place.folder.name}.lock"):
        create(place)
        for layer in layers:
            if code := install(place, layer):
                return code
    return 0


@dataclass(frozen=True)
class Environment:
    """A folder with a Python of its own, and the arguments with which pip chooses versions for it."""

    folder: Path
    options: tuple[str, ...]
    day: str = ""
    """When the choice was made, where another day may choose otherwise."""

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"


def tested() -> Environment:
    """`.venv`, with the versions of `constraints/`."""
    return Environment(ROOT / ".venv", constrained(*CONSTRAINTS.values()))


def latest() -> Environment:
    """`.venv-latest`, with the newest versions that the distributions allow."""
    options = ("--upgrade", "--upgrade-strategy", "eager")
    return Environment(ROOT / ".venv-latest", options, str(date.today()))


def lowest() -> Environment:
    """`.venv-lowest`, with the lowest versions that the distributions declare."""
    from lowest import lower_bounds  # here, as a Python that is too old for it is to be told so above

    file = ROOT / "build" / "lowest.txt"
    file.parent.mkdir(exist_ok=True)
    folders = (*DISTRIBUTIONS, *ALTERNATES, *HEAVY)
    file.write_text("\n".join(lower_bounds(ROOT / folder / "pyproject.toml" for folder in folders)) + "\n")
    return Environment(ROOT / ".venv-lowest", constrained(file))


def core() -> Environment:
    """`.venv-core`, with the versions of `constraints/` and without the plugins that core's tests must not need."""
    return Environment(ROOT / ".venv-core", constrained(*CONSTRAINTS.values()))


def constrained(*files: Path) -> tuple[str, ...]:
    """Pip's arguments for these files of constraints."""
    return tuple(word for file in files for word in ("-c", str(file.relative_to(ROOT))))


CHOICES = {"--latest": latest, "--lowest": lowest, "--core": core}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one run at a time; the others wait, and then find the work done."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def create(place: Environment) -> None:
    """The environment, made again when it is broken, as it is when its Python has gone."""
    if not place.python.exists():
        print(f"creating {place.folder.name} with Python {sys.version.split()[0]}", flush=True)
        venv.create(place.folder, with_pip=True, clear=place.folder.exists(), symlinks=True)


def install(place: Environment, layer: str) -> int:
    """Bring one layer up to date. Returns the exit code of what failed."""
    stamp = place.folder / f".{layer}.stamp"
    calls = [[*place.options, *call] for call in LAYERS[layer]]
    wanted = digest(calls, place.day)
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    stamp.unlink(missing_ok=True)
    print(f"installing {layer}", flush=True)
    for call in calls:
        if code := pip(place, call):
            return code
    if layer in WARM and (code := compiled(place, WARM[layer])):
        return code
    stamp.write_text(wanted)
    return 0


def pip(place: Environment, arguments: list[str]) -> int:
    """One `pip install` from the ordinary package index."""
    command = [str(place.python), "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--no-compile"]
    return subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode


def compiled(place: Environment, code: str) -> int:
    """Run imports, and have all that they import compiled. Returns Python's exit code."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [str(place.python), "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    print(done.stdout, end="", flush=True)
    print(done.stderr if done.returncode else "", end="", file=sys.stderr)
    return done.returncode


def digest(calls: list[list[str]], day: str) -> str:
    """Of the calls, where and when they happen, and all that they read."""
    sources = [ROOT / word for call in calls for word in call if (ROOT / word).is_file()]
    folders = [word.removeprefix("./").split("[")[0] for call in calls for word in call if word.startswith("./")]
    sources += [ROOT / folder / "pyproject.toml" for folder in folders]
    state = hashlib.sha256(repr((calls, str(ROOT), day)).encode())
    for source in sources:
        state.update(source.read_bytes())
    return state.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
