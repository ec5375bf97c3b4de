"""`muniment checkpoint`: what the log says of itself."""

import click

from api.cli import options, output
from archive.log.checkpoint import encode_hash
from archive.model.roles import Purpose


@click.command("checkpoint")
@options.common
def command(purpose: Purpose, as_json: bool) -> None:
    """Write the newest signed checkpoint, to be kept elsewhere."""
    with options.opened() as archive:
        options.publish(archive)
        newest = archive.log.newest()
    if as_json:
        output.write_json(
            {
                "origin": newest.checkpoint.origin,
                "size": newest.checkpoint.size,
                "root": encode_hash(newest.checkpoint.root),
                "checkpoint": newest.note,
            }
        )
    else:
        click.echo(newest.note, nl=False)
