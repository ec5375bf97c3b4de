"""How far an import has come, on standard error: a line that renews itself, or one now and then."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from archive.clock import Clock

if TYPE_CHECKING:
    from archive.capture.importer import Progress

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_DRAWINGS = 0.1


def described(progress: "Progress") -> str:
    """Write the figures as a person reads them."""
    total = f" of {progress.total:,}" if progress.total is not None else ""
    parts = [f"{progress.done:,}{total}", f"{progress.rate:,.0f} a second"]
    if progress.seconds_left is not None:
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        parts.append(f"{minutes}:{seconds:02d} left")
    if progress.failed:
        parts.append(f"{progress.failed:,} rejected")
    return ", ".join(parts)


@contextmanager
def shown(clock: Clock) -> "Iterator[Callable[[Progress], None]]":
    """Give a callback that shows progress, and tidy the line away at the end."""
    terminal = sys.stderr.isatty()
    pause = SECONDS_BETWEEN_DRAWINGS if terminal else SECONDS_BETWEEN_LINES
    drawn = False
    due = clock.monotonic() + (0 if terminal else pause)

    def show(progress: "Progress") -> None:
        nonlocal drawn, due
        if clock.monotonic() < due:
            return
        due = clock.monotonic() + pause
        drawn = True
        if terminal:
            click.echo(f"\r\x1b[K{described(progress)}", nl=False, err=True)
        else:
            click.echo(described(progress), err=True)

    try:
        yield show
    finally:
        if terminal and drawn:
            click.echo("\r\x1b[K", nl=False, err=True)
