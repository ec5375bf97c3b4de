"""`muniment purge`: destroy what is due by the policies, or say what would be destroyed."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from api.cli import EXIT_PROBLEM, options, output
from archive.model.roles import LOCAL_ACTOR, Purpose

if TYPE_CHECKING:
    from policies.purging.answers import PurgeAnswer, PurgeRunAnswer


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Only say what would be destroyed.")
@click.option(
    "--at",
    type=options.time,
    metavar="TIME",
    help="What is due as of a time to come; for a dry run, or in a sandbox.",
)
@options.common
def command(dry_run: bool, at: datetime | None, purpose: Purpose, as_json: bool) -> int:
    """Destroy what is due by the policies, then of the audit trail, and certify both.

    A purge that was interrupted is finished first. Leaves with 1 if something that is condemned
    could not be destroyed yet.
    """
    if not dry_run:
        # The processes that judge load their libraries while this one loads its own.
        from archive.processes import warm_up

        warm_up("policies.purging.judges")
    from policies.purging.opening import purge_desk

    with options.opened() as archive:
        desk = purge_desk(archive)
        if dry_run:
            done = desk.dry_run(LOCAL_ACTOR, purpose, at)
        else:
            done = desk.run(LOCAL_ACTOR, at)
            options.publish(archive)
    if as_json:
        output.write_json(done)
    else:
        _write(done)
    return EXIT_PROBLEM if done.problems or done.trail.problems else 0


def _write(done: "PurgeRunAnswer") -> None:
    _write_one(done, "Records")
    trail = done.trail
    if trail.planned or trail.held or trail.kept:
        _write_one(trail, "Entries of the audit trail")


def _write_one(done: "PurgeAnswer", what: str) -> None:
    if done.dry_run:
        click.echo(f"{what} that would be destroyed: {done.planned:,}.")
    else:
        click.echo(f"{what} destroyed: {done.destroyed:,} of {done.planned:,}.")
    if done.groups:
        output.write_table(
            ("class", "policy", "version", "records", "bytes", "from", "to"),
            [
                (
                    each.channel,
                    each.policy,
                    str(each.version),
                    f"{each.records:,}",
                    f"{each.bytes:,}",
                    output.utc_time(each.first_at),
                    output.utc_time(each.last_at),
                )
                for each in done.groups
            ],
        )
    for reason, count in {"held": done.held, **done.kept}.items():
        click.echo(f"Due, and kept ({reason}): {count:,}.")
    if done.locked_until is not None:
        click.echo(f"The first lock ends on {output.utc_time(done.locked_until)}.")
    if done.certificate is not None:
        click.echo(f"The certificate is {done.certificate}.")
    for problem in done.problems:
        click.echo(output.one_line(problem))
