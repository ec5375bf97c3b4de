"""`muniment serve`: the web processes, the committer and the worker."""

import click

from api.cli import options
from archive.access.roles import Purpose


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="The port."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes."
)
@click.option("--create", is_flag=True, help="Make the archive first if there is none.")
@options.common
def command(
    host: str, port: int, workers: int, create: bool, purpose: Purpose, as_json: bool
) -> int:
    """Serve the API and the console until stopped."""
    from api.serve import serve

    return serve(options.settings(), host=host, port=port, workers=workers, create=create)
