"""The resolved operation: its canonical bytes and its digest."""

from __future__ import annotations

import json
import subprocess
import sys

import msgspec
import pytest

from trainyard.compile.resolved import (
    Code,
    Notification,
    OutputType,
    ResolvedOperation,
    Resources,
    canonical_json,
    decode_resolved,
    digest,
)

FULL = ResolvedOperation(
    kind="job",
    name="a",
    description="b",
    tags=("x", "y"),
    queue="q",
    inputs={"b": 1e-07, "a": {"z": [1, None, "é"], "y": 1.0}},
    outputs={"m": OutputType(type="metric", value=0.5)},
    command=("python",),
    args=("x",),
    env={"B": "1", "A": "2"},
    image="i",
    working_dir="w",
    code=Code(kind="git", url="u", commit="c", patch="p"),
    resources=Resources(cpu=0.5, memory=1, gpu=1),
    max_retries=1,
    timeout=1.5,
    notifications=(Notification(trigger="done", connections=("a", "b")),),
    component="sha256:0",
)


@pytest.mark.parametrize("resolved", [FULL, ResolvedOperation(kind="job")])
def test_canonical_json_reads_back_the_same(resolved: ResolvedOperation) -> None:
    assert decode_resolved(canonical_json(resolved)) == resolved


def test_canonical_json_does_not_depend_on_the_order_of_mappings() -> None:
    other = msgspec.structs.replace(FULL, env={"A": "2", "B": "1"}, inputs=dict(reversed(FULL.inputs.items())))
    assert canonical_json(other) == canonical_json(FULL)
    assert b'"inputs":{"a":{"y":1.0,"z":[1,null,"\xc3\xa9"]},"b":1e-07}' in canonical_json(FULL)


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", "z"),
        ("description", None),
        ("tags", ()),
        ("queue", "z"),
        ("priority", 3),
        ("component", ""),
        ("notifications", ()),
    ],
)
def test_the_digest_leaves_out_what_does_not_change_what_runs(field: str, value: object) -> None:
    assert digest(msgspec.structs.replace(FULL, **{field: value})) == digest(FULL)


CHANGES = {
    "inputs": {},
    "outputs": {},
    "command": (),
    "args": (),
    "env": {},
    "image": None,
    "working_dir": None,
    "code": Code(kind="none"),
    "resources": Resources(),
    "max_retries": 0,
    "timeout": None,
}


@pytest.mark.parametrize("field", CHANGES)
def test_the_digest_covers_what_runs(field: str) -> None:
    assert digest(msgspec.structs.replace(FULL, **{field: CHANGES[field]})) != digest(FULL)


def test_the_digest_of_a_stored_operation_does_not_change() -> None:
    """Stored digests outlive this code: a change here is a change of the format and needs a migration."""
    assert digest(ResolvedOperation(kind="job")) == DIGEST_OF_NOTHING
    assert digest(FULL) == DIGEST_OF_FULL


DIGEST_OF_NOTHING = "sha256:c02a09dc26268c66611fc8ca8b1a6727e00e36311a642021cbf4d0c2c999302e"
DIGEST_OF_FULL = "sha256:68c1195a75f04cd182e8c2a312399d2e9658ec7a59a0dc7e3fcca9d2255e87d2"


def test_unknown_fields_are_refused() -> None:
    content = json.loads(canonical_json(FULL)) | {"surprise": 1}
    with pytest.raises(msgspec.ValidationError, match="surprise"):
        decode_resolved(json.dumps(content))


def test_importing_the_packages_loads_none_of_the_heavy_ones() -> None:
    program = "import sys, trainyard, trainyard.spec, trainyard.compile\n"
    program += "print([m for m in ('pydantic', 'yaml', 'jinja2', 'msgspec') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
