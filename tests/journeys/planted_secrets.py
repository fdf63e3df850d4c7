"""Where the values of planted secrets must not be: in files, in what is printed, in the list of processes, in the
bundle for support."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from yard import Yard, paths_below

__all__ = ["files_with", "printed"]


def files_with(folder: Path, secrets: Iterable[str]) -> list[tuple[Path, str]]:
    """The files below a folder that hold a secret, each with it. The database and the logs are among them."""
    found = []
    for path in paths_below(folder):
        if path.is_file() and not path.is_symlink():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            found += [(path.relative_to(folder), value) for value in secrets if value.encode() in content]
    return found


def printed(yard: Yard, *commands: Sequence[str]) -> str:
    """All that these commands, the processes and a bundle for support tell."""
    told = [yard.command(*words, code=None) for words in commands]
    told.append(yard.command("doctor", "--bundle", "bundle.zip", code=None))
    with zipfile.ZipFile(yard.folder / "bundle.zip") as bundle:
        told += [bundle.read(name).decode() for name in bundle.namelist()]
    (yard.folder / "bundle.zip").unlink()
    processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True)
    return "\n".join([*told, processes.stdout])
