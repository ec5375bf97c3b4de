"""`muniment searches`: what can be said about searches, beside what they find."""

import click

from api.cli import options, output
from archive.access.answers import UnsearchableAnswer
from archive.access.roles import LOCAL_ACTOR, Purpose


@click.group("searches")
def command() -> None:
    """See what searches do not find, and report on them."""


@command.command("unsearchable")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="A page's length."
)
@click.option("--cursor", metavar="C", help="Go on where the last page ended.")
@click.option("--as-of", type=click.IntRange(0), metavar="SEQ", help="Answer as of an event.")
@options.common
def unsearchable(
    limit: int, cursor: str | None, as_of: int | None, purpose: Purpose, as_json: bool
) -> None:
    """List the records that no search finds by all of their words, and why."""
    with options.opened() as archive:
        page = archive.unsearchable.page(
            LOCAL_ACTOR, purpose, limit=limit, cursor=cursor, as_of=as_of
        )
    if as_json:
        output.write_json(page)
    else:
        _write_unsearchable(page)


def _write_unsearchable(page: UnsearchableAnswer) -> None:
    click.echo(f"{page.total:,} could not be searched as of event {page.as_of}")
    for record in page.records:
        click.echo(f"{record.id}  {record.state}")
        for part in record.unsearched:
            name = output.one_line(part.filename or part.part or "the record")
            click.echo(f"  not searched: {name} ({part.reason})")
    if page.cursor is not None:
        click.echo(f"\nmore: --cursor {page.cursor}")
