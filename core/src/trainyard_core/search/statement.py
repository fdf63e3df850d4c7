"""The statements of a search. Each gives ids and the values of the sort keys (`id`, `s0`, `s1` ...), in order.

Either few candidates are known and are sorted (`chosen`), or an index is walked in the order of the sort (`walks`):
first along the runs that have the first key, then along those that do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from trainyard.query.tree import Query
from trainyard_core.search.condition import condition
from trainyard_core.search.order import Key, RunCursor, beyond, is_descending
from trainyard_core.search.scope import Scope, within
from trainyard_core.search.source import Source
from trainyard_core.search.sql import TRUE, Sql, both, fill, sql

__all__ = ["RunSearch", "along", "chosen", "counts", "reach", "walks"]

_EVERYTHING = Source(Sql(""), TRUE, "run.id", by_id=True)


class RunSearch(msgspec.Struct, frozen=True):
    """What is looked for, in which order, and after which run."""

    scope: Scope
    query: Query
    keys: tuple[Key, ...]
    after: RunCursor | None = None


def counts(sources: Sequence[Source], most: int) -> Sql:
    """How many ids each source has (`n0`, `n1` ...), counted up to `most`."""
    form = "(SELECT COUNT(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT {}) x)"
    return _numbered(fill(form, source.table, source.where, sql("?", most)) for source in sources)


def reach(sources: Sequence[Source], most: int) -> Sql:
    """The id to which the newest `most` ids of each source reach down (`n0`, `n1` ...): the lower, the fewer of the
    runs it holds."""
    form = "(SELECT {} FROM {} WHERE {} ORDER BY {} DESC LIMIT 1 OFFSET {})"
    return _numbered(fill(form, Sql(one.id), one.table, one.where, Sql(one.id), sql("?", most - 1)) for one in sources)


def _numbered(parts: Iterable[Sql]) -> Sql:
    found = [fill(f"{{}} AS n{n}", part) for n, part in enumerate(parts)]
    return fill(f"SELECT {', '.join(['{}'] * len(found))}", *found)


def chosen(search: RunSearch, source: Source, most: int, limit: int) -> Sql:
    """The runs among the ids of a source, of which there are fewer than `most`."""
    ids = fill("SELECT {} AS run FROM {} WHERE {} LIMIT {}", Sql(source.id), source.table, source.where, sql("?", most))
    where = [Sql("run.id = k.run"), *_conditions(search)]
    if search.after is not None:
        last = search.after
        where.append(beyond(search.keys, last.values, "run.id", last.id, descending=is_descending(search.keys)))
    found = _select(search, [key.sql for key in search.keys], Sql("k CROSS JOIN run"), where, "run.id", limit)
    return fill("WITH k AS MATERIALIZED (SELECT DISTINCT x.run AS run FROM ({}) x) {}", ids, found)


def along(search: RunSearch, source: Source, limit: int) -> Sql:
    """The newest first, walking along a source that is in the order of ids; for a search without keys."""
    where = [*_joined(source), *_conditions(search)]
    if search.after is not None:
        where.append(sql(f"{source.id} < ?", search.after.id))
    return _select(search, [], _from(source), where, source.id, limit)


def walks(search: RunSearch, limit: int) -> Iterator[Sql]:
    """One statement after another: each goes on where the one before has ended."""
    after = search.after
    for done, key in enumerate((*search.keys, None)):
        if after is not None and key is not None and after.values[done] is None and key.order is not None:
            continue
        yield _walk(search, done, after, limit)
        after = None
        if key is None or key.order is None or not key.nullable:
            return


def _walk(search: RunSearch, done: int, after: RunCursor | None, limit: int) -> Sql:
    """Along the order of the key number `done`, over the runs that have none of those before it."""
    keys = search.keys[done:]
    order = keys[0].order if keys else None
    source = order or _EVERYTHING
    if order is not None:
        keys = (msgspec.structs.replace(keys[0], sql=Sql(order.value), nullable=False), *keys[1:])
    missing = [fill("{} IS NULL", key.sql) for key in search.keys[:done]]
    where = [*_joined(source), *_conditions(search, joined=source is not _EVERYTHING), *missing]
    if after is not None:
        where += _beyond(search, keys, after.values[done:], source, after.id)
    columns = [*(Sql("NULL") for _ in range(done)), *(key.sql for key in keys)]
    return _select(search, columns, _from(source), where, source.id, limit, done=done)


def _beyond(search: RunSearch, keys: Sequence[Key], values: Sequence[object], source: Source, last: str) -> list[Sql]:
    """What comes after the last run. In the order of an index it is said so that the index is entered there."""
    after = beyond(keys, values, source.id, last, descending=is_descending(search.keys))
    if source is _EVERYTHING or not keys:
        return [after]
    first, value = keys[0], values[0]
    if len(keys) == 1:
        return [sql(f"({first.sql.text}, {source.id}) {'<' if first.descending else '>'} (?, ?)", value, last)]
    return [sql(f"{first.sql.text} {'<=' if first.descending else '>='} ?", value), after]


def _conditions(search: RunSearch, *, joined: bool = True) -> list[Sql]:
    """The project, and the query inside of it. A run that is joined is reached by its id, not by its project."""
    project = search.scope.column("project") if joined else "run.project"
    return [within(search.scope, project), condition(search.query.root, search.scope)]


def _joined(source: Source) -> list[Sql]:
    return [] if source is _EVERYTHING else [source.where, Sql(f"run.id = {source.id}")]


def _from(source: Source) -> Sql:
    return Sql("run") if source is _EVERYTHING else fill("{} CROSS JOIN run", source.table)


def _select(
    search: RunSearch,
    columns: Sequence[Sql],
    table: Sql,
    where: Sequence[Sql],
    id_column: str,
    limit: int,
    done: int = 0,
) -> Sql:
    """`done` keys are known to be NULL; the one after it is not, when the table is in its order."""
    names = [fill(f"{{}} AS s{n}", column) for n, column in enumerate(columns)]
    head = fill(f"SELECT {', '.join([f'{id_column} AS id', *['{}'] * len(names)])} FROM {{}}", *names, table)
    order = [_ordering(search.keys[n], f"s{n}", columns[n]) for n in range(done, len(columns))]
    order.append(f"{id_column} {'DESC' if is_descending(search.keys) else 'ASC'}")
    body = fill("{} WHERE {}", head, both(where))
    return Sql(f"{body.text} ORDER BY {', '.join(order)} LIMIT ?", (*body.args, limit))


def _ordering(key: Key, name: str, column: Sql) -> str:
    """An index has its NULLs on the other side, so it is not asked about them where there are none."""
    is_walked = key.order is not None and column.text == key.order.value
    nulls = " NULLS LAST" if key.nullable and not is_walked else ""
    return f"{name} {'DESC' if key.descending else 'ASC'}{nulls}"
