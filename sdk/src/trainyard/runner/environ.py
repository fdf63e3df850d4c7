"""The command's environment and arguments, made from the workload and the folder. Pure.

The base is an allow-list of the environment that the runner was started in: a secret of the server never reaches a
command. `${TRAINYARD_OUTPUTS}` and its siblings are replaced in command, arguments and environment; every other `$`
is the command's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from trainyard.runner.layout import Folder

__all__ = ["MOST_PARAMS", "argv_of", "base_of", "container_environment", "environment_of", "mark_of", "params_of"]

MOST_PARAMS = 64 * 1024
"""Characters of params that fit into the environment: one variable may have 128 KiB, or no program starts."""

_BASE = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TERM|LD_LIBRARY_PATH"
    r"|VIRTUAL_ENV|CONDA_PREFIX|CONDA_DEFAULT_ENV|PYTHONPATH|PYTHONHOME|HF_HOME|TORCH_HOME"
    r"|CUDA_HOME|CUDA_PATH|NVIDIA_VISIBLE_DEVICES|NVIDIA_DRIVER_CAPABILITIES|XDG_(CACHE|DATA|CONFIG)_HOME"
    r"|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy|SSL_CERT_FILE|SSL_CERT_DIR"
)
_TOKEN = re.compile(r"\$\{(TRAINYARD_[A-Z_]+)\}")


def base_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that a command may see."""
    return {name: value for name, value in environ.items() if _BASE.fullmatch(name)}


def mark_of(folder: Folder) -> str:
    """The entry of the environment that all processes of an attempt share and no others have."""
    return f"TRAINYARD_SPOOL={folder.spool}"


def environment_of(
    workload: Mapping[str, Any], folder: Folder, base: Mapping[str, str], secrets: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of the command: base, then the workload's, then secrets by variable, as they are, then what
    the runner itself states."""
    own = dict(workload.get("env") or {})
    stated = _stated(workload, folder)
    if workload.get("devices") is not None:
        stated |= {"CUDA_VISIBLE_DEVICES": str(workload["devices"]), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    filled = {name: _fill(str(value), stated) for name, value in own.items()}
    return {**base_of(base), "PYTHONUNBUFFERED": "1", **filled, **(secrets or {}), **stated}


def container_environment(
    container: Mapping[str, Any], workload: Mapping[str, Any], folder: Folder, env: Mapping[str, str]
) -> dict[str, str]:
    """The environment of an init step or a sidecar: the command's, and its own variables."""
    stated = _stated(workload, folder)
    return {**env, **{name: _fill(str(text), stated) for name, text in (container.get("env") or {}).items()}}


def params_of(workload: Mapping[str, Any]) -> str:
    """The run's params as the program is given them: a JSON object."""
    return json.dumps(workload.get("params") or {})


def argv_of(workload: Mapping[str, Any], folder: Folder, container: Mapping[str, Any] | None = None) -> list[str]:
    """The command and its arguments, names replaced; with `container`, of that init step or sidecar."""
    of = workload if container is None else container
    words: Sequence[str] = [*(of.get("command") or ()), *(of.get("args") or ())]
    stated = _stated(workload, folder)
    return [_fill(str(word), stated) for word in words]


def _stated(workload: Mapping[str, Any], folder: Folder) -> dict[str, str]:
    return {
        "TRAINYARD_RUN": str(workload["run"]),
        "TRAINYARD_PROJECT": str(workload["project"]),
        "TRAINYARD_ATTEMPT": str(workload["attempt"]),
        "TRAINYARD_URL": str(workload.get("url") or ""),
        "TRAINYARD_TOKEN_FILE": str(folder.token),
        "TRAINYARD_SPOOL": str(folder.spool),
        "TRAINYARD_OUTPUTS": str(folder.outputs),
        "TRAINYARD_ARTIFACTS": str(folder.artifacts),
        **({"TRAINYARD_MOUNTS": str(folder.mounts)} if workload.get("mounts") else {}),
        **_stated_params(workload, folder),
    }


def _stated_params(workload: Mapping[str, Any], folder: Folder) -> dict[str, str]:
    params = params_of(workload)
    if len(params) > MOST_PARAMS:
        return {"TRAINYARD_PARAMS_FILE": str(folder.params)}
    return {"TRAINYARD_PARAMS": params}


def _fill(text: str, known: Mapping[str, str]) -> str:
    return _TOKEN.sub(lambda match: known.get(match[1], match[0]), text)
