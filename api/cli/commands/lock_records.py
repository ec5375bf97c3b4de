"""`muniment lock-records`: lock in the bucket now what policies demand."""

import click

from api.cli import EXIT_PROBLEM, options, output
from archive.model.roles import Purpose


@click.command("lock-records")
@click.option("--anew", is_flag=True, help="Look at every record, also at those looked at before.")
@options.common
def command(anew: bool, purpose: Purpose, as_json: bool) -> int:
    """Lock records in the bucket as the policies in force demand.

    The service does so by itself every minute. Leaves with 1 if a record could not be locked.
    """
    from policies.locks.locker import locker_of

    with options.opened() as archive:
        archive.wait_until_catalogued(archive.pointers.last_seq())
        done = locker_of(archive).run(anew=anew)
    if as_json:
        output.write_json(
            {
                "demanded": done.demanded,
                "records": done.records,
                "objects": done.objects,
                "failed": done.failed,
            }
        )
    elif not done.demanded:
        click.echo("No policy in force demands a lock.")
    else:
        click.echo(
            f"{done.records:,} records that were looked at are locked as policies demand; "
            f"{done.objects:,} objects of locked keys were put."
        )
        if done.failed:
            click.echo(f"{done.failed:,} could not be locked: run muniment verify.")
    return EXIT_PROBLEM if done.failed else 0
