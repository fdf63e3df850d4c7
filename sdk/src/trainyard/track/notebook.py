"""Notebooks: which cell runs, and how the cells of a run ended.

An exception ends a cell there and not the program, and a cell is often run again. What a run comes to is therefore told
by its cells: the last one that raised, or recorded something, while it went on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from trainyard.track.ending import Ending, of_error

__all__ = ["Cells", "watch"]


class Cells:
    """The cells that are run while a run goes on. `recorded` grows with whatever is recorded; `begins` is called before
    each cell."""

    def __init__(self, shell: Any, recorded: Callable[[], int], begins: Callable[[], None]) -> None:
        self._shell, self._recorded, self._begins = shell, recorded, begins
        self._first = shell.execution_count
        self._mark = recorded()
        self.ending = Ending()
        shell.events.register("pre_run_cell", self._runs)
        shell.events.register("post_run_cell", self._ran)

    @property
    def is_another(self) -> bool:
        """Whether the cell that runs now is another one, or is run again."""
        return bool(self._shell.execution_count != self._first)

    def close(self) -> None:
        """Look no more."""
        self._shell.events.unregister("pre_run_cell", self._runs)
        self._shell.events.unregister("post_run_cell", self._ran)

    def _runs(self, info: Any) -> None:
        self._begins()

    def _ran(self, result: Any) -> None:
        error, mark = result.error_before_exec or result.error_in_exec, self._recorded()
        if error is not None:
            self.ending = of_error(error)
        elif mark != self._mark:
            self.ending = Ending()
        self._mark = mark


def watch(recorded: Callable[[], int], begins: Callable[[], None]) -> Cells | None:
    """Look at the cells from now on; None outside of notebooks and IPython."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return None if shell is None else Cells(shell, recorded, begins)
