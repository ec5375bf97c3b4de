"""`muniment prove`: that a record is in the log."""

from uuid import UUID

import click

from api.cli import options, output
from archive.model.roles import LOCAL_ACTOR, Purpose


@click.command("prove")
@click.argument("id", type=click.UUID)
@click.option(
    "--version",
    type=click.IntRange(1),
    metavar="N",
    help="Which version; the newest that was captured if left out.",
)
@options.common
def command(id: UUID, version: int | None, purpose: Purpose, as_json: bool) -> None:
    """Prove that the record ID is in the log.

    With --json also the evidence, for scripts/verify_evidence.py: whoever has that document can
    read the record.
    """
    with options.opened() as archive:
        options.publish(archive)
        proof = archive.access.prove(LOCAL_ACTOR, purpose, id, version=version)
    if as_json:
        output.write_json(proof)
    else:
        # A note ends with its line end.
        click.echo(proof.tlog_proof, nl=False)
