"""The process in which Ax thinks: `python -m trainyard_optimizer_ax.worker`, one question after the other.

Questions come on standard input, answers go to what was standard output when it began; whatever Ax prints goes nowhere.
It ends by itself at the end of its input, also in the middle of a thought, so that it never outlives its server.

`--hold SECONDS` keeps each answer of full effort back that long, to try out what a deadline does; lighter ones are not.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from trainyard_optimizer_ax.wire import HEADER, Answer, Ask, Question, decode_question, framed

__all__ = ["main"]


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="trainyard_optimizer_ax.worker")
    parser.add_argument("--hold", type=float, default=0.0)
    hold = parser.parse_args().hold
    source, sink = _private_pipes()
    questions: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(source, questions), daemon=True).start()
    answer = _ready()
    _write(sink, framed(Answer(id=0)))
    while True:
        _write(sink, framed(_held(decode_question(questions.get()), answer, hold)))


def _held(question: Question, answer: Callable[[Question], Answer], hold: float) -> Answer:
    given = _safely(question, answer)
    if hold and isinstance(question, Ask) and question.effort == 0:
        time.sleep(hold)
    return given


def _safely(question: Question, answer: Callable[[Question], Answer]) -> Answer:
    try:
        return answer(question)
    except Exception as error:  # Ax raises many kinds; the server says which and draws a point itself
        return Answer(id=question.id, trouble=f"{type(error).__name__}: {error}"[:300])


def _ready() -> Callable[[Question], Answer]:
    try:
        from trainyard_optimizer_ax import model
    except ImportError as error:
        return _broken(f"Ax cannot be imported: {error}")
    model.prepare()
    return model.answer


def _broken(trouble: str) -> Callable[[Question], Answer]:
    return lambda question: Answer(id=question.id, trouble=trouble)


def _private_pipes() -> tuple[int, int]:
    source, sink = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return source, sink


def _read(source: int, questions: SimpleQueue[bytes]) -> None:
    with os.fdopen(source, "rb") as pipe:
        while len(header := pipe.read(HEADER.size)) == HEADER.size:
            questions.put(pipe.read(*HEADER.unpack(header)))
    os._exit(0)


def _write(sink: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(sink, view) :]
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
