"""`muniment rebuild`: the database and the index anew, from the bucket and the key."""

from typing import TYPE_CHECKING

import click

from api.cli import EXIT_PROBLEM, options, output, progress
from archive.clock import SystemClock
from archive.model.roles import Purpose

if TYPE_CHECKING:
    from archive.rebuilding import Rebuilt


@click.command("rebuild")
@click.option(
    "--incomplete",
    is_flag=True,
    help="Go on without events whose commit record is missing or damaged.",
)
@options.common
def command(incomplete: bool, purpose: Purpose, as_json: bool) -> int:
    """Make the database and the index anew from the bucket; no service may run meanwhile.

    Nothing is changed before the bucket's commit records have been found complete. Leaves with 1 if
    something could not be had from the bucket.
    """
    from archive.rebuilding import rebuild

    with progress.counted(SystemClock()) as show:
        rebuilt = rebuild(
            options.settings(),
            incomplete=incomplete,
            progress=lambda at: show(at.part, at.done, at.total),
        )
    if as_json:
        output.write_json(
            {
                "events": rebuilt.events,
                "missing": [list(each) for each in rebuilt.missing],
                "unreadable": list(rebuilt.unreadable),
                "unopened": rebuilt.unopened,
                "notes": list(rebuilt.notes),
            }
        )
    else:
        _write(rebuilt)
    return EXIT_PROBLEM if rebuilt.missing or rebuilt.unreadable or rebuilt.unopened else 0


def _write(rebuilt: "Rebuilt") -> None:
    click.echo(f"{rebuilt.events:,} events are in the database and the index again.")
    for first, last in rebuilt.missing:
        click.echo(f"  missing: event {first} to {last}, which no commit record holds")
    for reason in rebuilt.unreadable:
        click.echo(f"  {output.one_line(reason)}")
    if rebuilt.unopened:
        click.echo(f"  {rebuilt.unopened:,} events cannot be opened now: see muniment verify")
    for note in rebuilt.notes:
        click.echo(f"  {output.one_line(note)}")
