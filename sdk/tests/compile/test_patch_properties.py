"""What holds for any two layers, whatever is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard.compile.fragment import ComposedDocument, Fragment, grow, plain
from trainyard.compile.patch import patched
from trainyard.spec.document import Document
from trainyard.spec.model import Model
from trainyard.spec.operation import STRATEGIES, Operation, Strategy

WORD = st.sampled_from(["a", "b", "c"])
VARIABLES = st.dictionaries(st.sampled_from(["A", "B", "C"]), WORD, max_size=3)
CONTAINER = st.fixed_dictionaries(
    {},
    optional={
        "image": WORD,
        "command": st.lists(WORD, min_size=1, max_size=3, unique=True),
        "env": VARIABLES,
        "resources": st.fixed_dictionaries({}, optional={"limits": st.fixed_dictionaries({}, optional={"gpu": WORD})}),
    },
)
LAYER = st.fixed_dictionaries(
    {},
    optional={
        "queue": WORD,
        "tags": st.lists(WORD, max_size=3, unique=True),
        "termination": st.fixed_dictionaries({}, optional={"maxRetries": st.integers(0, 3), "timeout": WORD}),
        "env": VARIABLES,
        "params": st.dictionaries(WORD, WORD | st.fixed_dictionaries({"value": WORD}), max_size=3),
        "run": st.fixed_dictionaries({"kind": st.just("job")}, optional={"container": CONTAINER}),
    },
)
Layer = Mapping[str, object]


def pieces(data: Layer, file: str = "f", model: type[Model] = Operation) -> Fragment:
    return grow(Document.from_mapping(data, file=file), model)


def merged(old: Layer, new: Layer, strategy: Strategy) -> object:
    return plain(patched(pieces(old), pieces(new), strategy, Operation))


def paths(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield at
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from paths(item, (*at, key))


@given(LAYER, LAYER)
def test_pre_merge_is_post_merge_the_other_way_round(old: Layer, new: Layer) -> None:
    assert merged(old, new, "pre_merge") == merged(new, old, "post_merge")


@given(LAYER, LAYER, st.sampled_from(STRATEGIES))
def test_a_patch_that_was_applied_changes_nothing_more(old: Layer, new: Layer, strategy: Strategy) -> None:
    once = merged(old, new, strategy)
    assert isinstance(once, dict)
    again = merged(once, new, strategy)
    assert again == once


@given(LAYER, st.sampled_from(STRATEGIES))
def test_nothing_patched_onto_a_layer_or_a_layer_onto_nothing_is_the_layer(layer: Layer, strategy: Strategy) -> None:
    assert merged(layer, {}, strategy) == merged({}, layer, strategy) == plain(pieces(layer))


@given(LAYER, LAYER, LAYER)
def test_post_merge_does_not_mind_which_two_come_first(one: Layer, two: Layer, three: Layer) -> None:
    left, right = merged(one, two, "post_merge"), merged(two, three, "post_merge")
    assert isinstance(left, dict)
    assert isinstance(right, dict)
    assert merged(left, three, "post_merge") == merged(one, right, "post_merge")


@settings(max_examples=50)
@given(LAYER, LAYER, st.sampled_from(STRATEGIES))
def test_every_value_is_found_in_one_of_the_files_where_it_was_written(
    old: Layer, new: Layer, strategy: Strategy
) -> None:
    whole = patched(pieces(old, "old"), pieces(new, "new"), strategy, Operation)
    composed = ComposedDocument(whole)
    for path in paths(composed.data):
        finding = composed.finding(path, "said")
        assert finding.file in ("old", "new")
        value: object = composed.data
        for part in path:
            value = value[part]  # type: ignore[index]
        if not isinstance(value, dict | list):
            written: object = old if finding.file == "old" else new
            for part in _parts(finding.field):
                written = written[part]  # type: ignore[index]
            assert written == value


def _parts(field: str) -> list[str | int]:
    """`run.args[0]` as `run`, `args`, 0."""
    found: list[str | int] = []
    for name in field.split("."):
        head, *indexes = name.replace("]", "").split("[")
        found += [head, *map(int, indexes)]
    return found
