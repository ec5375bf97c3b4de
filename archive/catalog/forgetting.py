"""Forgetting rows that were last used long ago, of tables that processes of many hosts write."""

from typing import Final

from sqlalchemy import Engine, Table, delete, select

_AT_ONCE: Final = 1000
"""Each call is made on the way to something else, which must not wait for a day's rows."""


def forget(engine: Engine, table: Table, before: int) -> None:
    """Remove rows by `key` whose `last_at` is before a time, but for what others hold.

    This waits for nobody, nor they for it. Raises SQLAlchemyError.
    """
    old = select(table.c.key).where(table.c.last_at < before).limit(_AT_ONCE)
    with engine.begin() as connection:
        connection.execute(
            delete(table).where(table.c.key.in_(old.with_for_update(skip_locked=True)))
        )
