"""`muniment pack`: gather small, cold segments into large ones now."""

import click

from api.cli import EXIT_PROBLEM, options, output
from archive.model.roles import Purpose


@click.command("pack")
@click.option("--dry-run", is_flag=True, help="Only tell what could be packed.")
@options.common
def command(dry_run: bool, purpose: Purpose, as_json: bool) -> int:
    """Gather small segments that are cold and not locked into large ones.

    The service does so by itself once a day. Leaves with 1 if something could not be packed that
    should be.
    """
    with options.opened() as archive:
        done = archive.packer.pack(dry_run=dry_run)
    if as_json:
        output.write_json(
            {
                "packs": done.packs,
                "segments": done.segments,
                "events": done.events,
                "dropped": done.dropped,
                "left": list(done.left),
            }
        )
    else:
        verb = "could be packed into at most" if dry_run else "were packed into"
        click.echo(f"{done.segments:,} segments {verb} {done.packs:,}.")
        for sentence in done.left:
            click.echo(f"  {output.one_line(sentence)}")
    return EXIT_PROBLEM if done.left else 0
