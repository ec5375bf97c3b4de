"""`muniment init`: a new archive, and what opens it, shown once."""

import click

from api.cli import newly, options
from archive.model.roles import Purpose


@click.command("init")
@click.option(
    "--sandbox",
    is_flag=True,
    help="Mark the archive for ever as one for trying things out; purges may be dated ahead.",
)
@options.common
def command(sandbox: bool, purpose: Purpose, as_json: bool) -> None:
    """Make a new archive; one that exists is never touched.

    Prints the tokens of an administrator and of a legal user and the recovery code, once.
    """
    from archive.creating import create_archive

    settings = options.settings()
    newly.show(create_archive(settings, sandbox=sandbox), settings.home, as_json=as_json)
