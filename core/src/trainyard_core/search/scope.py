"""Which runs may be found at all, and what every statement of one search has in common."""

from __future__ import annotations

from typing import Literal

import msgspec

from trainyard_core.search.sql import TRUE, Sql, fill, listed, sql

__all__ = ["Scope", "within"]


class Scope(msgspec.Struct, frozen=True):
    """The projects that are searched (None: all there are), at which moment (microseconds since 1970 UTC: relative
    times and the length of what still runs count from it), on which database."""

    projects: tuple[str, ...] | None
    at: int
    dialect: Literal["sqlite", "postgresql"]

    @property
    def is_single(self) -> bool:
        """Whether it is one project: only then are the indexes in the order of a sort."""
        return self.projects is not None and len(self.projects) == 1

    def column(self, name: str) -> str:
        """A column of the run that is tested. On SQLite with a plus, which keeps its planner from choosing an index
        by it: which index a search walks along is decided here."""
        return f"+run.{name}" if self.dialect == "sqlite" else f"run.{name}"

    def letters(self, column: str) -> str:
        """A column of text that is compared and sorted byte by byte, as SQLite does anyway."""
        return column if self.dialect == "sqlite" else f'{column} COLLATE "C"'


def within(scope: Scope, column: str) -> Sql:
    """The condition that a row belongs to the scope."""
    if scope.projects is None:
        return TRUE
    if scope.is_single:
        return sql(f"{column} = ?", scope.projects[0])
    return fill(f"{column} IN {{}}", listed(scope.projects)) if scope.projects else sql("FALSE")
