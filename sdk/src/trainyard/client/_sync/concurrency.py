"""How the synchronous client waits and runs code that blocks. The two clients differ here: this module is written by
hand in both packages, with the same names."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from trainyard.client.page import Page

__all__ = ["FetchPage", "Operation", "run_blocking", "sleep"]

T = TypeVar("T")
P = ParamSpec("P")
Operation = Callable[[], T]
"""Something to try, without arguments."""
FetchPage = Callable[[str], Page[T]]
"""Gives the page that a cursor names."""


def sleep(seconds: float) -> None:
    """Wait; the calling thread stands still."""
    time.sleep(seconds)


def run_blocking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that reads or writes files."""
    return function(*args, **kwargs)
