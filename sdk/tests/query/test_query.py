"""The query language: what is understood, what it means, and how a problem is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.query import QueryError, parse, parse_sort
from trainyard.query.field import ALIASES, FIELDS
from trainyard.query.moment import span
from trainyard.query.status import MEANINGS, STATUSES
from trainyard.query.tree import And, Between, Compare, Condition, Equal, Field, Like, Missing, Not, Or, Scalar, When

SAME = [
    ("a:1, b:2", "a:1 AND b:2"),
    ("a:1 OR b:2", "a:1 | b:2"),
    ("a:1 or b:2 and c:3", "a:1 OR (b:2, c:3)"),
    ("NOT a:1, b:2", "(NOT a:1), b:2"),
    ("~(a:1 | b:2)", "not (a:1 OR b:2)"),
    ("a:~1|2", "NOT a:1|2"),
    ("((a:1))", "a:1"),
    ("~~a:1", "a:1"),
    ("a:1\n  AND  b:2", "a:1,b:2"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_in_other_words(one, other):
    def real(text):
        for short, name in (("a:", "cpu:"), ("b:", "gpu:"), ("c:", "attempt:")):
            text = text.replace(short, name)
        return text

    assert parse(real(one)).root == parse(real(other)).root


TESTS = [
    ("name:x", Equal(("x",))),
    ("name:'a, (b) | c:d'", Equal(("a, (b) | c:d",))),
    (r'name:"100\%\""', Equal(('100%"',))),
    ("name:%x%", Like(("", "x", ""))),
    ('name:"a b%"', Like(("a b", ""))),
    ("name:nil", Missing()),
    ('name:"nil"', Equal(("nil",))),
    ("tags:a|b", Equal(("a", "b"))),
    ("metrics.loss:<1e-3", Compare("<", 0.001)),
    ("metrics.loss:>=-inf", Compare(">=", float("-inf"))),
    ("metrics.loss:-1..0.5", Between(-1.0, 0.5)),
    ("params.lr:0.1", Equal((Scalar("0.1", 0.1),))),
    ("params.lr:'0.1'", Equal((Scalar("0.1"),))),
    ("memory:>2Gi", Compare(">", float(2 << 30))),
    ("duration:<=1.5h", Compare("<=", 5400.0)),
    ("archived:no", Equal((False,))),
    ("created_at:-7d", Compare(">=", When("-7d"))),
    ("created_at:2026-01-31T10:00..now", Between(When("2026-01-31T10:00"), When("now"))),
    ("status:RUNNING", Equal(("running",))),
]


@pytest.mark.parametrize(("text", "test"), TESTS, ids=[text for text, _ in TESTS])
def test_a_condition_is_typed_by_its_field(text, test):
    assert parse(text).root.test == test


FIELD = [
    ("in.lr", Field("params", "scalar", "lr")),
    ("out.best", Field("outputs", "scalar", "best")),
    ("metrics.loss", Field("metrics", "metric", "loss", "last")),
    ("metrics.train/loss.min", Field("metrics", "metric", "train/loss", "min")),
    ("metrics.a.b.max", Field("metrics", "metric", "a.b", "max")),
    ("metrics.min", Field("metrics", "metric", "min", "last")),
    ('metrics."a.min"', Field("metrics", "metric", "a.min", "last")),
    ('metrics."a: b".max', Field("metrics", "metric", "a: b", "max")),
    ("cloned_from", Field("original", "id")),
]


@pytest.mark.parametrize(("text", "field"), FIELD, ids=[text for text, _ in FIELD])
def test_a_field_has_one_name_a_key_and_a_part(text, field):
    assert parse(f"{text}:nil").root == Condition(field, Missing())


FAULTS = [
    ("statsu:running", 1, "no field `statsu`", "did you mean `status`?"),
    ("status:runing", 8, "no status `runing`", "did you mean `running`?"),
    ("gpu:1, status:failed|stoped", 22, "no status `stoped`", "did you mean `stopped`?"),
    ("status", 7, "a colon is missing before the end", "write `field:value`"),
    ("status:", 8, "a value is missing before the end", "quotes"),
    ("status:a:b, ", 8, "no status `a:b`", ""),
    ("name:x tags:y", 8, "`tags:y` does not belong here", "join with"),
    ("(name:x", 8, "the end does not belong here", "close parentheses"),
    ("name:x,", 8, "a field is missing before the end", "field:value"),
    ('name:"x', 6, "a quote is not closed", ""),
    ("name:>3", 7, "`name` has no order", "name:VALUE"),
    ("gpu:many", 5, "`many` is not a number", "gpu:0.5"),
    ("memory:lots", 8, "`lots` is not an amount of memory", "memory:2Gi"),
    ("duration:<soon", 11, "`soon` is not a length of time", "5m"),
    ("created_at:>tomorow", 13, "`tomorow` is not a time", "2026-01-31"),
    ("created_at:2026-02-30", 12, "`2026-02-30` is not a time", ""),
    ("archived:maybe", 10, "`maybe` is not true or false", "true or false"),
    ("status:%ing", 8, "`status` has no patterns", "whole value"),
    ("params:3", 1, "`params` needs a name", "params.NAME"),
    ("name.x:3", 1, "`name` has nothing below it", "write `name`"),
    ("id:xyz", 4, "`id` is the id of a run", "0 to 9"),
    ("name:a\0b", 7, "a character that no run has", "leave it out"),
    (", ".join(["gpu:1"] * 65), 1, "more than 64 conditions", "sets"),
    ("name:" + "x" * 4096, 4097, "longer than 4096 characters", "shorter"),
]


@pytest.mark.parametrize(("text", "column", "message", "suggestion"), FAULTS, ids=[text[:20] for text, *_ in FAULTS])
def test_a_fault_has_its_column_and_says_what_to_write(text, column, message, suggestion):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.message[: len(message)]) == (column, message)
    assert suggestion in caught.value.suggestion


def test_the_caret_is_under_the_fault():
    with pytest.raises(QueryError) as caught:
        parse("gpu:1,\nstatus:runing")
    assert caught.value.caret() == "gpu:1, status:runing\n              ^"


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_query_error(text):
    try:
        parse(text)
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1


@given(st.text(alphabet="()|,:~<>=.%'\"\\ aANDORT-17\n", max_size=60).map(lambda text: f"name:a{text}"))
def test_signs_in_any_order_are_a_query_or_a_query_error(text):
    try:
        parse(text)
    except QueryError as error:
        assert 1 <= error.column <= len(text) + 1


def test_deep_nesting_is_no_trouble():
    assert parse("(" * 1500 + "gpu:1" + ")" * 1500).root == parse("gpu:1").root
    assert parse("~" * 2001 + "gpu:1").root == parse("~gpu:1").root
    assert isinstance(parse("gpu:1 OR (" * 60 + "gpu:1" + ")" * 60).root, Or)


def test_polyaxons_statuses_are_what_they_mean():
    assert parse("status:done").root == Or((parse("status:succeeded|failed|stopped|skipped").root,))
    both = parse("status:~running|upstream_failed").root
    assert both == Not(Or((parse("status:running").root, parse("status:skipped, reason:upstream_failed").root)))
    assert all(parse(f"status:{status}") for status in (*STATUSES, *MEANINGS))


def test_every_alias_is_of_a_field_and_an_empty_query_is_true_of_all():
    assert {name for name in ALIASES.values() if name not in FIELDS} == {"meta", "metrics", "outputs", "params"}
    assert parse("  ").root == And(())


def test_a_sort_is_fields_with_their_direction():
    found = parse_sort("-metrics.loss.min, name,-in.lr")
    assert [(key.field.name, key.field.key, key.field.part, key.descending) for key in found] == [
        ("metrics", "loss", "min", True),
        ("name", "", "", False),
        ("params", "lr", "", True),
    ]
    assert parse_sort("") == ()


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("-nam", 2, "no field `nam`"),
        ("name,tags", 6, "runs have several tags"),
        ("name desc", 6, "`desc` does not belong here"),
        ("name,", 6, "a field is missing"),
        (",".join(["name"] * 9), 1, "more than 8 fields"),
    ],
)
def test_a_sort_that_makes_no_sense_is_told_with_its_column(text, column, message):
    with pytest.raises(QueryError) as caught:
        parse_sort(text)
    assert (caught.value.column, caught.value.message[: len(message)]) == (column, message)


SECOND = 1_000_000
DAY = 86_400 * SECOND
NOW = 1_769_857_200 * SECOND  # Saturday 2026-01-31 11:00 UTC
MIDNIGHT = 1_769_817_600 * SECOND
MOMENTS = [
    ("now", NOW, NOW + 1),
    ("-2h", NOW - 7200 * SECOND, NOW - 7200 * SECOND + 1),
    ("today", MIDNIGHT, MIDNIGHT + DAY),
    ("yesterday", MIDNIGHT - DAY, MIDNIGHT),
    ("this_hour", NOW, NOW + 3600 * SECOND),
    ("this_week", MIDNIGHT - 5 * DAY, MIDNIGHT + 2 * DAY),
    ("last_week", MIDNIGHT - 12 * DAY, MIDNIGHT - 5 * DAY),
    ("this_month", MIDNIGHT - 30 * DAY, MIDNIGHT + DAY),
    ("last_month", MIDNIGHT - 61 * DAY, MIDNIGHT - 30 * DAY),
    ("2026", MIDNIGHT - 30 * DAY, MIDNIGHT + 335 * DAY),
    ("2026-01", MIDNIGHT - 30 * DAY, MIDNIGHT + DAY),
    ("2026-01-31", MIDNIGHT, MIDNIGHT + DAY),
    ("2026-01-31T11", NOW, NOW + 3600 * SECOND),
    ("2026-01-31 11:00", NOW, NOW + 60 * SECOND),
    ("2026-01-31T12:00:00+01:00", NOW, NOW + SECOND),
    ("2026-01-31T11:00:00.5Z", NOW + SECOND // 2, NOW + SECOND // 2 + 1),
]


@pytest.mark.parametrize(("text", "start", "end"), MOMENTS, ids=[text for text, *_ in MOMENTS])
def test_a_moment_is_a_period_of_utc(text, start, end):
    assert span(When(text), NOW) == (start, end)
