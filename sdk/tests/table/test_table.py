"""A table as plain rows, as data frames of both kinds, and as HTML."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas
import polars
import pytest

from trainyard.client.models import RunRecord
from trainyard.table import cell, html
from trainyard.table.table import Column, Table, column_of, kind_of

AT = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
US = 1_796_040_000_123_456


def table(**columns: Column) -> Table:
    return Table(columns, 3)


ALL = table(
    text=Column("text", ["a", None, "c"]),
    whole=Column("integer", [1, 2, 2**62]),
    gaps=Column("integer", [1, None, 3]),
    number=Column("number", [1, math.nan, None]),
    infinite=Column("number", [math.inf, -math.inf, 0.5]),
    flag=Column("boolean", [True, False, True]),
    flags=Column("boolean", [True, None, False]),
    at=Column("time", [US, None, 0]),
    took=Column("duration", [1_500_000, None, 0]),
    tags=Column("object", [["a", "b"], [], ["c"]]),
    mixed=Column("object", [1, "x", {"y": None}]),
)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, None], "integer"),
        ([1, 2**63], "object"),
        ([1, 2.5], "number"),
        ([True, False, None], "boolean"),
        ([True, 1], "object"),
        (["a", None], "text"),
        (["a", 1], "object"),
        ([[1], [2]], "object"),
        ([None, None], "object"),
        ([], "object"),
    ],
)
def test_a_column_of_json_has_the_type_that_its_values_share(values, kind):
    assert kind_of(values) == column_of(values).kind == kind


def test_rows_hold_the_values_as_a_program_uses_them():
    first, second, third = ALL.rows()
    assert first == {
        "text": "a", "whole": 1, "gaps": 1, "number": 1, "infinite": math.inf, "flag": True, "flags": True, "at": AT,
        "took": timedelta(seconds=1.5), "tags": ["a", "b"], "mixed": 1,
    }  # fmt: skip
    assert [second[name] for name in ("text", "gaps", "flags", "at", "took")] == [None] * 5
    assert math.isnan(second["number"])
    assert third["number"] is None, "missing is not NaN"
    assert ALL["at"] == [AT, None, datetime(1970, 1, 1, tzinfo=UTC)]


def test_a_pandas_frame_has_the_types():
    frame = ALL.to_pandas()
    kinds = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert kinds | {"text": ""} == {
        "text": "", "whole": "int64", "gaps": "Int64", "number": "float64", "infinite": "float64", "flag": "bool",
        "flags": "boolean", "at": "datetime64[us, UTC]", "took": "timedelta64[us]", "tags": "object", "mixed": "object",
    }  # fmt: skip
    assert frame["whole"].tolist() == [1, 2, 2**62]
    assert frame["infinite"].tolist() == [math.inf, -math.inf, 0.5]
    assert frame["number"].isna().tolist() == [False, True, True]
    assert frame["text"].isna().tolist() == [False, True, False]
    assert frame["at"][0] == pandas.Timestamp(AT)
    assert frame["at"].isna().tolist() == frame["took"].isna().tolist() == [False, True, False]
    assert frame["took"][0] == pandas.Timedelta(seconds=1.5)


def test_a_polars_frame_has_the_types_and_knows_nan_from_missing():
    frame = ALL.to_polars()
    assert frame.schema == {
        "text": polars.String, "whole": polars.Int64, "gaps": polars.Int64, "number": polars.Float64,
        "infinite": polars.Float64, "flag": polars.Boolean, "flags": polars.Boolean,
        "at": polars.Datetime("us", "UTC"), "took": polars.Duration("us"), "tags": polars.List(polars.String),
        "mixed": polars.Object,
    }  # fmt: skip
    assert frame["number"].is_null().to_list() == [False, False, True]
    assert math.isnan(frame["number"][1])
    assert frame["at"].to_list() == [AT, None, datetime(1970, 1, 1, tzinfo=UTC)]
    assert frame["mixed"].to_list() == [1, "x", {"y": None}]


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_an_empty_table_is_an_empty_frame_with_its_columns(name):
    frame = getattr(Table({"id": Column("text", []), "at": Column("time", [])}, 0), f"to_{name}")()
    assert (list(frame.columns), len(frame)) == (["id", "at"], 0)


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_what_is_not_installed_is_named_with_how_to_install_it(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"to_{name}\(\) needs {name}.*pip install 'trainyard\[{name}\]'"):
        getattr(ALL, f"to_{name}")()


def test_rows_and_html_import_no_data_frames():
    program = (
        "import sys; from trainyard.table.table import Column, Table; t = Table({'a': Column('time', [0])}, 1);"
        "t.rows(); t._repr_html_(); assert not {'pandas', 'polars', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_html_is_escaped_and_says_how_much_there_is():
    names = ["<script>alert(1)</script>"] * 30
    shown = Table({"id": Column("text", ["0" * 28 + "12345678"] * 30), "name": Column("text", names)}, 30)._repr_html_()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;") == html.MOST_ROWS
    assert "12345678" in shown
    assert "20 of 30 rows, 2 of 2 columns" in shown


def test_html_leaves_out_columns_without_values_and_shortens_texts():
    shown = table(
        empty=Column("text", [None, "", None]), long=Column("text", ["x" * 500, "", ""]), at=Column("time", [US] * 3)
    )._repr_html_()
    assert "empty" not in shown
    assert max(map(len, re.findall(r">([^<]*)<", shown))) <= cell.MOST_CHARS
    assert "2026-11-30 12:00:00" in shown


def test_the_text_of_a_table_is_its_first_rows_and_columns():
    rows = [f"a run {place}" for place in range(12)]
    shown = Table(
        {
            "id": Column("text", [f"{place:032}" for place in range(12)]),
            "empty": Column("text", [""] * 12),
            "name": Column("text", rows),
            "metrics.loss": Column("number", [0.5, None, math.nan, 12.25, *[1.0] * 8]),
            "duration": Column("duration", [512_000, 61_400_000, *[None] * 10]),
            "note": Column("text", ["x" * 60] * 12),
            "more": Column("text", ["y" * 60] * 12),
        },
        12,
    )
    lines = repr(shown).splitlines()
    assert lines[:4] == [
        "Table: 10 of 12 rows, 4 of 6 columns",
        "id        name     metrics.loss  duration",
        "00000000  a run 0           0.5     0.51s",
        "00000001  a run 1                   1m01s",
    ]
    assert len(lines) == 2 + 10
    assert repr(Table({"id": Column("text", [])}, 0)) == "Table(no rows)"


def test_the_text_of_a_table_carries_nothing_out_on_a_terminal():
    assert "\x1b" not in repr(Table({"na\x1b[2Jme": Column("text", ["a\x1b[2Jb"])}, 1))


def test_columns_are_names_and_a_column_has_its_type():
    assert ALL.columns[:2] == ["text", "whole"]
    assert ALL.column("whole").kind == "integer"


@pytest.mark.parametrize(
    ("name", "hint"), [("wohle", "did you mean `whole`?"), ("lr", "did you mean `params.lr`?"), ("zzz", "choose from")]
)
def test_a_column_that_is_not_there_is_told_with_the_nearest(name, hint):
    columns = {"whole": Column("integer", [1]), "params.lr": Column("number", [0.1])}
    with pytest.raises(KeyError, match=re.escape(f"no column '{name}'; {hint}")):
        Table(columns, 1)[name]


def test_a_card_has_times_and_a_duration_as_people_read_them():
    run = RunRecord(
        id="0" * 32, project="default", kind="job", status="failed", created_at="2026-11-30T12:00:00.123456Z",
        started_at="2026-11-30T12:00:00.200000Z", finished_at="2026-11-30T12:00:00.712345Z", reason="exit_code",
        message="exit code 2",
    )  # fmt: skip
    shown = run._repr_html_()
    assert ".123456" not in shown
    assert "2026-11-30 12:00:00" in shown
    assert ">0.51s<" in shown
    assert ">exit code 2<" in shown


@pytest.mark.parametrize(
    ("reason", "message", "code", "cause"),
    [
        ("exit_code", "exit code 2", 2, "exit code 2"), ("exit_code", "", 2, "exit code 2"),
        ("lost", "the agent is gone", None, "lost: the agent is gone"), ("lost", "", None, "lost"), ("", "", None, ""),
    ],
)  # fmt: skip
def test_a_cause_says_nothing_twice(reason, message, code, cause):
    run = RunRecord(
        id="0" * 32, project="default", kind="job", status="failed", created_at="", reason=reason, message=message,
        exit_code=code,
    )  # fmt: skip
    assert run.cause == cause


def test_a_run_is_a_card_that_says_why_it_failed():
    run = RunRecord(
        id="0" * 28 + "12345678", project="default", kind="job", status="failed", created_at="2026-11-30T12:00:00Z",
        name="<b>train", reason="error", message="ValueError: <bad>", params={"lr": 0.1}, metrics={"loss": math.nan},
    )  # fmt: skip
    shown = run._repr_html_()
    for part in ("&lt;b&gt;train", ">ValueError: &lt;bad&gt;<", ">failed<", ">lr<", ">0.1<", ">nan<"):
        assert part in shown
    assert "<script" not in shown
