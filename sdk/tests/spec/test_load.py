"""Reading documents: YAML 1.2 typing, the problems of the text with their places, and the limits."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard.spec.error import SpecError
from trainyard.spec.load import MAX_BYTES, load_file, load_text
from trainyard.spec.scan import MAX_ALIASES, MAX_DEPTH

SCALARS = [
    ("1e-4", 1e-4),
    ("1E5", 1e5),
    (".5", 0.5),
    ("1.", 1.0),
    ("-3", -3),
    ("010", 10),
    ("0o10", 8),
    ("0xff", 255),
    ("1_000", "1_000"),
    ("0b11", "0b11"),
    ("on", "on"),
    ("no", "no"),
    ("Yes", "Yes"),
    ("y", "y"),
    ("true", True),
    ("False", False),
    ("12:30:00", "12:30:00"),
    ("2024-01-01", "2024-01-01"),
    ("~", None),
    ("null", None),
    ("", None),
    ("'1'", "1"),
    ('"true"', "true"),
    ("!!str 1", "1"),
    ("!!float 1", 1.0),
    ("=", "="),
    ("1.2.3", "1.2.3"),
    ("9223372036854775807", 2**63 - 1),
]


@pytest.mark.parametrize("text, value", SCALARS, ids=[text or "empty" for text, _ in SCALARS])
def test_scalars_are_typed_as_yaml_1_2_has_them(text: str, value: object) -> None:
    seen = load_text(f"a: {text}\n", file="t.yaml").data["a"]
    assert (type(seen), seen) == (type(value), value)


FAULTS = [
    ("a: 1\na: 2\n", ["t.yaml:2:1: the key `a` is given twice; first on line 1; remove one of them"]),
    ("a: {b: 1, b: 2}\nc: 1\nc: 2", ["t.yaml:1:11: the key `b`", "t.yaml:3:1: the key `c`"]),
    ('{"a": 1, "a": 2}', ["t.yaml:1:10: the key `a` is given twice"]),
    ("a:\n\tb: 1", ["t.yaml:2:1: not YAML", "indent with spaces, not tabs"]),
    ("", ["t.yaml: the document is empty"]),
    ("# only a comment\n", ["t.yaml: the document is empty"]),
    ("- a\n- b", ["t.yaml:1:1: a list at the top"]),
    ("just text", ["t.yaml:1:1: a single value at the top"]),
    ("a: 1\n---\nb: 2", ["t.yaml:2:1: the file holds more than one document"]),
    ("a: &x [*x]", ["t.yaml:1:8: the alias `*x` contains itself"]),
    ("a: *nobody", ["t.yaml:1:4: there is no anchor `&nobody`"]),
    ("a: !!python/object/apply:os.system [ls]", ["t.yaml:1:4: the tag", "is not part of the language"]),
    ("a: !secret x", ["t.yaml:1:4: the tag `!secret` is not part of the language"]),
    ("a: !!binary aGk=", ["t.yaml:1:4: the tag `!!binary`"]),
    ("a: .inf\nb: .nan\nc: 1e999", ["t.yaml:1:4: a number must be finite", "t.yaml:2:4", "t.yaml:3:4"]),
    (f"a: {'9' * 5000}", ["t.yaml:1:4: a whole number must fit in 64 bits"]),
    ("1: a\ntrue: b", ['t.yaml:1:1: a key must be text; write "1" in quotes', "t.yaml:2:1"]),
    ("? [a]\n: b", ["t.yaml:1:3: a key must be text"]),
    ("a: {{ x }}", ["t.yaml:1:5: a key must be text", "in quotes"]),
    ("a: 'open", ["not YAML", "look for a missing quote"]),
    ('{"a": [1, 2', ["not YAML"]),
    ("a: b: c", ["t.yaml:1:5: not YAML"]),
    ("x:\n  <<: 3", ["`<<` merges a mapping"]),
]


@pytest.mark.parametrize("text, said", FAULTS, ids=[text[:24] or "empty" for text, _ in FAULTS])
def test_faults_of_the_text_name_their_place(text: str, said: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        load_text(text, file="t.yaml")
    for part in said:
        assert part in str(caught.value)


def test_json_is_accepted_with_tabs_escapes_and_surrogate_pairs() -> None:
    data = {"a": [1, 2.5, None, True], "b": {"c": "\U0001f600 \t é \\u00e9"}, "d": "a/b"}
    assert load_text(json.dumps(data, indent="\t"), file="t.json").data == data


def test_merge_keys_keep_what_the_mapping_says_itself() -> None:
    text = "base: &b {x: 1, y: 2}\nother: &o {y: 9, z: 3}\nd:\n  <<: [*b, *o]\n  x: 5\ne:\n  x: 5\n  <<: *b\n"
    data = load_text(text, file="t.yaml").data
    assert data["d"] == {"x": 5, "y": 2, "z": 3}
    assert data["e"] == {"x": 5, "y": 2}


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    with pytest.raises(SpecError, match="too large once its aliases are written out"):
        load_text("\n".join(lines), file="t.yaml")


def test_a_long_text_repeated_by_aliases_is_refused() -> None:
    text = f"a: &a {'x' * 500_000}\nb: [{', '.join(['*a'] * 20)}]"
    with pytest.raises(SpecError, match="too large once its aliases are written out"):
        load_text(text, file="t.yaml")


def test_many_small_values_repeated_by_aliases_are_refused() -> None:
    text = f"a: &a [{', '.join(['1'] * 300)}]\nb: [{', '.join(['*a'] * 900)}]"
    with pytest.raises(SpecError, match="too large once its aliases are written out"):
        load_text(text, file="t.yaml")


def test_too_many_aliases_are_refused() -> None:
    with pytest.raises(SpecError, match=f"more than {MAX_ALIASES} aliases"):
        load_text(f"a: &a 1\nb: [{', '.join(['*a'] * (MAX_ALIASES + 1))}]", file="t.yaml")


@pytest.mark.parametrize("opening", ["[", "{a: ", "[{a: ", "- ", "[ ", "&a ["])
def test_deep_nesting_is_refused_without_recursion(opening: str) -> None:
    with pytest.raises(SpecError, match=f"deeper than {MAX_DEPTH} levels"):
        load_text("a:\n " + opening * 20_000, file="t.yaml")


@pytest.mark.parametrize("depth", [MAX_DEPTH, 1_001, 20_000])
def test_the_place_of_too_deep_nesting_is_the_first_bracket_over_the_limit(depth: int) -> None:
    with pytest.raises(SpecError) as caught:
        load_text("x: 1\na: " + "[" * depth + "]" * depth, file="t.yaml")
    expected = f"t.yaml:2:{MAX_DEPTH + 3}: the document is nested deeper than {MAX_DEPTH} levels; flatten it"
    assert str(caught.value) == expected


@pytest.mark.parametrize("text", ["a: [[1]\nb: 2", "a: '" + "[" * 2_000, 'a: ["' + "[" * 900 + '", %]'])
def test_a_fault_of_the_text_is_no_depth(text: str) -> None:
    with pytest.raises(SpecError, match="not YAML"):
        load_text(text, file="t.yaml")


def test_depth_through_aliases_is_refused() -> None:
    lines = ["a0: &a0 [1]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, MAX_DEPTH + 1))]
    with pytest.raises(SpecError, match="with its aliases the document is nested deeper"):
        load_text("\n".join(lines), file="t.yaml")


def test_a_document_over_the_limit_is_refused() -> None:
    with pytest.raises(SpecError, match=f"the limit is {MAX_BYTES}"):
        load_text("a: " + "x" * MAX_BYTES, file="t.yaml")


def test_a_file_of_a_gigabyte_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(SpecError, match="has 1073741824 bytes; the limit is"):
        load_file(path)


def test_not_utf8_names_the_byte_and_its_place() -> None:
    with pytest.raises(SpecError) as caught:
        load_text(b"a: 1\nb: \xff\n", file="t.yaml")
    assert str(caught.value) == "t.yaml:2:4: byte 0xff is not UTF-8; save the file as UTF-8"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert load_text(b"\xef\xbb\xbfa: 1\n", file="t.yaml").data == {"a": 1}


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(SpecError, match="surrogate"):
        load_text("a: \ud800", file="t.yaml")


def test_missing_files_folders_and_unreadable_files_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        load_file(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="this is a folder"):
        load_file(tmp_path)
    if os.geteuid() != 0:
        closed = tmp_path / "closed.yaml"
        closed.write_text("a: 1")
        closed.chmod(0)
        with pytest.raises(SpecError, match="cannot be read: Permission denied"):
            load_file(closed)


def test_windows_line_ends_keep_positions() -> None:
    with pytest.raises(SpecError, match=r"t\.yaml:3:1"):
        load_text("a: 1\r\nb: 2\r\na: 3\r\n", file="t.yaml")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*?!|>'\"%#\n\t 10.,<", max_size=80))
def test_any_text_ends_in_data_or_in_a_spec_error(text: str) -> None:
    try:
        assert isinstance(load_text(text, file="t").data, dict)
    except SpecError as error:
        assert error.findings


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=4))
def test_all_json_reads_back_the_same(data: dict[str, object]) -> None:
    if "<<" in json.dumps(data):
        return
    assert load_text(json.dumps(data), file="t").data == data
