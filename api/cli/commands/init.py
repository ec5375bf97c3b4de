"""`muniment init`: a new archive, and what opens it, shown once."""

import click

from api.cli import options, output
from archive.access.roles import Purpose


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
    made = create_archive(settings, sandbox=sandbox)
    if as_json:
        output.write_json(
            {
                "archive_id": str(made.archive_id),
                "home": str(settings.home),
                "administrator_token": made.administrator_token,
                "legal_token": made.legal_token,
                "recovery_code": made.recovery_code,
                "notes": list(made.notes),
            }
        )
        return
    click.echo(f"A new archive stands in {settings.home}.\n")
    output.write_facts(
        (
            ("archive", str(made.archive_id)),
            ("administrator token", made.administrator_token),
            ("legal token", made.legal_token),
            ("recovery code", made.recovery_code),
        )
    )
    click.echo("\nThese are shown once; keep them where only their owners can read them.")
    for note in made.notes:
        click.echo(f"\n{note}")
