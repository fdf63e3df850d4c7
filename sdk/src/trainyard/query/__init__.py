"""The language that runs are searched in: `parse("status:running, metrics.loss:<0.1")`, `parse_sort("-created_at")`.

One grammar and one list of fields for the command line, the SDK and the server, so that a query is checked wherever it
is written. What a query costs and how it is answered is the server's.
"""

from __future__ import annotations

from trainyard.query.error import QueryError
from trainyard.query.parse import parse, parse_sort
from trainyard.query.tree import Query, SortKey

__all__ = ["Query", "QueryError", "SortKey", "parse", "parse_sort"]
