"""The JSON Schema of an operation file, for editors that complete and check while a person types.

It describes the camelCase spelling, and every kind of matrix and of policy that is installed. It says less than
`check.py` and `trainyard.compile` do: values of params are not bound to their inputs, and templates are not looked
into.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue, TypeAdapter

from trainyard.spec.installed import RUNS
from trainyard.spec.matrix.installed import MATRICES, POLICIES
from trainyard.spec.matrix.shapes import SHAPES
from trainyard.spec.matrix.stopping import STOPPINGS
from trainyard.spec.model import Model
from trainyard.spec.operation import Component, Operation
from trainyard.spec.run import Job

__all__ = ["json_schema"]

_SHARED = frozenset({"RunKind", "Matrix", "Shape", "Policy", "Stopping", "Param", "Component"})
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, JsonValue]:
    """The schema of a document: an operation or a component."""
    documents: TypeAdapter[Operation | Component] = TypeAdapter(Operation | Component)
    schema: dict[str, JsonValue] = documents.json_schema(by_alias=True)
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for name in ("Operation", "Component"):
        definition = definitions[name]
        assert isinstance(definition, dict)
        definition["required"] = ["version", "kind"]
    definitions["Param"] = {"description": "a value, or `{value: ...}`", "anyOf": [definitions["Param"], {}]}
    for root, members in _families().items():
        definitions |= {f"{root}.{kind}": _member(f"{root}.{kind}", kind, model) for kind, model in members.items()}
        definitions[root] = {"anyOf": [{"$ref": f"#/$defs/{root}.{kind}"} for kind in members]}
    return {"$schema": _DIALECT, "title": "Trainyard operation", **schema}


def _families() -> Mapping[str, Mapping[str, type[Model]]]:
    return {
        "RunKind": {"job": Job, **RUNS.usable()},
        "Matrix": MATRICES.usable(),
        "Shape": SHAPES,
        "Policy": POLICIES.usable(),
        "Stopping": STOPPINGS,
    }


def _member(place: str, kind: str, model: type[Model]) -> dict[str, JsonValue]:
    """One member of a family. Its parts stand in it, so that two plugins may call theirs the same; the language's own
    families stand once, outside."""
    schema: dict[str, JsonValue] = model.model_json_schema(ref_template=f"#/$defs/{place}/$defs/{{model}}")
    properties, inner = schema["properties"], schema.get("$defs", {})
    assert isinstance(properties, dict)
    assert isinstance(inner, dict)
    properties["kind"] = {"const": kind}
    inner.update({name: {"$ref": f"#/$defs/{name}"} for name in inner if name in _SHARED})
    return schema
