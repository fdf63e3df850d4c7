"""Queries and sorts as they come in a request: parsed, or refused with the place of the problem."""

from __future__ import annotations

from trainyard.client.models import FieldProblem
from trainyard.query import Query, QueryError, SortKey, parse, parse_sort
from trainyard.query.field import field_of
from trainyard.query.tree import Field
from trainyard_core.errors import Invalid

__all__ = ["metric_of", "query_of", "sort_of"]


def query_of(text: str, *, field: str = "q") -> Query:
    """The query. Raises Invalid with column and suggestion; `field` is what it came in."""
    try:
        return parse(text)
    except QueryError as error:
        raise _invalid(error, field) from error


def sort_of(text: str, *, field: str = "sort") -> tuple[SortKey, ...]:
    """The sort. Raises Invalid with column and suggestion."""
    try:
        return parse_sort(text)
    except QueryError as error:
        raise _invalid(error, field) from error


def metric_of(text: str, *, field: str = "metric") -> Field:
    """The metric that is meant by a name, and which of its values: `loss`, `loss.min`. Raises Invalid."""
    try:
        return field_of(f"metrics.{text}", column=1)
    except QueryError as error:
        raise _invalid(error, field) from error


def _invalid(error: QueryError, field: str) -> Invalid:
    problem = FieldProblem(field=field, message=error.message, line=1, column=error.column, fix=error.suggestion)
    return Invalid(f"`{field}`, column {error.column}: {error.message}", fix=error.suggestion, problems=[problem])
