"""The JSON Schema of an operation file, for editors that complete and check while a person types.

It describes the camelCase spelling. It says less than `check.py` and `trainyard.compile` do: values of params are not
bound to their inputs, and templates are not looked into.
"""

from __future__ import annotations

from pydantic import JsonValue, TypeAdapter

from trainyard.spec.operation import Component, Operation

__all__ = ["json_schema"]

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
    return {"$schema": _DIALECT, "title": "Trainyard operation", **schema}
