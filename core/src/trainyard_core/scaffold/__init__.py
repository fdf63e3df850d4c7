"""What `yard plugins new` writes: a whole package that installs, passes its contract's suite and works, to be changed
into the plugin that is wanted. The templates lie beside this module; what is put into them is names and nothing else.
"""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from trainyard_core.errors import Conflict, Invalid, choice

__all__ = ["BY_HAND", "KINDS", "PROVISIONAL", "write"]

KINDS = ("scheduler", "tracker")
PROVISIONAL = {"flow": "flow", "ci": "ci", "connection": "connection"}
"""Kinds whose contract nothing calls yet, and the module of `trainyard_core.contracts` that it is in."""
BY_HAND = ("optimizer",)
"""Kinds with a hook and a suite, of which there is no template."""

_SUFFIX = ".template"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class _Names(NamedTuple):
    """A plugin's one name, in the forms that it has."""

    kind: str
    name: str

    def fill(self, text: str) -> str:
        """`text` with the names in place of `{{...}}`, and of MODULE and PLUGIN in a path."""
        plugin = f"{self.kind}_{self.name}"
        forms = {
            "{{name}}": self.name,
            "{{plugin}}": plugin,
            "{{module}}": f"trainyard_{plugin}",
            "{{distribution}}": f"trainyard-{plugin.replace('_', '-')}",
            "{{class}}": "".join(part.capitalize() for part in self.name.split("_")),
        }
        for form, meant in forms.items():
            text = text.replace(form, meant)
        return text

    def path(self, part: str) -> str:
        """The name of a file or folder."""
        return self.fill(part.removesuffix(_SUFFIX).replace("MODULE", "{{module}}").replace("PLUGIN", "{{plugin}}"))


def write(kind: str, name: str, into: Path) -> Path:
    """Write the package of a new plugin to a folder of its own in `into`, and return that folder. Raises Invalid for a
    kind that there is no template for or a name that is none, Conflict when the folder is there already."""
    _check_kind(kind)
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise Invalid(
            f"'{name[:80]}' cannot be the name of a plugin",
            fix="use lower-case letters and digits, in words joined by '_', starting with a letter, at most 40",
        )
    target = into / f"{kind}_{name}"
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise Conflict(f"{target} is there already", fix="choose another name, or another folder with --into") from None
    _copy(files(__name__) / kind, target, _Names(kind, name))
    return target


def _check_kind(kind: str) -> None:
    if kind in PROVISIONAL:
        raise Invalid(
            f"the contract of kind '{kind}' is provisional: there is no hook to register one with and no suite yet",
            fix=f"read trainyard_core.contracts.{PROVISIONAL[kind]} to plan one; kinds to be had: {', '.join(KINDS)}",
        )
    if kind in BY_HAND:
        raise Invalid(
            f"there is no template of kind '{kind}'",
            fix=f"write one by hand: the hook is register_{kind}s, the contract trainyard_core.contracts.{kind}, the"
            f" suite trainyard_core.testing.{kind}_suite, and docs/plugins.md says the rest; kinds to be had:"
            f" {', '.join(KINDS)}",
        )
    if kind not in KINDS:
        raise Invalid(choice("kind of plugin", kind, [*KINDS, *BY_HAND, *PROVISIONAL]), fix=f"use {' or '.join(KINDS)}")


def _copy(source: Traversable, target: Path, names: _Names) -> None:
    for entry in source.iterdir():
        place = target / names.path(entry.name)
        if entry.is_dir():
            place.mkdir()
            _copy(entry, place, names)
        elif entry.name.endswith(_SUFFIX):
            place.write_text(names.fill(entry.read_text("utf-8")), "utf-8")
