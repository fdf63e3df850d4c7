"""A table: named columns of one type each, given out as plain rows, as a pandas or as a Polars data frame.

pandas and Polars are optional and imported when they are asked for. Everything else is standard library.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from trainyard.spec.error import suggest
from trainyard.table import html, text
from trainyard.table.cell import is_shown

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Column", "Kind", "Table", "column_of", "kind_of"]

Kind = Literal["text", "integer", "number", "boolean", "time", "duration", "object"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_INTEGER = 1 << 63


@dataclass(frozen=True)
class Column:
    """One column. `values` has an item for each row, None where there is no value; times are microseconds since 1970
    UTC, and durations are microseconds."""

    kind: Kind
    values: Sequence[Any]

    def python(self) -> Sequence[Any]:
        """The values as a program uses them: aware datetimes in UTC, timedeltas, and all others as they are."""
        if self.kind == "time":
            return [None if us is None else _EPOCH + timedelta(microseconds=us) for us in self.values]
        if self.kind == "duration":
            return [None if us is None else timedelta(microseconds=us) for us in self.values]
        return self.values

    def first(self, count: int) -> Sequence[Any]:
        """The first values as a program uses them."""
        return Column(self.kind, self.values[:count]).python()


class Table:
    """Columns of equal length, with a name each."""

    def __init__(self, columns: Mapping[str, Column], length: int) -> None:
        self._columns = dict(columns)
        self._length = length

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._columns)

    def column(self, name: str) -> Column:
        """One column with its type. Raises KeyError with the nearest name, or with those that there are."""
        if name not in self._columns:
            raise KeyError(f"no column {name!r}; {_hint(name, self._columns)}")
        return self._columns[name]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __repr__(self) -> str:
        return text.table(type(self).__name__, self._for_people(), len(self))

    def _repr_html_(self) -> str:
        return html.table(self._for_people(), len(self))

    def _for_people(self) -> dict[str, Column]:
        """The columns in the order in which people read them, without those that have no value."""
        return {name: column for name, column in self._columns.items() if any(map(is_shown, column.values))}

    def __getitem__(self, name: str) -> list[Any]:
        """The values of one column. Raises KeyError as `column` does."""
        return list(self.column(name).python())

    def rows(self) -> list[dict[str, Any]]:
        """Each row by column name; a value that a row does not have is None."""
        if not self._columns:
            return []
        names, values = self.columns, [column.python() for column in self._columns.values()]
        return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas data frame. Integers and booleans with missing values have pandas' nullable types; missing numbers
        are NaN. Raises ImportError when pandas is not installed."""
        with _installed("pandas"):
            import pandas
        return pandas.DataFrame({name: _pandas_column(pandas, one) for name, one in self._columns.items()}, copy=False)

    def to_polars(self) -> polars.DataFrame:
        """A Polars data frame; missing values are null. Raises ImportError when Polars is not installed."""
        with _installed("polars"):
            import polars
        return polars.DataFrame([_polars_column(polars, name, one) for name, one in self._columns.items()])


def column_of(values: Sequence[Any]) -> Column:
    """A column of values whose type is not known: of JSON, such as params."""
    return Column(kind_of(values), values)


def kind_of(values: Sequence[Any]) -> Kind:
    """The type of values: the common one, `number` for integers among floats, and `object` for a mixture."""
    types = set(map(type, values)) - {type(None)}
    if types == {int}:
        fits = all(value is None or -_MOST_INTEGER <= value < _MOST_INTEGER for value in values)
        return "integer" if fits else "object"
    if types and types <= {int, float}:
        return "number"
    return "text" if types == {str} else "boolean" if types == {bool} else "object"


def _hint(name: str, columns: Iterable[str]) -> str:
    """What to write instead of a name: `params.lr` for `lr`, or the nearest one."""
    same = next((column for column in columns if column.partition(".")[2] == name), None)
    return f"did you mean `{same}`?" if same else suggest(name, columns) or "there are none"


@contextmanager
def _installed(name: str) -> Iterator[None]:
    """An import of a package that is optional. Raises ImportError, with a fix, when it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        fix = f"pip install 'trainyard[{name}]'"
        raise ImportError(f"to_{name}() needs {name}, which is not installed: {fix}", name=name) from error


def _pandas_column(pandas: Any, column: Column) -> Any:
    values = column.values
    if column.kind == "time":
        return pandas.Series(_microseconds(values, "datetime64[us]")).dt.tz_localize("UTC")
    if column.kind == "duration":
        return pandas.Series(_microseconds(values, "timedelta64[us]"))
    if column.kind == "number":
        return pandas.Series(_floats(values))
    if column.kind in ("integer", "boolean"):
        plain, nullable = ("int64", "Int64") if column.kind == "integer" else ("bool", "boolean")
        return pandas.Series(values, dtype=nullable if None in values else plain)
    has_text_type = int(pandas.__version__.partition(".")[0]) >= 3
    return pandas.Series(values, dtype="str" if column.kind == "text" and has_text_type else "object")


def _microseconds(values: Sequence[int | None], dtype: str) -> Any:
    import numpy

    missing = numpy.iinfo(numpy.int64).min  # NaT
    return numpy.array([missing if us is None else us for us in values], dtype=numpy.int64).view(dtype)


def _floats(values: Sequence[float | None]) -> Any:
    import numpy

    return numpy.array(values, dtype=float)  # None becomes NaN


def _polars_column(polars: Any, name: str, column: Column) -> Any:
    dtypes = {
        "text": polars.String,
        "integer": polars.Int64,
        "number": polars.Float64,
        "boolean": polars.Boolean,
        "time": polars.Datetime("us", "UTC"),
        "duration": polars.Duration("us"),
    }
    if column.kind != "object":
        return polars.Series(name, column.values, dtype=dtypes[column.kind], strict=column.kind != "number")
    try:
        return polars.Series(name, column.values)
    except (TypeError, ValueError, OverflowError, polars.exceptions.PolarsError):  # a mixture: it keeps its objects
        return polars.Series(name, column.values, dtype=polars.Object)
