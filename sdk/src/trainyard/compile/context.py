"""The names that templates can read.

Inputs and outputs stand under their bare names, with more of each input under `params.NAME`; what is known of the run
itself stands under `globals`. The folders of an attempt are not known when a run is compiled, so their globals are the
literal texts `${TRAINYARD_OUTPUTS}` and `${TRAINYARD_ARTIFACTS}`. The runner replaces exactly these texts in `command`,
`args` and `env`, and sets the two variables, so that a shell that sees them unreplaced reads the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from trainyard.compile.value import text_of
from trainyard.spec.io import Input

__all__ = ["ARTIFACTS_TOKEN", "OUTPUTS_TOKEN", "TOKENS", "example_globals", "param_view", "run_globals"]

OUTPUTS_TOKEN = "${TRAINYARD_OUTPUTS}"  # noqa: S105 - a placeholder for a folder, not a secret
ARTIFACTS_TOKEN = "${TRAINYARD_ARTIFACTS}"  # noqa: S105 - a placeholder for a folder, not a secret
TOKENS = (ARTIFACTS_TOKEN, OUTPUTS_TOKEN)
"""What the runner replaces: the folder of all of the run's artifacts, and its part for outputs."""


def run_globals(known: Mapping[str, str | int]) -> dict[str, object]:
    """`globals` for templates: what the caller knows of the run, and the folders of the attempt."""
    return {**known, "run_artifacts_path": ARTIFACTS_TOKEN, "run_outputs_path": OUTPUTS_TOKEN}


def example_globals() -> dict[str, str]:
    """Stand-ins for what is known only once a run exists, for checking a file offline.

    These are the names that a server gives too: one more here would let a file pass that the server refuses.
    """
    return {
        "name": "example",
        "project_name": "example",
        "uuid": "00000000-0000-7000-8000-000000000000",
    }


def param_view(name: str, value: JsonValue, io: Input | None) -> dict[str, object]:
    """`params.NAME`: the value, its text, and its form as an argument; a value that is null has neither."""
    text = None if value is None else text_of(value)
    return {
        "value": value,
        "type": io.type if io else "any",
        "as_str": text,
        "as_arg": _argument(name, value, text, is_flag=io is not None and io.is_flag),
    }


def _argument(name: str, value: JsonValue, text: str | None, *, is_flag: bool) -> str | None:
    if is_flag:
        return f"--{name}" if value else None
    return None if text is None else f"--{name}={text}"
