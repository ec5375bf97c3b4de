"""What the doors log: one JSON object a line, with ids, routes and kinds, never content.

A path may hold anything a caller typed and an exception's message may hold what was being read,
so neither is written: the rule of the route stands for the path, and an error is its class and
the places it came through.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from archive.clock import Clock, SystemClock
from archive.model.interaction import rfc3339

NAME = "muniment.http"
# What the web server says is about itself: it sees neither tokens nor bodies.
_SERVER = "_granian"


def write(clock: Clock, level: int, event: str, **fields: object) -> None:
    """Log one event, with the time and the fields given."""
    logging.getLogger(NAME).log(level, "%s", _line(clock, event, **fields))


def places(error: BaseException) -> list[str]:
    """Give where an error came through, innermost last, as `file:line function`."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def failure(clock: Clock, error: BaseException, **fields: object) -> None:
    """Log a defect: its class and the places it came through."""
    write(
        clock,
        logging.ERROR,
        "failure",
        **fields,
        error=type(error).__name__,
        through=places(error),
    )


class Streamed:
    """An answer that is still being made as it leaves; what fails then is logged, and goes on up.

    The status has left already, so that the connection is all that can be broken off.
    """

    def __init__(self, chunks: Iterable[bytes], clock: Clock, request_id: str) -> None:
        self._chunks = chunks
        self._iterator = iter(chunks)
        self._clock = clock
        self._request_id = request_id

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._iterator)
        except StopIteration:
            raise
        except Exception as error:
            failure(self._clock, error, request_id=self._request_id)
            raise

    def close(self) -> None:
        """Close what the answer is made from."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def to_standard_error(clock: Clock) -> None:
    """Write to standard error, from now on and in this process, all that is logged, as JSON.

    Libraries log too, and their messages may hold values: of those only who speaks and where is
    written.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines(clock))
    logging.getLogger().handlers = [handler]
    logging.getLogger(NAME).setLevel(logging.INFO)
    server = logging.getLogger(_SERVER)
    server.handlers, server.propagate = [], True


def without_values() -> None:
    """Let this process name an exception that ends it, or one of its threads, without its message.

    Python's own way prints the message, and with it what was being read.
    """
    clock = SystemClock()

    def tell(error: BaseException) -> None:
        line = _line(clock, "failure", error=type(error).__name__, through=places(error))
        print(line, file=sys.stderr, flush=True)

    def ended(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        if not isinstance(error, KeyboardInterrupt):
            tell(error)

    def thread_ended(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            tell(arguments.exc_value)

    sys.excepthook = ended
    threading.excepthook = thread_ended


class _JsonLines(logging.Formatter):
    """Writes each record as one JSON object; those of the doors are one already."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        if record.name == NAME:
            return record.getMessage()
        fields: dict[str, object] = {
            "logger": record.name,
            "level": record.levelname.lower(),
            "place": f"{record.filename}:{record.lineno}",
        }
        if record.name.partition(".")[0] == _SERVER:
            # Without what follows the first line, which is a traceback with its message.
            fields["message"] = record.getMessage().partition("\n")[0]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields |= {"error": type(error).__name__, "through": places(error)}
        return _line(self._clock, "log", **fields)


def _line(clock: Clock, event: str, **fields: object) -> str:
    return json.dumps({"at": rfc3339(clock.now()), "event": event, **fields}, default=str)
