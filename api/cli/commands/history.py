"""`muniment history`: the events of one record."""

from typing import TYPE_CHECKING
from uuid import UUID

import click

from api.cli import options, output
from archive.model.roles import LOCAL_ACTOR, Purpose

if TYPE_CHECKING:
    from archive.access.answers import HistoryEvent


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
        ("event", "version", "what", "recorded", "sent by", "leaf hash", "segment"),
        [
            (
                str(event.seq),
                str(event.version),
                event.type,
                output.utc_time(event.recorded_at),
                _sender(event),
                event.leaf_hash,
                event.segment,
            )
            for event in answer.events
        ],
    )


def _sender(event: "HistoryEvent") -> str:
    token = f" by token {event.sent_token}" if event.sent_token else ""
    return f"{event.sent_by}{token}" if event.sent_by else ""
