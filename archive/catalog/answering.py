"""What it means that a database does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

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
