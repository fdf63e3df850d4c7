"""Conversion of values by their declared type, and the validation keys."""

from __future__ import annotations

import pytest

from trainyard.spec.convert import convert
from trainyard.spec.io import Input, Validation
from trainyard.spec.satisfy import satisfies

CONVERTED = [
    ("int", "3", 3),
    ("int", 3.0, 3),
    ("int", "1e3", 1000),
    ("float", "1e-4", 1e-4),
    ("float", ".5", 0.5),
    ("float", 3, 3.0),
    ("metric", "2", 2.0),
    ("bool", "True", True),
    ("bool", False, False),
    ("str", "3", "3"),
    ("path", "/a/b", "/a/b"),
    ("dict", '{"a": 1}', {"a": 1}),
    ("list", "[1, 2]", [1, 2]),
    ("any", "1", "1"),
    ("uri", "https://example.org/a", "https://example.org/a"),
    ("email", "ada@example.org", "ada@example.org"),
    ("date", "2030-12-31", "2030-12-31"),
    ("datetime", "2030-12-31T08:00:00Z", "2030-12-31T08:00:00+00:00"),
    ("timedelta", 90, "PT1M30S"),
    ("timedelta", "01:30:00", "PT1H30M"),
    ("uuid", "0000000000007000800000000000000A", "00000000-0000-7000-8000-00000000000a"),
]


@pytest.mark.parametrize("kind, value, expected", CONVERTED)
def test_values_are_converted_by_their_type(kind: str, value: object, expected: object) -> None:
    seen = convert(value, Input.model_validate({"name": "x", "type": kind}))
    assert (type(seen), seen) == (type(expected), expected)


REFUSED = [
    ("int", "3.5"),
    ("int", True),
    ("int", "abc"),
    ("int", 2**63),
    ("int", [1]),
    ("float", "nan"),
    ("float", float("inf")),
    ("float", "1e999"),
    ("float", True),
    ("bool", 1),
    ("bool", "yes"),
    ("str", 3),
    ("dict", "[1]"),
    ("dict", "{" * 5000),
    ("list", "a,b"),
    ("uri", "no scheme"),
    ("uri", "http://[broken"),
    ("email", "ada"),
    ("date", "31.12.2030"),
    ("date", "2030-13-01"),
    ("datetime", "noon"),
    ("timedelta", "soon"),
    ("timedelta", 1e300),
    ("uuid", "x"),
    ("any", {1: 2}),
    ("any", float("nan")),
]


@pytest.mark.parametrize("kind, value", REFUSED, ids=[f"{kind}-{str(value)[:20]}" for kind, value in REFUSED])
def test_values_that_do_not_fit_are_refused(kind: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"expected|must|plain data"):
        convert(value, Input.model_validate({"name": "x", "type": kind}))


@pytest.mark.parametrize("value, expected", [("3", 3), ("a", "a"), ("[1]", [1]), ("null", None), ("", "")])
def test_text_of_a_command_line_for_any_is_json_or_text(value: str, expected: object) -> None:
    assert convert(value, Input(name="x"), text=True) == expected


def test_a_list_is_converted_item_by_item() -> None:
    io = Input.model_validate({"name": "x", "type": "int", "isList": True})
    assert convert('["1", 2]', io) == [1, 2]
    with pytest.raises(ValueError, match="expected a list"):
        convert("1", io)


KEYS = [
    ({"gt": 0}, 1, 0),
    ({"ge": 0}, 0, -1),
    ({"lt": 1}, 0.5, 1),
    ({"le": 1}, 1, 1.5),
    ({"gt": 0}, 1, "1"),
    ({"multipleOf": 0.1}, 0.3, 0.35),
    ({"minDigits": 2}, 10, 9),
    ({"maxDigits": 2}, 1.5, 12.5),
    ({"decimalPlaces": 1}, 1.5, 1.55),
    ({"regex": "a+b"}, "aab", "b"),
    ({"regex": "a"}, "ab", "ba"),
    ({"minLength": 2}, "ab", "a"),
    ({"maxLength": 2}, "ab", "abc"),
    ({"contains": "b"}, "abc", "ac"),
    ({"excludes": "b"}, "ac", "abc"),
    ({"options": ["a", 1]}, "a", "b"),
    ({"options": [1]}, 1, True),
    ({"minItems": 1}, [1], []),
    ({"maxItems": 1}, [1], [1, 2]),
    ({"gt": 0}, [1, 2], [1, 0]),
    ({"gt": 0}, {"a": 1}, {"a": 0}),
    ({"keys": ["a"]}, {"a": 1}, {"b": 1}),
    ({"containsKeys": ["a"]}, {"a": 1, "b": 2}, {"b": 1}),
    ({"excludesKeys": ["a"]}, {"b": 2}, {"a": 1}),
]


@pytest.mark.parametrize("rule, good, bad", KEYS, ids=[f"{rule}-{bad}" for rule, _, bad in KEYS])
def test_validation_keys(rule: dict[str, object], good: object, bad: object) -> None:
    validation = Validation.model_validate(rule)
    assert not list(satisfies(good, validation))  # type: ignore[arg-type]
    assert list(satisfies(bad, validation))  # type: ignore[arg-type]


def test_a_pattern_that_would_backtrack_for_ever_ends_at_once() -> None:
    rule = Validation(regex="(a+)+$")
    assert list(satisfies("a" * 20_000 + "b", rule))
