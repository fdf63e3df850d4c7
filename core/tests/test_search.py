"""The query language on both databases: held against a model in plain Python, page by page, and kept inside its
project."""

from __future__ import annotations

from itertools import pairwise

import pytest
import search_model as model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainyard.query import parse, parse_sort
from trainyard_core.db import search
from trainyard_core.db.search import find
from trainyard_core.search import cursor
from trainyard_core.search.order import keys_of
from trainyard_core.search.scope import Scope

MINE = model.some_runs(60, "mine", 1)
THEIRS = model.some_runs(30, "theirs", 2)
IDS = [MINE[0]["id"], MINE[3]["id"][-6:], THEIRS[0]["id"], THEIRS[1]["id"][-8:], MINE[0]["parent"] or "bbbb", "aaaa"]
RELAXED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

NUMBERS = ("-1", "0", "0.1", "0.5", "1", "2.0", "5", "inf", "1e-2")
TEXTS = (
    "nil",
    "mnist",
    "MNIST-2",
    "%mnist%",
    "m%",
    '"50%_a"',
    "50\\%_a",
    "'%[x]?%'",
    "%_a",
    '"é\'\\"\\\\"',
    "gpu",
    "%",
)
MOMENTS = ("-2d", "-1w", "today", "yesterday", "last_month", "this_year", "now", "2026-09", "2026-09-21", "2020")
BY_KIND = {
    "text": (("name", "description", "queue", "user", "kind", "reason", "digest"), TEXTS),
    "status": (("status",), ("running", "failed", "done", "warning", "unschedulable", "upstream_failed", "created")),
    "words": (("tags",), ("a", "b", "A", '"x,y"', "%y", "'100\\%'", "100%", "nil")),
    "id": (("id", "parent", "original"), (*IDS, "nil")),
    "truth": (("archived", "managed"), ("true", "no")),
}
ORDERED = {
    "number": (("cpu", "gpu", "priority", "progress", "attempt"), NUMBERS),
    "metric": (("metrics.loss", "metrics.loss.min", 'metrics."a b".max', "metrics.none"), NUMBERS),
    "scalar": (("params.lr", "outputs.best"), NUMBERS),
    "memory": (("memory",), ("0", "1Gi", "1.5Gi")),
    "seconds": (("duration", "wait_time"), ("0", "1s", "90", "2h", "40d")),
    "moment": (("created_at", "started_at", "finished_at", "updated_at", "archived_at"), MOMENTS),
}
SCALARS = (
    ("params.lr", "params.opt", "params.x.y", "meta.team", "outputs.best"),
    (*NUMBERS, *TEXTS, '"0.1"', "true", "a_am", "'a*m'"),
)
SORTS = ("created_at", "name", "status", "metrics.loss", "metrics.loss.max", "params.lr", "params.opt", "duration")
SORTS += ("finished_at", "archived", "progress", "queue", "outputs.best", "memory", "user", "id", "digest")
SORTS += ("parent", "original", "started_at")


def any_of(fields, values):
    """Conditions of values and sets of them."""
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3).map("|".join)
    return st.builds("{}:{}{}".format, st.sampled_from(fields), st.sampled_from(("", "~")), chosen)


def sided(fields, values):
    """Comparisons and ranges."""
    one = st.sampled_from(values)
    side = st.builds("{}{}".format, st.sampled_from((">", ">=", "<", "<=")), one)
    test = st.one_of(side, st.builds("{}..{}".format, one, one), st.just("nil"), one)
    return st.builds("{}:{}{}".format, st.sampled_from(fields), st.sampled_from(("", "~")), test)


CONDITIONS = st.one_of(
    *(any_of(*pair) for pair in (*BY_KIND.values(), SCALARS)), *(sided(*pair) for pair in ORDERED.values())
)
QUERIES = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds("{}, {}".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("({} | {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
        st.builds("~({} AND {})".format, inner, inner),
    ),
    max_leaves=6,
)
KEYS = st.lists(st.builds("{}{}".format, st.sampled_from(("", "-")), st.sampled_from(SORTS)), max_size=3).map(",".join)


@pytest.fixture
async def filled(database):
    """A database with the runs of two projects."""
    await database.write(lambda tx: model.put(tx, [*MINE, *THEIRS]))
    return database


@pytest.fixture(params=[2, 9, 5000], ids=["walks", "both", "candidates"])
def few(request, monkeypatch):
    """How many candidates are few: so that every way to search is taken."""
    monkeypatch.setattr(search, "FEW", dict.fromkeys(search.FEW, request.param))
    return request.param


async def ids_of(database, text, sort="", *, projects=frozenset({"mine"}), size=500):
    """All ids that are found, page by page, each page asked for with the packed cursor of the one before."""
    query, keys = parse(text), parse_sort(sort)
    ids: list[str] = []
    search_from = {"limit": size, "at": model.NOW, "after": None}
    while True:
        found = await database.read(lambda tx: find(tx, projects, query, keys, **search_from))
        assert set(ids).isdisjoint(found.ids), "a page gives what another has given"
        ids += found.ids
        if found.after is None:
            return ids
        assert len(found.ids) == size
        scope = Scope(("mine",), model.NOW, database.dialect)
        parts = cursor.pack(found.after, model.NOW, "search")
        search_from["after"], at = cursor.unpack(parts, keys_of(keys, scope), "search")
        assert (search_from["after"], at) == (found.after, model.NOW)


def every_condition():
    """Each field with each test and each value once."""
    for fields, values in (*BY_KIND.values(), SCALARS):
        yield from (f"{field}:{value}" for field in fields for value in (*values, "|".join(values)))
    for fields, values in ORDERED.values():
        ends = [f"{low}..{high}" for low, high in pairwise(values)]
        sides = [f"{side}{value}" for side in ("", ">", ">=", "<", "<=") for value in values]
        yield from (f"{field}:{test}" for field in fields for test in (*sides, *ends, "nil"))


async def test_each_condition_means_the_same_in_sql_and_in_the_model(filled):
    for text in every_condition():
        root = parse(text).root
        expected = [run["id"] for run in MINE if model.holds(root, run)]
        assert sorted(await ids_of(filled, text)) == sorted(expected), text
        assert len(await ids_of(filled, f"~{text}")) == len(MINE) - len(expected), text


@RELAXED
@given(text=QUERIES, sort=KEYS)
async def test_sql_finds_what_the_model_finds_in_its_order(filled, few, text, sort):
    expected = model.ordered([run for run in MINE if model.holds(parse(text).root, run)], parse_sort(sort))
    assert await ids_of(filled, text, sort) == expected


@RELAXED
@given(text=st.one_of(st.just(""), CONDITIONS), sort=KEYS, size=st.integers(1, 25))
async def test_pages_join_to_the_whole_for_any_sort(filled, few, text, sort, size):
    assert await ids_of(filled, text, sort, size=size) == await ids_of(filled, text, sort)


@RELAXED
@given(text=QUERIES, sort=KEYS)
async def test_no_query_reaches_another_project(filled, few, text, sort):
    theirs = {run["id"] for run in THEIRS}
    assert theirs.isdisjoint(await ids_of(filled, text, sort))
    assert theirs.isdisjoint(await ids_of(filled, f"NOT ({text}) OR project:theirs OR id:~nil", sort))


@RELAXED
@given(text=QUERIES, sort=KEYS)
async def test_a_search_across_projects_finds_what_each_of_them_has(filled, few, text, sort):
    both = [run for run in [*MINE, *THEIRS] if model.holds(parse(text).root, run)]
    expected = model.ordered(both, parse_sort(sort))
    assert await ids_of(filled, text, sort, projects=frozenset({"mine", "theirs"}), size=7) == expected
    assert await ids_of(filled, text, sort, projects=None) == expected
    assert await ids_of(filled, text, sort, projects=frozenset()) == []
