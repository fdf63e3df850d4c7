"""`yard queues`: settings are changed one by one."""

from __future__ import annotations

import json

import pytest


def settings(yard, name="gpu"):
    return json.loads(yard("queues", "get", name, "--json").out)


def test_what_is_not_given_stays(yard, platform):
    assert yard("queues", "set", "gpu", "--quota", "memory=8Gi", "--quota", "licence=2", "--priority", "3").code == 0
    assert (
        yard("queues", "set", "gpu", "--concurrency", "2", "--selector", "disk=fast", "--quota", "cpu=1500m").code == 0
    )
    now = settings(yard)
    assert (now["priority"], now["concurrency"], now["selector"]) == (3, 2, {"disk": "fast"})
    assert now["quota"] == {"memory": 8 * 2**30, "licence": 2, "cpu": 1.5}


def test_limits_are_taken_away_again(yard, platform):
    yard("queues", "set", "gpu", "--quota", "cpu=1", "--selector", "disk=fast", "--concurrency", "2")
    yard("queues", "set", "gpu", "--quota", "cpu=", "--selector", "disk=", "--concurrency", "none")
    now = settings(yard)
    assert (now["quota"], now["selector"], now["concurrency"]) == ({}, {}, None)


def test_a_queue_is_paused_and_goes_on(yard, platform):
    yard("queues", "set", "gpu", "--priority", "3")
    assert "paused" in yard("queues", "pause", "gpu").out
    assert "open" in yard("queues", "resume", "gpu").out
    assert settings(yard)["priority"] == 3


def test_a_queue_is_shown_with_readable_amounts(yard, platform):
    out = yard("queues", "set", "gpu", "--quota", "memory=8Gi", "--quota", "cpu=2").out
    assert "cpu=2, memory=8Gi" in out
    assert "cpu=2, memory=8Gi" in yard("queues", "ls").out


def test_a_queue_is_removed_once_one_says_so(yard, platform):
    yard("queues", "set", "gpu")
    assert yard("queues", "rm", "gpu").code != 0
    assert yard("queues", "rm", "gpu", "--yes").code == 0
    assert yard("queues", "get", "gpu").code != 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quota", "cpu"], "has no `=`"),
        (["--quota", "cpu=much"], "is not an amount"),
        (["--concurrency", "few"], "or `none`"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_sent(yard, platform, options, said):
    done = yard("queues", "set", "gpu", *options)
    assert done.code == 2
    assert said in done.err
    assert not platform.queues
