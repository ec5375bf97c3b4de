"""The few kinds of error, each telling the caller what can be done about it.

A message is one sentence for the person who meets it: it names the thing and says what to do,
and never holds content, keys or tokens. Doors map kinds to exit codes and HTTP in one table.
"""

from datetime import datetime
from pathlib import Path


class MunimentError(Exception):
    """The base of every error that Muniment raises on purpose."""


class InvalidError(MunimentError):
    """The caller's input is wrong; the message says how to mend it.

    `column` is the 1-based position in a query text, where there is one, and `query` that text.
    """

    def __init__(
        self, message: str, *, column: int | None = None, query: str | None = None
    ) -> None:
        super().__init__(message)
        self.column = column
        self.query = query


class UnauthenticatedError(MunimentError):
    """Nobody known is asking: no token, or one that is not valid."""


class ForbiddenError(MunimentError):
    """Somebody known asks for what their role or purpose does not allow."""


class ThrottledError(MunimentError):
    """Too much was tried in too short a time; try again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotFoundError(MunimentError):
    """There is no such object or record."""


class GoneError(MunimentError):
    """The record was here and has been erased; only its tombstone remains."""


class ConflictError(MunimentError):
    """Somebody else was first; read again and decide anew."""


class LockedError(MunimentError):
    """A retention lock or a legal hold forbids the change.

    `until` is when the retention ends, where it is one.
    """

    def __init__(self, message: str, *, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class CorruptError(MunimentError):
    """Stored bytes do not check; the message names the object and, where known, the record."""


class UnavailableError(MunimentError):
    """A part that is needed does not answer now; the same call may succeed later.

    `retry_after` is a suggestion in seconds.
    """

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConfigurationError(MunimentError):
    """A setting, key or archive on disk is missing or unusable; the message says which."""


class SettingError(ConfigurationError):
    """A setting is of no form that it can have, whatever stands on disk."""


def unforeseen(error: BaseException) -> str:
    """Tell of a defect by its class and place; its message might hold what was being read."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"an error that nobody foresaw, {type(error).__name__}{where}"
