"""Requests about streams to live attempts of runs."""

from __future__ import annotations

from trainyard.client.models import AttemptStream, NewAttemptStream, StreamFrames
from trainyard.client.requests.path import change, query_of, run_path
from trainyard.client.wire import Request

__all__ = ["end_attempt_stream", "open_attempt_stream", "read_stream_output", "send_stream_input"]


def open_attempt_stream(project: str, ref: str, body: NewAttemptStream) -> Request[AttemptStream]:
    return change("POST", run_path(project, ref, "attempt-streams"), AttemptStream, body)


def read_stream_output(project: str, ref: str, stream: str, *, after: int, wait: float) -> Request[StreamFrames]:
    query = query_of(after=after, wait=f"{wait:g}")
    return Request("GET", run_path(project, ref, "attempt-streams", stream, "output"), StreamFrames, query)


def send_stream_input(project: str, ref: str, stream: str, body: StreamFrames) -> Request[None]:
    return change("POST", run_path(project, ref, "attempt-streams", stream, "input"), type(None), body)


def end_attempt_stream(project: str, ref: str, stream: str) -> Request[None]:
    return change("DELETE", run_path(project, ref, "attempt-streams", stream), type(None))
