"""What is wrong with a query, said so that it can be mended: where, what, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["QueryError", "nearest"]


class QueryError(ValueError):
    """A query that cannot be understood. `column` counts characters from 1; it is one past the end for something that
    is missing there. `suggestion` says what to write instead, in words."""

    def __init__(self, message: str, *, column: int, text: str = "", suggestion: str = "") -> None:
        super().__init__(f"column {column}: {message}" + (f"; {suggestion}" if suggestion else ""))
        self.message = message
        self.column = column
        self.text = text
        self.suggestion = suggestion

    def caret(self) -> str:
        """The query on one line, and under it a caret at the column."""
        line = "".join(" " if char.isspace() else char for char in self.text)
        return f"{line}\n{' ' * (self.column - 1)}^"

    def of(self, text: str) -> QueryError:
        """The same error, which knows the whole text that it was found in."""
        return QueryError(self.message, column=self.column, text=text, suggestion=self.suggestion)


def nearest(word: str, known: Iterable[str]) -> str:
    """A suggestion: the known word that is nearest, or all of them when none is near."""
    names = sorted(set(known))
    near = get_close_matches(word.lower(), names, 1)
    return f"did you mean `{near[0]}`?" if near else f"choose from {', '.join(names)}"
