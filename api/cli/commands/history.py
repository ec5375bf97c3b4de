"""`muniment history`: the events of one record."""

from uuid import UUID

import click

from api.cli import options, output
from archive.access.roles import LOCAL_ACTOR, Purpose


@click.command("history")
@click.argument("id", type=click.UUID)
@options.common
def command(id: UUID, purpose: Purpose, as_json: bool) -> None:
    """List what happened to the record ID, oldest first."""
    with options.opened() as archive:
        answer = archive.access.history(LOCAL_ACTOR, purpose, id)
    if as_json:
        output.write_json(answer)
        return
    output.write_table(
        ("event", "version", "what", "recorded", "leaf hash", "segment"),
        [
            (
                str(event.seq),
                str(event.version),
                event.type,
                output.utc_time(event.recorded_at),
                event.leaf_hash,
                event.segment,
            )
            for event in answer.events
        ],
    )
