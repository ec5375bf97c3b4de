"""`muniment collect`: remove orphans from the bucket now."""

from typing import TYPE_CHECKING

import click

from api.cli import EXIT_PROBLEM, options, output
from archive.model.interaction import rfc3339
from archive.model.roles import Purpose

if TYPE_CHECKING:
    from archive.collecting.collector import Collection


@click.command("collect")
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@options.common
def command(dry_run: bool, purpose: Purpose, as_json: bool) -> int:
    """Remove what was written to the bucket and never became part of the archive.

    The service does so by itself once a day. Leaves with 1 if something was left under doubt.
    """
    with options.opened() as archive:
        done = archive.collector.collect(dry_run=dry_run)
    if as_json:
        output.write_json(
            {
                "looked_at": done.looked_at,
                "orphans": [
                    {"name": each.name, "size": each.size, "created": rfc3339(each.created)}
                    for each in done.orphans
                ],
                "removed": done.removed,
                "locked": list(done.locked),
                "doubts": list(done.doubts),
            }
        )
    else:
        _write(done, dry_run=dry_run)
    return EXIT_PROBLEM if done.doubts else 0


def _write(done: "Collection", *, dry_run: bool) -> None:
    for orphan in done.orphans:
        click.echo(f"{rfc3339(orphan.created)}  {orphan.size:>12,}  {orphan.name}")
    verb = "would be removed" if dry_run else "are removed"
    count = len(done.orphans) if dry_run else done.removed
    click.echo(f"Of {done.looked_at:,} objects, {count:,} orphans ({done.size:,} bytes) {verb}.")
    for name in done.locked:
        click.echo(f"  locked: {name}")
    for doubt in done.doubts:
        click.echo(f"  {output.one_line(doubt)}")
