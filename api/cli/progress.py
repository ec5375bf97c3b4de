"""How far something has come, on standard error: a line that renews itself, or one now and then."""

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
    """Give a callback that shows an import's progress, and tidy the line away at the end."""
    with _lines(clock) as show:
        yield lambda progress: show(lambda: described(progress))


@contextmanager
def counted(clock: Clock) -> Iterator[Callable[[str, int, int], None]]:
    """Give a callback that shows how many of how many there are of something, named first."""
    with _lines(clock) as show:
        yield lambda part, done, total: show(lambda: f"{part}: {done:,} of {total:,}")


@contextmanager
def numbered(clock: Clock) -> Iterator[Callable[[str, int], None]]:
    """Give a callback that shows how many of something are done, where nobody knows the total."""
    with _lines(clock) as show:
        yield lambda part, done: show(lambda: f"{part}: {done:,}")


@contextmanager
def _lines(clock: Clock) -> Iterator[Callable[[Callable[[], str]], None]]:
    terminal = sys.stderr.isatty()
    pause = SECONDS_BETWEEN_DRAWINGS if terminal else SECONDS_BETWEEN_LINES
    drawn = False
    due = clock.monotonic() + (0 if terminal else pause)

    def show(text: Callable[[], str]) -> None:
        nonlocal drawn, due
        if clock.monotonic() < due:
            return
        due = clock.monotonic() + pause
        drawn = True
        if terminal:
            click.echo(f"\r\x1b[K{text()}", nl=False, err=True)
        else:
            click.echo(text(), err=True)

    try:
        yield show
    finally:
        if terminal and drawn:
            click.echo("\r\x1b[K", nl=False, err=True)
