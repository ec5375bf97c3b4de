"""Reading what stands in SQL, and what it means that the database does not answer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from archive.errors import UnavailableError


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Turn the library's errors into UnavailableError for the database of something."""
    try:
        yield
    except SQLAlchemyError as error:
        raise UnavailableError(
            f"The database of {what} does not answer: {type(error).__name__}."
        ) from error


class SqlReader:
    """What asks the tables of something; UnavailableError where their database is silent."""

    what: ClassVar[str] = "the catalog"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def _all(self, statement: Any, **parameters: Any) -> Sequence[Any]:
        with answering(self.what), self._engine.connect() as connection:
            return connection.execute(statement, parameters).all()
