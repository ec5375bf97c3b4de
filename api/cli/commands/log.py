"""`muniment log`: the log's verifier key."""

import click

from api.cli import options, output
from archive.access.roles import Purpose


@click.group("log")
def command() -> None:
    """Ask about the log that everybody can check."""


@command.command("vkey")
@options.common
def vkey(purpose: Purpose, as_json: bool) -> None:
    """Write the key that the log's checkpoints are verified with."""
    with options.opened() as archive:
        key = str(archive.log.verifier)
    if as_json:
        output.write_json({"vkey": key})
    else:
        click.echo(key)
