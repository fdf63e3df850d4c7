"""Wheels of the workspace, and environments in which pip installs them, away from the source tree."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["OF_SERVERS", "Environment", "build"]

PATIENCE = 120
OF_SERVERS = ("arq", "asyncpg", "litestar", "piccolo", "redis", "uvicorn")
"""What only a server needs."""
WITHOUT = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OF_SERVERS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


def build(folder: Path, into: Path) -> None:
    """Build the wheel of a distribution."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


class Environment:
    """A virtual environment in a folder. What wheels need of others is found where the tests' own environment has it;
    nothing of the workspace is found there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.python = folder, folder / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        (self.site,) = (folder / "lib").glob("python*/site-packages")
        others = folder / "others"
        others.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if "trainyard" not in entry.name and entry.suffix != ".pth":
                (others / entry.name).symlink_to(entry)
        (self.site / "others.pth").write_text(f"{others}\n")

    def install(self, *wheels: Path) -> None:
        """Install wheels, and nothing beside."""
        self._pip("install", "--no-index", "--no-deps", *map(str, wheels))

    def uninstall(self, distribution: str) -> None:
        """Take a distribution out again."""
        self._pip("uninstall", "--yes", distribution)

    def hide_what_servers_need(self) -> None:
        """From now on it is as if what only a server needs were not installed."""
        (self.site / "sitecustomize.py").write_text(WITHOUT)

    def _pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *arguments, "--quiet"]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)

    def run(self, *arguments: str, cwd: Path, code: int = 0, **environ: str) -> str:
        """What Python prints with these arguments, errors included; it must end with that code."""
        done = subprocess.run(
            [self.python, "-W", "ignore", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            cwd=cwd,
            env=self._variables(cwd, environ),
            check=False,
        )
        assert done.returncode == code, f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def yard(self, *arguments: str, cwd: Path, code: int = 0, **environ: str) -> str:
        """What a `yard` command prints."""
        return self.run("-m", "trainyard.cli", *arguments, cwd=cwd, code=code, **environ)

    @contextmanager
    def serving(self, *arguments: str, cwd: Path, **environ: str) -> Iterator[str]:
        """A `yard` command that goes on until the block ends; its first line."""
        command: Sequence[str | Path] = [self.python, "-W", "ignore", "-m", "trainyard.cli", *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=self._variables(cwd, environ), cwd=cwd
        )
        try:
            assert process.stdout is not None
            yield process.stdout.readline()
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)

    def _variables(self, home: Path, environ: dict[str, str]) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "HOME": str(home), **environ}
