"""What goes between a server and its worker: questions and answers, each a length and a MessagePack document.

Plain numbers and our own names only; no param, metric or value of the user's that is not a number.
"""

from __future__ import annotations

import struct

import msgspec

from trainyard_optimizer_ax.encoding import Encoding
from trainyard_optimizer_ax.plan import Method

__all__ = ["HEADER", "Answer", "Ask", "DataPoint", "Predict", "Question", "decode_answer", "decode_question", "framed"]

HEADER = struct.Struct(">I")


class DataPoint(msgspec.Struct, frozen=True, array_like=True):
    """One point: with a `row` of outcomes it is learned from, else it is `pending` or to be stayed away from."""

    point: dict[str, float]
    row: list[float] | None = None
    pending: bool = False


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Which `count` points to try next. `effort` 0 is all that Ax has; 1 and 2 take a fraction of the time.
    `candidates`, where there are any, are the only points to choose from."""

    id: int
    chart: Encoding
    seen: list[DataPoint]
    count: int
    seed: int
    method: Method
    effort: int = 0
    candidates: list[dict[str, float]] = []


class Predict(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What the model expects at some points."""

    id: int
    chart: Encoding
    seen: list[DataPoint]
    points: list[dict[str, float]]
    seed: int


Question = Ask | Predict

_QUESTION: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Question)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Of the question with this id. Id 0 says that the worker is ready. `outcomes` has mean and deviation by column
    for each point that was asked about; `trouble` is why there is no answer."""

    id: int
    points: list[dict[str, float]] = []
    outcomes: list[dict[str, tuple[float, float]]] = []
    trouble: str = ""


def framed(message: Question | Answer) -> bytes:
    """The bytes on the pipe."""
    body = msgspec.msgpack.encode(message)
    return HEADER.pack(len(body)) + body


def decode_question(body: bytes) -> Question:
    """A question without its length. Raises msgspec.DecodeError."""
    return _QUESTION.decode(body)


def decode_answer(body: bytes) -> Answer:
    """An answer without its length. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(body, type=Answer)
