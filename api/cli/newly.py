"""How a new archive is shown: once, with what opens it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli import output

if TYPE_CHECKING:
    from archive.creating import NewArchive


def show(made: "NewArchive", home: Path, *, as_json: bool) -> None:
    """Write a new archive's tokens, recovery code and notes."""
    if as_json:
        output.write_json(
            {
                "archive_id": str(made.archive_id),
                "home": str(home),
                "administrator_token": made.administrator_token,
                "legal_token": made.legal_token,
                "recovery_code": made.recovery_code,
                "notes": list(made.notes),
            }
        )
        return
    click.echo(f"A new archive stands in {home}.\n")
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


def announce(made: "NewArchive | None", home: Path, *, as_json: bool) -> None:
    """Write what is served: a new archive as `show` does; of one that was there JSON alone."""
    if made is not None:
        show(made, home, as_json=as_json)
    elif as_json:
        output.write_json({"home": str(home)})
