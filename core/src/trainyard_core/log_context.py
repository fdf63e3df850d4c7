"""What is going on right now, for whoever writes a line of the log: the request, the run, the agent.

A block binds facts for itself and for the tasks that it starts. Facts that are dear to look up are given as a
function, which is called only when a line is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token

__all__ = ["bind", "bound", "facts", "unbind"]

Facts = Callable[[], Mapping[str, object]]
_NOTHING: Mapping[str, object] = {}
_current: ContextVar[Facts] = ContextVar("trainyard_facts", default=lambda: _NOTHING)


def facts() -> Mapping[str, object]:
    """What is bound here and now."""
    return _current.get()()


def bind(told: Facts) -> Token[Facts]:
    """Have this function tell the facts, until `unbind` is given what this returns."""
    return _current.set(told)


def unbind(token: Token[Facts]) -> None:
    """As it was before."""
    _current.reset(token)


@contextmanager
def bound(**more: object) -> Iterator[None]:
    """Bind these beside what is bound already."""
    outer = _current.get()
    token = bind(lambda: {**outer(), **more})
    try:
        yield
    finally:
        unbind(token)
