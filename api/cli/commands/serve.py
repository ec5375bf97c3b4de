"""`muniment serve`: the web processes, the committer and the worker."""

import click

from api.cli import newly, options
from archive.model.roles import Purpose


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="The port."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes."
)
@click.option("--create", is_flag=True, help="Make the archive first if there is none.")
@click.option(
    "--worker/--no-worker",
    default=True,
    help="Start the worker with them, or leave it to a `muniment worker` elsewhere.",
)
@options.common
def command(
    host: str,
    port: int,
    workers: int,
    create: bool,
    worker: bool,
    purpose: Purpose,
    as_json: bool,
) -> int:
    """Serve the API and the console until stopped."""
    from api.serve import serve

    settings = options.settings()
    return serve(
        settings,
        host=host,
        port=port,
        workers=workers,
        create=create,
        worker=worker,
        announce=lambda made: newly.announce(made, settings.home, as_json=as_json),
    )
