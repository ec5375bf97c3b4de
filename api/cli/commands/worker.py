"""`muniment worker`: the followers and schedules, without the web."""

import click

from api.cli import options
from archive.model.roles import Purpose


@click.command("worker")
@options.common
def command(purpose: Purpose, as_json: bool) -> int:
    """Run the followers and schedules until stopped."""
    from api.serve import worker

    return worker(options.settings())
