"""The sections of the settings that have a model: read by it, and what is wrong told with its place and what to do.

Pure but for the settings file and the environment, which are read again to say where a value is from. A value itself is
never told: it may be a secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trainyard_core import redact
from trainyard_core.errors import StartRefused, choice
from trainyard_core.plugin_host.toml_line import line_of
from trainyard_core.settings import FILE, PREFIX, Settings

__all__ = ["Incomplete", "read_section"]

MOST_TOLD = 5
CUSTOM = frozenset({"assertion_error", "value_error"})
"""The kinds of errors that a model raises itself."""


class Incomplete(StartRefused):
    """Nobody has written the section, and the plugin cannot do without it."""


def read_section(
    plugin: str, model: type[BaseModel], settings: Settings, *, environ: Mapping[str, str] | None = None
) -> BaseModel:
    """The section of one plugin, as its model. Raises Incomplete, StartRefused for what else is wrong in it, and what
    the model itself raises."""
    source = _Source(plugin, settings.data / FILE, os.environ if environ is None else environ)
    section = settings.sections.get(plugin, {})
    try:
        return _validated(model, section, source)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    if not section:
        raise Incomplete(
            f"plugin '{plugin}' needs settings: {', '.join(_key(each) for each in problems)}",
            fix=f"write them in {source.file} below [{plugin}], or in {source.variable('KEY')}",
        )
    told = [source.told(each, model) for each in problems[:MOST_TOLD]]
    raise StartRefused("; ".join(told), fix=f"correct the settings of {plugin}, or uninstall the plugin")


def _validated(model: type[BaseModel], section: Mapping[str, Any], source: _Source) -> BaseModel:
    """The model's instance. What a variable says counts as its text where the number or list that it reads like does
    not fit."""
    try:
        return model.model_validate(dict(section), extra="forbid")
    except ValidationError as error:
        texts = {key: source.environ[variable] for key, variable in source.variables(_places(error))}
        if not texts:
            raise
        return model.model_validate({**section, **texts}, extra="forbid")


def _places(error: ValidationError) -> list[str]:
    return [str(each["loc"][0]) for each in error.errors() if each["loc"]]


def _key(problem: ErrorDetails) -> str:
    return ".".join(str(part) for part in problem["loc"]) or "the section"


class _Source:
    """Where the values of one section are from."""

    def __init__(self, plugin: str, file: Path, environ: Mapping[str, str]) -> None:
        self._plugin, self.file, self.environ = plugin, file, environ

    def variable(self, key: str) -> str:
        """The variable of a key."""
        return f"{PREFIX}{self._plugin.upper()}__{key.upper()}"

    def variables(self, keys: Sequence[str]) -> list[tuple[str, str]]:
        """Those of these keys that a variable sets, with its name."""
        found = [(key, self.variable(key)) for key in keys]
        return [(key, variable) for key, variable in found if variable in self.environ]

    def told(self, problem: ErrorDetails, model: type[BaseModel]) -> str:
        """One problem: where, which key, what."""
        key, location = _key(problem), [str(part) for part in problem["loc"]]
        if problem["type"] == "extra_forbidden" and len(location) == 1:
            known = [field.alias or name for name, field in model.model_fields.items()]
            return f"{self._place(location)}: [{self._plugin}]: {choice('key', key, known)}"
        return f"{self._place(location)}: {key} of [{self._plugin}]: {_said(problem, key)}"

    def _place(self, location: Sequence[str]) -> str:
        if found := self.variables(location[:1]):
            return f"environment variable {found[0][1]}"
        try:
            line = line_of(self.file.read_text("utf-8"), [self._plugin, *location])
        except OSError:
            line = 0
        return f"{self.file}:{line}" if line else str(self.file)


def _said(problem: ErrorDetails, key: str) -> str:
    """What is wrong in words that hold no value of a secret."""
    if problem["type"] in CUSTOM and redact.setting("shown", key) != "shown":
        return "the value is not valid"
    return redact.text(problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
