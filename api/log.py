"""What the doors log: one JSON object a line, with ids, routes and kinds, never content.

A path may hold anything a caller typed and an exception's message may hold what was being read,
so neither is written: the rule of the route stands for the path, and an error is its class and
the places it came through.
"""

import json
import logging
import traceback
from pathlib import Path

from archive.clock import Clock
from archive.model.interaction import rfc3339

NAME = "muniment.http"


def write(clock: Clock, level: int, event: str, **fields: object) -> None:
    """Log one event, with the time and the fields given."""
    line = {"at": rfc3339(clock.now()), "event": event, **fields}
    logging.getLogger(NAME).log(level, "%s", json.dumps(line, default=str))


def places(error: BaseException) -> list[str]:
    """Give where an error came through, innermost last, as `file:line function`."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
