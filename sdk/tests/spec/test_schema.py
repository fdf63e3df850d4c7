"""The JSON Schema that editors use."""

from __future__ import annotations

import json

from trainyard.spec.model import Model
from trainyard.spec.operation import Operation
from trainyard.spec.schema import json_schema


def test_the_schema_names_every_field_that_is_acted_on_and_none_that_is_not() -> None:
    schema = json_schema()
    properties = schema["$defs"]["Operation"]["properties"]  # type: ignore[index, call-overload]
    assert set(properties) == {field.alias for field in Operation.model_fields.values()}  # type: ignore[arg-type]
    assert schema["$defs"]["Operation"]["additionalProperties"] is False  # type: ignore[index, call-overload]


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_no_field_is_both_acted_on_and_refused() -> None:
    waiting: list[type[Model]] = [Model]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        names = {name for field, info in model.model_fields.items() for name in (field, info.alias)}
        assert names.isdisjoint(model.later), model
