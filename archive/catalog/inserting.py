"""Inserts that pass over rows which are there already, or write over them.

Both SQLite and PostgreSQL have them, spelled the same, but the library has no common name for them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(dialect: Dialect) -> Callable[[Table], Any]:
    """Return what makes an insert that can say what to do with a row that is there already."""
    return postgresql.insert if _is_postgres(dialect) else sqlite.insert


class WholeRows:
    """Inserts whole rows of a table, unless they are there already, or else `over` what is there.

    Most rows of all are captured records, their keys and their obligations. They go to the driver
    as they are: through the library's own binding they would take half as long again. PostgreSQL
    takes them as one array a column, since it would else be sent one statement a row.
    """

    def __init__(self, dialect: Dialect, table: Table, *, over: bool = False) -> None:
        keys = [column.name for column in table.primary_key]
        values = [column.name for column in table.columns if not column.primary_key]
        self._by_column = _is_postgres(dialect)
        if self._by_column:
            # A name may be a word of the language, such as `case`.
            quote = dialect.identifier_preparer.quote
            names = ", ".join(quote(column.name) for column in table.columns)
            arrays = ", ".join(f"%s::{column.type.compile(dialect)}[]" for column in table.columns)
            written = ", ".join(f"{name} = excluded.{name}" for name in map(quote, values))
            key = ", ".join(map(quote, keys))
            conflict = f"({key}) DO UPDATE SET {written}" if over else "DO NOTHING"
            self._statement = (
                f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"
                f" ON CONFLICT {conflict}"
            )
        else:
            insert = insert_for(dialect)(table)
            excluded = {name: insert.excluded[name] for name in values}
            statement = (
                insert.on_conflict_do_update(index_elements=keys, set_=excluded)
                if over
                else insert.on_conflict_do_nothing()
            )
            columns = [column.name for column in table.columns]
            self._statement = str(statement.compile(dialect=dialect, column_keys=columns))

    def insert(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, each there once, whose values are in the order of the table's columns."""
        if self._by_column:
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            connection.exec_driver_sql(self._statement, columns)
        else:
            connection.exec_driver_sql(self._statement, list(rows))


def _is_postgres(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"
