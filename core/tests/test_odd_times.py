"""Times from outside: what cannot be one is refused or kept within bounds, and no time that is there spoils a list."""

from __future__ import annotations

from array import array
from datetime import datetime

import pytest
from web import BASE

from trainyard.track import frames
from trainyard.track.frames import Kind
from trainyard_core.clock import LATEST, bounded, instant, rfc3339

FAR = (-(1 << 63), -62_135_596_800_000_001, -1, 0, LATEST, LATEST + 1, (1 << 63) - 1)
"""Microseconds: what a frame can hold, the year 1, and both bounds with their neighbours."""
NO_TIMES = (
    "0001-01-01T00:00:00+23:59",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-23:59",
    "2026-13-01T00:00:00Z",
    "yesterday",
    "0" * 5000,
)


@pytest.mark.parametrize("at", FAR)
def test_every_number_is_printed_as_a_time_that_can_be_read_again(at):
    text = rfc3339(at)
    assert instant(text) == bounded(at)
    assert 1970 <= datetime.fromisoformat(text).year <= 9999


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-31T12:00:00.000001+01:00", 1_769_857_200_000_001),
        ("2026-01-31T11:00:00", 1_769_857_200_000_000),
        ("9999-12-31T23:59:59.999999Z", LATEST),
    ],
)
def test_a_time_is_read_to_the_microsecond_and_is_utc_without_a_zone(text, at, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    assert instant(text) == at


async def moved(tx, run, at):
    await tx.run(
        "UPDATE run SET created_at = ?, started_at = ?, updated_at = ?, archived_at = NULL WHERE id = ?",
        at, at, at, run,
    )  # fmt: skip


async def test_a_run_that_began_at_no_time_is_refused_and_not_made(web):
    for text in NO_TIMES:
        answer = await web.ask("POST", BASE, json={"managed": False, "created_at": text})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), text
        assert "created_at" in answer.json()["detail"]
        assert len(answer.text) < 1000
    listed = await web.ask("GET", "runs")
    assert (listed.status_code, listed.json()["items"]) == (200, [])


async def test_rows_with_times_that_none_can_be_are_listed_all_the_same(web):
    for at in FAR:
        run = await web.tracked()
        await web.runtime.database.write(lambda tx, run=run.id, at=at: moved(tx, run, at))
    for path in ("runs", BASE, "runs?sort=created_at"):
        listed = await web.ask("GET", path)
        assert (listed.status_code, len(listed.json()["items"])) == (200, len(FAR)), listed.text


async def test_lines_and_points_at_no_time_are_kept_with_all_that_came_with_them(web):
    run = await web.tracked()
    lines = [frames.Line(at, 1, f"line {at}") for at in FAR]
    steps = array("q", range(len(FAR)))
    block = frames.Block(("loss",), steps, array("q", FAR), [array("d", steps)])
    body = frames.encode(Kind.LOGS, "1" * 32, 1, frames.pack_lines(lines))
    body += frames.encode(Kind.METRICS, "1" * 32, 2, frames.pack_metrics([block]))
    assert (await web.ask("POST", f"{BASE}/{run.id}/frames", content=body)).json()["durable"] == 2
    logs = (await web.ask("GET", f"{BASE}/{run.id}/logs")).json()["items"]
    assert {each["text"]: each["at"] for each in logs} == {f"line {at}": rfc3339(at) for at in FAR}
    (series,) = (await web.ask("GET", f"{BASE}/{run.id}/series?points=0")).json()["items"]
    assert [each[2] for each in series["points"]] == [bounded(at) for at in FAR]
