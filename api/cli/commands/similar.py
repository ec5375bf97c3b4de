"""`muniment similar`: the records that are likest to one."""

from uuid import UUID

import click

from api.cli import options, output
from archive.model.roles import LOCAL_ACTOR, Purpose


@click.command("similar")
@click.argument("id", type=click.UUID)
@click.option(
    "--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="How many at most."
)
@options.common
def command(id: UUID, limit: int, purpose: Purpose, as_json: bool) -> None:
    """List the records whose words are likest to those of the record ID."""
    with options.opened() as archive:
        found = archive.access.similar(LOCAL_ACTOR, purpose, id, limit=limit)
    if as_json:
        output.write_json(found)
        return
    output.write_table(
        ("when", "subject", "record"),
        [
            (output.utc_time(each.occurred_at), each.subject or "(no subject)", str(each.id))
            for each in found.results
        ],
    )
