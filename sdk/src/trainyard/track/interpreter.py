"""The interactive interpreter: how the statements that are typed while a run goes on ended.

An exception ends a statement there and not the program. The run ends as the last statement that raised or recorded
something, so an exception does not count if something was recorded after it. `sys.last_exc` holds the last exception.
The interpreter evaluates the prompt `sys.ps1` before each statement; this module replaces the prompt by one that notes
how much was recorded when an exception is new. If the prompt is not evaluated, or was replaced by the user, an
exception counts whatever was recorded after it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

from trainyard.track.ending import Ending, last_error, of_error

__all__ = ["Statements", "is_interactive"]


def is_interactive() -> bool:
    """Whether statements are typed one by one: one that raises does not end the program."""
    return hasattr(sys, "ps1")


class Statements:
    """The statements that are typed while a run goes on. `recorded` grows with whatever is recorded."""

    def __init__(self, recorded: Callable[[], int]) -> None:
        self._recorded = recorded
        self._error, self._mark = last_error(), -1
        self._prompt, self._replaced = _Prompt(str(sys.ps1)), sys.ps1
        self._prompt.evaluate = self._evaluate
        sys.ps1 = self._prompt

    @property
    def ending(self) -> Ending:
        """How the statements ended so far."""
        self._look()
        if self._mark < 0 or self._recorded() != self._mark:
            return Ending()
        return of_error(self._error)

    def close(self) -> None:
        """Restore the prompt."""
        if sys.ps1 is self._prompt:
            sys.ps1 = self._replaced

    def _evaluate(self) -> str:
        with contextlib.suppress(Exception):  # the prompt is shown in any case
            self._look()
        return str(self._replaced)

    def _look(self) -> None:
        """Note an exception once. One without a traceback (a syntax error, Ctrl-C at the prompt) left no statement."""
        error = last_error()
        if error is not self._error and error is not None and error.__traceback__ is not None:
            self._error, self._mark = error, self._recorded()


class _Prompt(str):
    """A prompt that is evaluated whenever it is shown."""

    evaluate: Callable[[], str]

    def __str__(self) -> str:
        return self.evaluate()
