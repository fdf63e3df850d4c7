"""The options `-q` and `--sort`: queries are checked here, before a server is asked, so that a problem is shown with a
caret under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

__all__ = ["query_option", "query_text", "sort_option"]


def _check(name: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    def check(ctx: click.Context, param: click.Parameter, text: str | None) -> str | None:
        from trainyard import query

        if text is None:
            return None
        try:
            getattr(query, name)(text)
        except query.QueryError as error:
            shown = "\n".join(f"  {line}" for line in error.caret().splitlines()) if error.text else ""
            problem = "; ".join(part for part in (error.message, error.suggestion) if part)
            raise click.BadParameter(f"{problem}\n\n{shown}".rstrip(), ctx, param) from error
        return text

    return check


query_option = click.option(
    "-q", "--query", metavar="QUERY", callback=_check("parse"), help="Only runs that match this query: `status:failed`."
)
sort_option = click.option(
    "--sort",
    metavar="FIELDS",
    callback=_check("parse_sort"),
    help="Fields to sort by, `-` before one for descending: `-metrics.loss,name`.",
)


def query_text(query: str | None, conditions: Sequence[tuple[str, str]]) -> str:
    """One query of a given one and of fields that must have these values; values that are empty are left out."""
    parts = [f"({query})"] if query and query.strip() else []
    return ", ".join([*parts, *(f"{field}:{_quoted(value)}" for field, value in conditions if value)])


def _quoted(value: str) -> str:
    """A value as it is, whatever is in it."""
    for sign in ("\\", '"', "%"):
        value = value.replace(sign, f"\\{sign}")
    return f'"{value}"'
