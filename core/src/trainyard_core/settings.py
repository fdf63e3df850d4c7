"""Settings: one TOML file in the data directory and `TRAINYARD_*` in the environment; read once, frozen, passed on.

Precedence is environment, then file, then default. A key that nobody knows refuses to start. A plugin's settings
are the section with the plugin's name; `TRAINYARD_SCHEDULER_PROCESS__CPU=4` sets `cpu` in `[scheduler_process]`.
"""

from __future__ import annotations

import os
import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from trainyard.track.folder import data_dir
from trainyard_core import redact
from trainyard_core.errors import StartRefused, choice
from trainyard_core.policy import Policy

__all__ = ["FILE", "PREFIX", "Settings", "default_data", "in_force", "install", "load", "plugin_of"]

PREFIX, FILE = "TRAINYARD_", "trainyard.toml"
CLIENT_VARIABLES = frozenset(
    [
        "CONFIG",
        "DATA",
        "URL",
        "TOKEN",
        "TOKEN_FILE",
        "PROJECT",
        "RUN",
        "ATTEMPT",
        "SPOOL",
        "OUTPUTS",
        "ARTIFACTS",
        "MOUNTS",
        "PARAMS",
        "PARAMS_FILE",
        "OFFLINE",
        "STRICT",
        "QUIET",
        "CAPTURE",
        "CODE",
        "ORIGIN",
        "SYSTEM_PERIOD",
        "RESUME_FROM",
        "RESUME_STEP",
        "PARENT_SPOOL",
        "FAULT",
        "FAULT_LOG",
        "RUNNER_FAULT",
        "TRACE_HOOKS",
    ]
)
"""Variables of the same prefix that belong to clients, runs and tests."""
LISTS = ("queues", "plugins", "prefer")
PACKAGES = {
    "scheduler": "trainyard-scheduler-process",
    "tracker": "trainyard-tracker-folder",
    "optimizer": "trainyard-optimizer-search",
    "optimizer:ax": "trainyard-optimizer-ax",
    "optimizer:bayes": "trainyard-optimizer-ax",
}
"""What is suggested where nothing that is installed offers a scheduler, a tracker, or the optimizer of that name."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a server goes by.

    `host`, `port`: where it listens (port 0: any free one). `database`: `sqlite:///...` or `postgresql://...`;
    empty: a file in the data directory. `valkey`: `redis://...` or `unix://...`; empty: an embedded one.
    `tracker`, `scheduler`: the providers' names. `agent`: this machine's agent's name; `queues`: what it serves.
    `plugins`: only these are loaded; empty: all that are installed. `prefer`: the plugins that are used where several
    offer the same name. `rate_limit`: requests a second of one asker to one process, 0 for no limit. `read_timeout`:
    seconds after which a read of the database is ended. `traces`: where traces for OpenTelemetry go, `otlp` or
    `console`; empty: nowhere.
    """

    data: Path
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8400
    public_url: str = ""
    database: str = ""
    valkey: str = ""
    tracker: str = "folder"
    scheduler: str = "process"
    agent: str = "local"
    queues: tuple[str, ...] = ("*",)
    plugins: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()
    stop_grace: float = 10.0
    platform_retries: int = 3
    backoff_first: float = 1.0
    backoff_most: float = 60.0
    drain: float = 60.0
    silence: float = 15.0
    lost_after: float = 0.0
    tracked_silence: float = 0.0
    idempotency_days: float = 7.0
    activity_days: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    rate_limit: float = 5000.0
    read_timeout: float = 10.0
    traces: str = ""
    sections: dict[str, dict[str, Any]] = {}

    @property
    def policy(self) -> Policy:
        """What runs are decided by."""
        return Policy(
            platform_retries=self.platform_retries,
            backoff_first=self.backoff_first,
            backoff_most=self.backoff_most,
            drain=self.drain,
            silence=self.silence,
            lost_after=self.lost_after,
            tracked_silence=self.tracked_silence,
            tracker=self.tracker,
        )

    @property
    def database_url(self) -> str:
        """The database that is used."""
        return self.database or f"sqlite:///{self.data / 'trainyard.db'}"

    def url(self, port: int) -> str:
        """The address that clients are told when the server listens on `port`: `public_url`, or the one it listens on.
        One that means every address of the machine is told as the loopback address."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - nothing listens on it
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"


def plugin_of(kind: str, name: str = "") -> str:
    """The name of the plugin that comes with Trainyard for a provider of that kind."""
    return PACKAGES.get(f"{kind}:{name}", PACKAGES[kind]).removeprefix("trainyard-").replace("-", "_")


def install(kind: str, name: str = "") -> str:
    """The command that installs what is missing: the provider `name` of a kind, or any."""
    return f"pip install {PACKAGES.get(f'{kind}:{name}', PACKAGES[kind])}"


def default_data() -> Path:
    """`TRAINYARD_DATA`, or `.trainyard` in the home directory. Raises StartRefused where there is neither."""
    try:
        return data_dir()
    except OSError as error:
        raise StartRefused(str(error), fix="or give --data") from error


def load(
    data: Path, *, environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """The settings of a data directory. Raises StartRefused with file and key for whatever is wrong."""
    source = data / FILE
    values, sections = _split(_read(source), str(source))
    from_environ, section_environ = _from_environ(os.environ if environ is None else environ)
    for section, extra in section_environ.items():
        sections.setdefault(section, {}).update(extra)
    values |= from_environ | dict(overrides or {})
    try:
        return msgspec.convert({**values, "data": data, "sections": sections}, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise StartRefused(f"settings: {error}", fix=f"correct {source} or the {PREFIX}* variable") from error


def _read(source: Path) -> dict[str, Any]:
    try:
        return _toml(source.read_text("utf-8"), str(source))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartRefused(f"{source}: {error}", fix="correct the file") from error


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise StartRefused(f"{where}: a value is nested too deep", fix="flatten it") from None


def _split(raw: dict[str, Any], where: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Core's keys and the plugins' sections."""
    sections = {key: value for key, value in raw.items() if isinstance(value, dict)}
    for key in sections.keys() & set(Settings.__struct_fields__):
        raise StartRefused(
            f"{where}: '{key}' is a setting and not a section", fix=f"write {key} = ... above all sections"
        )
    values = {key: value for key, value in raw.items() if key not in sections}
    for key in values:
        _known(key, where)
    return values, sections


def _known(key: str, where: str) -> None:
    fields = set(Settings.__struct_fields__) - {"data", "sections"}
    if key not in fields:
        raise StartRefused(f"{where}: {choice('setting', key, fields)}", fix="correct or remove it")


def _from_environ(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    values: dict[str, Any] = {}
    sections: dict[str, dict[str, Any]] = {}
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name[len(PREFIX) :] in CLIENT_VARIABLES:
            continue
        key = name[len(PREFIX) :].lower()
        section, nested, inner = key.partition("__")
        if nested:
            sections.setdefault(section, {})[inner] = _literal(text, f"environment variable {name}")
            continue
        _known(key, f"environment variable {name}")
        values[key] = [part.strip() for part in text.split(",") if part.strip()] if key in LISTS else text
    return values, sections


def _literal(text: str, where: str) -> Any:
    """A plugin's setting from the environment: a TOML number, boolean or list where it reads as one, else the text
    itself."""
    try:
        return _toml(f"value = {text}", where)["value"]
    except tomllib.TOMLDecodeError:
        return text


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, Path):
        return value
    raise NotImplementedError(kind)


def in_force(
    settings: Settings,
    *,
    models: Mapping[str, Mapping[str, Any]] = types.MappingProxyType({}),
    environ: Mapping[str, str] | None = None,
) -> list[tuple[str, str, str]]:
    """Each setting's name, value as text and source (environment, file, command or default). `models` are the sections
    of plugins as their models read them, defaults included. What may hold a secret is `***` at every depth of tables
    and lists, but for an address, which is shown without its password."""
    variables = os.environ if environ is None else environ
    in_file, sections = _split(_read(settings.data / FILE), FILE)
    core = [
        (name, _shown(name, value), _source(name, value, default, in_file, variables))
        for name, value, default in ((name, getattr(settings, name), default) for name, default in _defaults())
    ]
    plugins = [
        (f"{section}.{name}", _shown(name, value), _section_source(section, name, sections, settings))
        for section, values in sorted({**settings.sections, **models}.items())
        for name, value in sorted(values.items())
    ]
    return [*core, *plugins]


def _section_source(section: str, name: str, in_file: Mapping[str, Mapping[str, Any]], settings: Settings) -> str:
    if name not in settings.sections.get(section, {}):
        return "default"
    return "file" if name in in_file.get(section, {}) else "environment"


def _defaults() -> list[tuple[str, object]]:
    fields = msgspec.structs.fields(Settings)
    return [(field.name, field.default) for field in fields if field.name != "sections"]


def _source(name: str, value: object, default: object, in_file: Mapping[str, Any], variables: Mapping[str, str]) -> str:
    if PREFIX + name.upper() in variables:
        return "environment"
    if name in in_file:
        return "file"
    return "default" if value == default else "command"


def _shown(name: str, value: object) -> str:
    shown = redact.setting(value, name)
    return ",".join(map(str, shown)) if isinstance(value, tuple) and isinstance(shown, list) else str(shown)
