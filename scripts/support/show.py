"""How a show runs, speaks and ends.

A show is a function that takes an empty folder of its own and returns its figure, one line. It
raises `Failed` when what it shows does not hold, or when it lacks what it needs to run.
"""

import importlib.util
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

REPOSITORY = Path(__file__).resolve().parents[2]
_MARK = "MUNIMENT_SHOW_PYTHON"


class Failed(Exception):
    """The show does not hold, or cannot run; the message says why."""


def main(show: Callable[[Path], str]) -> NoReturn:
    """Run a show, print its figure last, and exit with 1 if it does not hold."""
    _use_project_python()
    # Told to stop, a show still ends what it started and removes its folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.stdout.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]
    try:
        with TemporaryDirectory(prefix="muniment-show-", ignore_cleanup_errors=True) as folder:
            figure = show(Path(folder).resolve())
    except Failed as failed:
        sys.exit(_written(f"does not hold: {failed}"))
    print(figure)
    sys.exit(0)


def say(line: str) -> None:
    """Print one line of what goes on."""
    print(f"- {line}")


def check(holds: bool, otherwise: str) -> None:
    """Raise `Failed` with the sentence unless the condition holds."""
    if not holds:
        raise Failed(otherwise)


def some(names: list[str], most: int = 5) -> str:
    """Write the first few of a list that may be long."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _written(line: str) -> int:
    print(line)
    return 1


def _use_project_python() -> None:
    """Stay with a Python that has the project's requirements; else go on under `.venv`."""
    if importlib.util.find_spec("eventsourcing") is not None:
        return
    python = REPOSITORY / ".venv" / "bin" / "python"
    if python.exists() and _MARK not in os.environ:
        os.environ[_MARK] = "1"
        os.execv(python, [str(python), *sys.argv])
    sys.exit(_written("does not hold: needs .venv; run scripts/test once, which makes it."))
